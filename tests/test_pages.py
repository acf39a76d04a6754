"""Kept answers: the same bytes as fresh ones, each person their own, and gone with anything that shows in them."""

import gzip
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from board import changes, pages
from board import shelf as shelf_module
from board.accounts.models import LoginSession, Membership, Person
from board.db import at, db, now, transaction
from board.partners.models import Electorate, Partner
from board.proposals.models import Proposal, Topic
from tests.conftest import Browser
from tests.factories import cast, comment, make_package, make_world, offer
from tests.people import Cast
from tests.test_rights import ROWS, browsers

__all__ = ["browsers"]
WATCHED = ("gast", "ada", "ben")
ALWAYS_NEW = {"Date", "X-Request-Id", "Content-Length", "Vary"}


@pytest.fixture
def world(app: Flask, people: Cast) -> Flask:
    """A board with one of everything."""
    with app.app_context():
        make_world(people)
    return app


@pytest.fixture
def still(world: Flask) -> Iterator[Flask]:
    """That board, while nobody commits anything (a database may have its own housekeeping)."""
    shelves = world.extensions["pages"]
    before, shelves._mark = shelves._mark, Still()
    shelves.forget()
    yield world
    shelves._mark = before


class Still:
    """A mark that never moves."""

    def read(self) -> object:
        """Always the same."""
        return 0

    def close(self) -> None:
        """Nothing to close."""


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # Places do not depend on the database.


def shelf(app: Flask) -> pages.Shelf:
    """What is kept at this moment."""
    return app.extensions["pages"].shelf()  # type: ignore[no-any-return]


