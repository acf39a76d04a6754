"""Narrow commits: a delivery leaves those pages kept that show nothing of it; and few pages are made at once."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from board import narrow, pages, shelf
from board.db import db, raw_transaction
from board.issues import lane_statements as lane
from board.partners.models import Partner
from tests.conftest import Browser
from tests.factories import make_world
from tests.people import Cast
from tests.test_pages import on_sqlite
from tests.webhooks.forge import Forge, github_issue

PUBLIC = ("/proposals", "/work", "/partners", "/proposals/FV-1/tally")


@pytest.fixture
def forge(app: Flask, people: Cast) -> Forge:
    """A forge whose next deliveries take the lane."""
    with app.app_context():
        make_world(people)
    made = Forge(app, "github")
    assert made.post(github_issue(900)).status_code == 200
    return made


@pytest.fixture
def made(app: Flask, forge: Forge) -> Iterator[list[str]]:
    """The paths that were made, not given from the shelf, in order."""
    shelves, paths = app.extensions["pages"], []
    inner = shelves._inner

    def listening(environ: Any, start: Any) -> Any:
        paths.append(environ["PATH_INFO"])
        return inner(environ, start)

    shelves._inner = listening
    yield paths
    shelves._inner = inner


@on_sqlite
def test_a_delivery_leaves_the_pages_alone_that_show_nothing_of_it(
    forge: Forge, gast: Browser, made: list[str]
) -> None:
    before = {url: gast.get(url).data for url in PUBLIC}
    made.clear()
    for number in (1, 2):
        assert forge.post(github_issue(number)).json["reason"] == "created"
    assert {url: gast.get(url).data for url in PUBLIC} == before
    assert made == []


@on_sqlite
def test_a_delivery_shows_at_once_wherever_it_shows(forge: Forge, pia: Browser, made: list[str]) -> None:
    before, counted = pia.get("/issues").get_data(as_text=True), pia.get("/proposals").data
    assert pia.get("/proposals").data == counted
    assert forge.post(github_issue(1, title="Ganz neu")).json["reason"] == "created"
    assert "Ganz neu" in pia.get("/issues").get_data(as_text=True)
    assert "Ganz neu" not in before
    assert pia.get("/proposals").data != counted, "one more waits in the inbox, says the navigation"
    later = github_issue(1, title="Noch neuer", updated_at="2026-05-01T10:00:00Z")
    assert forge.post(later).json["reason"] == "changed"
    assert "Noch neuer" in pia.get("/issues").get_data(as_text=True)


@on_sqlite
def test_what_everybody_reads_alike_goes_with_the_tables_it_was_read_from(
    app: Flask, forge: Forge, gast: Browser, pia: Browser
) -> None:
    gast.get("/proposals"), pia.get("/proposals")
    facts = app.extensions["pages"].shelf().facts
    badge = ("count", "issues.index")
    assert facts[badge].reads == {"issue"}
    assert facts["totals"].reads == frozenset()
    forge.post(github_issue(1))
    assert badge not in facts
    assert "totals" in app.extensions["pages"].shelf().facts


@on_sqlite
def test_any_other_commit_still_empties_the_shelf(app: Flask, forge: Forge, gast: Browser, made: list[str]) -> None:
    gast.get("/partners")
    forge.post(github_issue(1))
    with app.app_context(), raw_transaction(db.engine) as cursor:
        cursor.execute("UPDATE partner SET name = 'Anders', version = version + 1 WHERE id = 1")
    assert "Anders" in gast.get("/partners").get_data(as_text=True)


@on_sqlite
@pytest.mark.parametrize("when", ["before", "after"])
def test_somebody_elses_commit_around_a_narrow_one_empties_the_shelf(
    app: Flask, forge: Forge, gast: Browser, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may commit just before it begins, or between its commit and our look at the mark."""
    gast.get("/partners")
    with app.app_context():
        engine = db.engine

    def elsewhere() -> None:
        with engine.connect().execution_options(write=True) as connection, connection.begin():
            connection.execute(text("UPDATE partner SET name = 'Anders', version = version + 1 WHERE id = 1"))

    ended = narrow.Witness.ended
    if when == "before":
        elsewhere()
    else:
        monkeypatch.setattr(narrow.Witness, "ended", lambda self, done: (elsewhere(), ended(self, done))[1])
    assert forge.post(github_issue(1)).json["reason"] == "created"
    assert "Anders" in gast.get("/partners").get_data(as_text=True)