def seen(answer: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What somebody gets, without what is new in every answer."""
    return answer.status_code, answer.data, sorted(h for h in answer.headers if h[0] not in ALWAYS_NEW)


# The same for the same people


@on_sqlite
def test_what_is_kept_is_what_would_be_made_and_everybody_gets_their_own(
    still: Flask, browsers: dict[str, Browser]
) -> None:
    urls = [row[2] for row in ROWS if row[0] == "GET" and row[2] != "/live"]
    fresh: dict[tuple[str, str, bool], Any] = {}
    for partial in (False, True):
        for url in urls:
            for who in WATCHED:
                still.extensions["pages"].forget()
                fresh[who, url, partial] = seen(browsers[who].get(url, partial=partial))
    for browser in map(browsers.__getitem__, WATCHED):
        for url in urls:  # Everything is on the shelf now, for everybody.
            browser.get(url), browser.get(url, partial=True)
    kept = len(shelf(still).answers)
    assert kept > 40
    for (who, url, partial), expected in fresh.items():
        private = any(name == "Cache-Control" and "no-store" in value for name, value in expected[2])
        if expected[0] == 200 and not private and "/new" not in url and "/several" not in url:  # Those have a token.
            assert seen(browsers[who].get(url, partial=partial)) == expected, (who, url, partial)
    assert len(shelf(still).answers) == kept, "something was made again"


@on_sqlite
def test_pages_of_two_people_never_share_a_place(still: Flask, browsers: dict[str, Browser]) -> None:
    for number, browser in enumerate(browsers.values(), 1):
        assert browser.get("/proposals").status_code == 200
        assert len(shelf(still).answers) == number


@on_sqlite
def test_what_strangers_get_names_nobody(still: Flask, browsers: dict[str, Browser]) -> None:
    for browser in browsers.values():
        for url in (row[2] for row in ROWS if row[0] == "GET" and row[2] != "/live"):
            browser.get(url)
    public = [kept for kept in shelf(still).answers.values() if kept.public]
    assert len(public) > 15
    for kept in public:
        assert not re.search(r"\b(Ada|Ben|Cleo|Dora|Pia|Rolf)\b|example\.org", kept.body.decode()), kept.route


def test_an_answer_from_the_shelf_carries_every_header_and_a_new_request_id(world: Flask, gast: Browser) -> None:
    first, second = gast.get("/proposals"), gast.get("/proposals", headers={"X-Request-Id": "given-by-the-proxy"})
    assert {name for name, _value in first.headers} == {name for name, _value in second.headers}
    assert second.headers["X-Request-Id"] == "given-by-the-proxy"
    assert first.headers["X-Request-Id"] != gast.get("/proposals").headers["X-Request-Id"]
    assert "default-src 'none'" in second.headers["Content-Security-Policy"]


def test_a_browser_that_has_the_page_gets_304(world: Flask, gast: Browser, ada: Browser) -> None:
    for browser in (gast, ada):
        tag = browser.get("/proposals").headers["ETag"]
        answer = browser.get("/proposals", headers={"If-None-Match": f'"other", {tag}'})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert "Content-Type" not in answer.headers


def test_strangers_get_it_packed_if_they_can_unpack(world: Flask, gast: Browser, ada: Browser) -> None:
    plain = gast.get("/proposals")
    packed = gast.get("/proposals", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in ", ".join(packed.headers.getlist("Vary"))
    ada.get("/proposals")
    assert "Content-Encoding" not in ada.get("/proposals", headers={"Accept-Encoding": "gzip"}).headers


# What shows in it


Change = Callable[[Flask, Cast], None]


def committed(change: Callable[[Cast], Any]) -> Change:
    """A change in a transaction of this process."""

    def make(app: Flask, people: Cast) -> None:
        with app.app_context(), transaction():
            change(people)

    return make


def elsewhere(statement: Any) -> Change:
    """A change by another process, without any activity row."""

    def make(app: Flask, _people: Cast) -> None:
        with app.app_context():
            engine = db.engine
        with engine.connect().execution_options(write=True) as connection, connection.begin():
            connection.execute(statement)

    return make


def acted(change: Callable[[Cast], Any]) -> Change:
    """A change by verbs, each in its own transaction."""

    def make(app: Flask, people: Cast) -> None:
        with app.app_context():
            change(people)

    return make


@pytest.mark.parametrize(
    ("url", "change"),
    [
        ("/proposals", acted(lambda p: cast(p, 1, "abstain"))),
        ("/proposals", acted(lambda p: offer(p, 1, "lead", p.cleo.actor))),
        ("/proposals", elsewhere(update(Proposal).values(title="Anders", version=2))),
        ("/proposals", elsewhere(update(Topic).values(label_de="Anders"))),
        ("/proposals/FV-1", acted(lambda p: comment(p.ada.actor, "Anders.", proposal_id=1))),
        ("/proposals/FV-1", elsewhere(update(Partner).values(name="Anders", version=9))),
        ("/proposals/FV-1/tally", elsewhere(update(Electorate).values(size=40, version=9))),
        ("/partners", committed(lambda _p: db.session.add(Partner(slug="neu", name="Neu", sign="NE", kind="county")))),
        ("/work", acted(lambda p: make_package(p, 1, title="Anders"))),
        ("/activity", acted(lambda p: cast(p, 1, "abstain"))),
        ("/", acted(lambda p: cast(p, 1, "abstain"))),
    ],
)
def test_a_stranger_sees_every_change_at_once(
    world: Flask, people: Cast, gast: Browser, url: str, change: Change
) -> None:
    before = gast.get(url).data
    assert gast.get(url).data == before
    change(world, people)
    assert gast.get(url).data != before


@on_sqlite
@pytest.mark.parametrize(
    "ingredient",
    ["language", "wish", "theme", "kind", "query", "host", "day", "settings", "person"],
)
def test_another_of_anything_that_shows_is_another_answer(
    still: Flask, gast: Browser, ada: Browser, ingredient: str
) -> None:
    before = gast.get("/proposals").data
    places = len(shelf(still).answers)
    if ingredient in {"language", "theme"}:
        gast.set_cookie(*{"language": ("lang", "en"), "theme": ("theme", "dark")}[ingredient], domain="localhost")
        after = gast.get("/proposals")
    elif ingredient == "wish":
        after = gast.get("/proposals", headers={"Accept-Language": "en"})
    elif ingredient == "kind":
        after = gast.get("/proposals", partial=True)
    elif ingredient == "query":
        after = gast.get("/proposals?sort=support")
    elif ingredient == "host":
        assert gast.get("/proposals", headers={"Host": "evil.example"}).status_code == 400
        return
    elif ingredient == "day":
        before = gast.get("/proposals/FV-1").data
        with at(now() + timedelta(days=3)):
            after = gast.get("/proposals/FV-1")
    elif ingredient == "settings":
        kept = still.config["BOARD"]
        still.config["BOARD"] = replace(kept, demo=True)
        try:
            after = gast.get("/proposals")
        finally:
            still.config["BOARD"] = kept
    else:
        after = ada.get("/proposals")
    assert after.data != before
    assert ingredient in {"day", "settings", "kind"} or len(shelf(still).answers) == places + 1


@pytest.mark.parametrize(
    "change",
    [
        committed(lambda p: db.session.execute(update(Person).where(Person.name == "Ada").values(name="Adele"))),
        committed(lambda p: db.session.execute(update(Membership).values(role="member"))),
        committed(lambda p: db.session.execute(update(Partner).values(paused_at=now()))),
        committed(lambda p: db.session.execute(update(Person).values(theme="dark", locale="en"))),
        committed(lambda p: db.session.execute(update(LoginSession).values(flashes=[["success", "Gemerkt."]]))),
    ],
    ids=["name", "role", "paused", "choices", "flash"],
)
def test_a_person_sees_at_once_what_changed_about_them(
    world: Flask, people: Cast, ada: Browser, change: Change
) -> None:
    before = ada.get("/proposals/FV-1").data
    change(world, people)
    assert ada.get("/proposals/FV-1").data != before


@pytest.mark.parametrize(
    "change",
    [
        committed(lambda _p: db.session.execute(update(LoginSession).values(ended_at=now()))),
        committed(lambda _p: db.session.execute(update(Person).values(disabled_at=now()))),
    ],
    ids=["session ended", "person disabled"],
)
def test_who_may_no_longer_in_gets_nothing_from_the_shelf(
    world: Flask, people: Cast, ada: Browser, change: Change
) -> None:
    assert b"Ada" in ada.get("/proposals").data
    change(world, people)
    assert b"Ada" not in ada.get("/proposals").data


@on_sqlite
def test_a_session_that_falls_asleep_gets_nothing_from_the_shelf(still: Flask, ada: Browser) -> None:
    assert b"Ada" in ada.get("/proposals", headers={"Accept-Language": "de"}).data
    with still.app_context():
        seen_at = db.session.scalar(select(LoginSession.seen_at))
        assert seen_at is not None
    (kept,) = shelf(still).answers.values()
    assert kept.until == seen_at + timedelta(minutes=1), "the next visit must be noted"
    kept.until = now()
    ada.get("/proposals")
    assert next(iter(shelf(still).answers.values())).until == seen_at + timedelta(minutes=1), "it was made again"


def test_ones_own_ballot_shows_in_the_very_next_page(world: Flask, ada: Browser) -> None:
    for choice, word in (("abstain", "Enthaltung"), ("for", "Dafür")) * 2:
        before = ada.get("/proposals").data
        assert ada.post("/proposals/FV-1/ballot", data={"choice": choice}, partial=True).status_code == 200, word
        assert ada.get("/proposals").data != before


# How it holds


@on_sqlite
def test_what_fails_or_sets_a_cookie_or_wants_no_store_is_not_kept(still: Flask, gast: Browser, ada: Browser) -> None:
    for browser, url in ((gast, "/nowhere"), (gast, "/?lang=en"), (gast, "/sign-in"), (ada, "/account")):
        browser.get(url)
    assert shelf(still).answers == {}


def test_a_full_shelf_lets_go_of_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "BYTES", 1000)
    full = pages.Shelf(())
    for n in range(50):
        full.put(n, pages.Kept([], b"x" * 100, "", None, "-", public=True))
    assert list(full.answers) == list(range(40, 50))
    assert full.size == 1000


def test_many_threads_read_one_mark_and_see_each_commit(world: Flask, people: Cast, gast: Browser) -> None:
    wrong: list[int] = []

    def look() -> None:
        browser = world.test_client()
        wrong.extend(s for s in (browser.get("/proposals/FV-1/tally").status_code for _ in range(20)) if s != 200)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    with world.app_context():
        for choice in ("abstain", "for") * 3:
            cast(people, 1, choice)
    for thread in threads:
        thread.join()
    assert not wrong
    with world.app_context():
        cast(people, 1, "against")
    assert 'class="against"' in gast.get("/proposals/FV-1/tally").get_data(as_text=True)


def test_the_mark_moves_with_every_commit_and_with_nothing_else(app: Flask) -> None:
    with app.app_context():
        mark = changes.mark_of(db.engine)
        first = mark.read()
        assert mark.read() == first
        db.session.execute(text("SELECT count(*) FROM partner"))
        db.session.close()
        assert mark.read() == first
        with Session(db.engine.execution_options(write=True)) as other:
            other.add(Partner(slug="da", name="Da", sign="DA", kind="county"))
            other.flush()
            unseen = mark.read()
            other.commit()
        assert len({first, unseen, mark.read()}) >= 2
        assert mark.read() not in {first, unseen}
        mark.close()
        assert mark.read() == mark.read()
        mark.close()


def test_a_database_that_is_away_leaves_the_shelf_aside(world: Flask, gast: Browser) -> None:
    class Gone(Still):
        def read(self) -> object:
            raise changes.Away

    shelves = world.extensions["pages"]
    kept, shelves._mark = shelves._mark, Gone()
    try:
        assert gast.get("/proposals").status_code == 200
    finally:
        shelves._mark, shelves._gate = kept, changes.Gate()  # The next test need not wait a second.