@on_sqlite
def test_a_narrow_transaction_that_is_undone_leaves_everything_as_it_was(
    app: Flask, forge: Forge, gast: Browser, made: list[str]
) -> None:
    gast.get("/proposals")
    made.clear()
    shelves = app.extensions["pages"]
    with app.app_context():
        engine = db.engine

    def fail() -> None:
        with raw_transaction(engine, narrow.Witness(shelves, "issue")) as cursor:
            cursor.execute("UPDATE issue SET title = 'Anders'")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert shelves._expected is None
    gast.get("/proposals")
    assert made == []


def test_an_answer_that_was_begun_before_a_narrow_commit_is_not_kept_if_it_reads_what_was_written() -> None:
    one = shelf.Shelf(0)
    kept = {reads: shelf.Kept([], b"x", "", None, "-", True, frozenset(reads)) for reads in ((), ("issue",))}
    assert one.carry(1, frozenset({"issue"}))
    one.put("free", kept[()], since=0)
    one.put("late", kept["issue",], since=0)
    one.put("new", kept["issue",], since=1)
    assert list(one.answers) == ["free", "new"]
    one.learn("late", shelf.Fact(1, frozenset({"issue"})), since=0)
    assert one.facts == {}


def test_a_shelf_is_carried_only_so_often_since_its_pages_name_a_place_in_the_log() -> None:
    one = shelf.Shelf(0)
    assert all(one.carry(n, frozenset({"issue"})) for n in range(shelf.CARRIED))
    assert not one.carry("more", frozenset({"issue"}))
    assert one.mark == shelf.CARRIED - 1


@on_sqlite
def test_the_lane_writes_narrow_tables_only_and_so_do_the_triggers_on_them(app: Flask) -> None:
    statements = " ".join((lane.INSERT, lane.APPEAR, lane.UPDATE, lane.RELABEL, lane.DELIVERY))
    written = set(re.findall(r"(?:INSERT INTO|UPDATE) (\w+)", statements))
    assert written == narrow.NARROW
    with app.app_context(), db.engine.connect() as connection:
        triggers = connection.execute(text("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    seen = [body for table, body in triggers if table in narrow.NARROW]
    assert len(seen) >= 5
    for body in seen:
        goals = re.findall(r"(?:INSERT INTO|DELETE FROM|UPDATE) (\w+)", body.partition("BEGIN")[2])
        assert {goal.removesuffix("_fts") for goal in goals} <= narrow.NARROW, body


def test_a_table_that_is_not_narrow_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="not narrow"):
        narrow.Witness(None, "issue", Partner.__tablename__)


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("SELECT 1 FROM proposal", set()),
        ('SELECT 1 FROM "issue" WHERE 1', {"issue"}),
        ("select rowid from ISSUE_fts", {"issue"}),
        ("SELECT 1 FROM issue_link JOIN activity ON 1", {"activity"}),
    ],
)
def test_a_statement_tells_what_it_reads(statement: str, tables: set[str]) -> None:
    assert narrow.named(statement) == tables


# Few at once


@on_sqlite
def test_eight_who_want_the_same_new_page_let_it_be_made_once_or_twice(app: Flask, made: list[str]) -> None:
    together, answers = threading.Barrier(8), []
    app.test_client().get("/proposals/FV-1")  # Its templates are compiled now, which takes longer than anybody waits.
    app.extensions["pages"].forget()
    made.clear()

    def ask() -> None:
        browser = app.test_client()
        together.wait()
        answers.append(browser.get("/proposals/FV-1").status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert 1 <= made.count("/proposals/FV-1") <= pages.AT_ONCE


@on_sqlite
def test_who_has_waited_long_enough_for_a_place_goes_in(
    app: Flask, gast: Browser, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PATIENCE_SECONDS", 0.01)
    places = app.extensions["pages"]._places
    for _ in range(pages.AT_ONCE):
        assert places.acquire(blocking=False)
    try:
        assert gast.get("/proposals").status_code == 200
    finally:
        for _ in range(pages.AT_ONCE):
            places.release()
