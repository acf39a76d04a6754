"""However large the board grows, a page looks up what it shows: plans and the work they cause, address by address.

Every address that `tests/rivals.py` knows is asked on a board with thousands of invented proposals, so a new page is
covered by itself. No clock decides: SQLite counts the steps of its machine, both databases tell their plans.
"""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, func, select, text, update

from bench import asked
from bench.asked import Asked
from board import spans
from board.db import db, now, transaction
from board.demo import large
from board.demo.world import World
from board.issues import inbox
from board.opendata import files
from board.ordering import counting
from board.partners.models import Partner
from board.policy import ANONYMOUS
from board.proposals import lists, similar
from board.proposals.filters import SORTS, Filters
from board.proposals.models import Proposal, Topic
from board.record import checks
from board.reuse import matrix
from board.search import index, suggest
from tests.conftest import begin
from tests.people import Cast
from tests.rivals import Rivals
from tests.worlds import made

PROPOSALS = 4000
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Its planner goes by what is there; PostgreSQL's weighs it, and may read so few rows in another way."""
GROWING = {"proposal", "package", "ballot", "comment", "decision", "estimate", "activity"}
STEPS = 30_000
"""SQLite takes some ten steps for each row it looks at: this is less than reading the smallest large table once."""
WINDOWS = (
    (lists, "FEW", 200), (index, "WINDOW", 200), (index, "INSIDE", 200), (index, "WALKED", 200),
    (suggest, "NEWEST", 200), (lists, "COUNTED", 200),
    (files, "BATCH", 100), (similar, "TWIN_POOL", 200),
    (counting, "SHOWN", 20), (counting, "LOOKED", 40), (inbox, "POOL", 200), (matrix, "COUNTED", 200),
)  # fmt: skip
"""Bounds that are larger than this board; made small, they are seen to hold."""
WHOLE = {
    "roadmap.calendar": "is a file with all answer-by dates",
    "modules.app": "is a file that names every module",
    "modules.used_by": "is a file that names every user",
    "work.export": "is a file with all packages",
    "work.export_proposal": "is a file with all packages",
}
"""Addresses whose answer is about everything, and why."""
SHELVED = {"live.stream", "static", "live.topics"}


@pytest.fixture
def world(app: Flask, people: Cast, monkeypatch: pytest.MonkeyPatch) -> Rivals:
    """A board with two rivals, one of everything, and thousands of proposals beside."""

    def make() -> Rivals:
        rivals = Rivals(app, people)
        with app.app_context():
            with transaction():
                db.session.execute(update(Partner).values(fictional=True))
            ground = World(now(), actors={("ada", "aalen"): people.ada.actor, ("cleo", "celle"): people.cleo.actor})
            large.fill(ground, PROPOSALS, share=0.6)
        return rivals

    rivals = made(app, "thousands of proposals", make)
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name != "sqlite":  # Its statistics do not come back with the rows.
            asked.analyse(connection)
    for module, name, value in WINDOWS:
        monkeypatch.setattr(module, name, value)
    return rivals


def cookie(app: Flask, who: Any) -> str:
    """What the browser of a person sends."""
    with app.app_context():
        return f"session={begin(who)}"


def faults(connection: Connection, one: Asked) -> Iterator[str]:
    """What is wrong with the way in which the database answers a statement."""
    sqlite = connection.dialect.name == "sqlite"
    for step in asked.plan(connection, one):
        if (
            sqlite
            and step.whole
            and step.table in GROWING
            and "INDEX" not in step.told
            and "LIMIT" not in one.statement
        ):
            yield step.told
        if not sqlite and step.table in GROWING and step.told.startswith("Seq Scan") and not step.bounded:
            yield step.told
    if sqlite and (taken := steps(connection, one)) > STEPS:
        yield f"{taken} steps"


def steps(connection: Connection, one: Asked) -> int:
    """How many steps of its machine SQLite takes for a statement: the same on any computer at any load."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    taken = 0

    def another() -> int:
        nonlocal taken
        taken += 100
        return 0

    driver.set_progress_handler(another, 100)
    try:
        driver.execute(one.statement, one.parameters).fetchall()
    finally:
        driver.set_progress_handler(None, 0)
    return taken


def looked_at(connection: Connection, one: Asked) -> int:
    """About how many rows and entries of an index the database looks at for a statement."""
    if connection.dialect.name == "sqlite":
        return steps(connection, one) // 10
    driver: Any = connection.connection.driver_connection
    told = driver.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {one.statement}", one.parameters).fetchone()[0]
    return sum(met(told[0]["Plan"]))


def met(node: dict[str, Any]) -> Iterator[int]:
    """The rows that each step of a plan has met, those included that did not fit."""
    yield int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
    for inner in node.get("Plans", ()):
        yield from met(inner)


def test_every_page_looks_up_what_it_shows_and_reads_no_large_table_as_a_whole(world: Rivals, people: Cast) -> None:
    app = world.app
    seen: set[object] = set()
    wrong: list[str] = []
    cookies = {name: cookie(app, getattr(people, name)) for name in ("ada", "pia", "dora")}
    # Of a thousand estimates that the invented proposals have, one is asked for.
    numbered = {re.sub(r"\d+", "1", path): (endpoint, path) for endpoint, path in world.addresses("aalen", "GET")}
    addresses = [*numbered.values(), *(("proposals.index", path) for path in lists_of(people))]
    for endpoint, path in addresses:
        if endpoint in WHOLE or endpoint in SHELVED or endpoint.startswith("api."):
            continue
        for name in ("ada", "pia", "dora"):
            status, statements, _cpu = asked.of(app, path, cookies[name])
            if status < 400:
                break
        with app.app_context(), db.engine.connect() as connection:
            for one in statements:  # In the list the same statement has many plans: by what its filters ask for.
                what = (one.statement, repr(one.parameters)) if endpoint == "proposals.index" else one.statement
                if what not in seen:
                    seen.add(what)
                    wrong += [
                        f"{path}: {fault}: {' '.join(one.statement.split())}" for fault in faults(connection, one)
                    ]
    assert len(seen) > 200, "the test would otherwise prove little"
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_on_postgresql_no_statement_is_compiled_for_that_takes_longer_than_a_page(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"


def lists_of(people: Cast) -> Iterator[str]:
    """The list in every order, with filters that leave few, many and nearly none."""
    filters = ("", "state=open", "state=withdrawn", "topic=maengelmelder&state=deferred", "partner=aalen", "value=5",
               "effort=5", "q=karte", "q=seepferdchen", "milestone=1", "milestone=none", "elsewhere=1")  # fmt: skip
    for sort in SORTS:
        yield from (f"/proposals?{one}&sort={sort}" for one in filters)
        place = {"newest": "2000", "due": "2026-01-01~2000"}.get(sort, "1~2000")
        yield f"/proposals?sort={sort}&after={place}"
    yield "/proposals?mine=missing&sort=due"
    yield from (f"/activity?kind={kind}&partner=aalen" for kind in ("work", "reuse", "proposals", "ballots"))


@pytest.mark.parametrize("few", [0, 10**6])
@pytest.mark.parametrize("narrowed", [{"value": "3"}, {"topic": "maengelmelder"}], ids="-".join)
def test_few_that_are_sorted_and_many_that_are_walked_stand_in_the_same_order(
    world: Rivals, monkeypatch: pytest.MonkeyPatch, few: int, narrowed: dict[str, str]
) -> None:
    monkeypatch.setattr(lists, "FEW", few)
    with world.app.app_context():
        of_topic = Proposal.topic_id == select(Topic.id).where(Topic.slug == narrowed.get("topic")).scalar_subquery()
        for sort in SORTS:
            columns, descending = lists._key(Filters(sort=sort))
            wanted = [c.desc() if descending else c for c in columns]
            where = [Proposal.state == "open", of_topic if "topic" in narrowed else Proposal.value == 3]
            where += [Proposal.effort_high > 0] if sort == "effort" else []
            query = select(Proposal.id).where(*where, Proposal.vote_by.is_not(None)).order_by(*wanted).limit(120)
            chosen = Filters(state="open", effort="any" if sort == "effort" else "", sort=sort, **narrowed)
            assert walked(chosen, 120) == list(db.session.scalars(query)), sort


def test_how_many_fit_is_the_same_on_each_page_and_behind_the_last_one(world: Rivals) -> None:
    with world.app.app_context():
        fits = Filters(topic="maengelmelder", state="open", milestone="none", sort="active")
        n = lists.fitting(fits, ANONYMOUS).n
        assert n > 1
        for after in ("20200101T000000000000~1", lists.page(fits._replace(n=1), ANONYMOUS)[1]):
            assert lists.fitting(fits._replace(after=after), ANONYMOUS).n == n
        assert lists.page(fits._replace(after="20200101T000000000000~1"), ANONYMOUS) == ([], "")


def walked(filters: Filters, number: int) -> list[int]:
    """The ids of the first pages, each continued behind the one before."""
    found: list[int] = []
    after = ""
    while len(found) < number:
        rows, after = lists.page(filters._replace(after=after, n=40), ANONYMOUS)
        found += [number for number, _stamp in rows]
        if not after:
            break
    return found


def of_the_list(world: Rivals, query: str) -> Asked:
    """The statement that finds a page of the list, and nothing else: the only one that asks for its places."""
    _status, statements, _cpu = asked.of(world.app, f"/proposals?{query}")
    (page,) = (one for one in statements if " AS place" in one.statement)
    return page


def test_a_class_of_contest_has_indexes_in_the_orders_of_support_and_activity(world: Rivals) -> None:
    with world.app.app_context():
        with transaction():  # On the board as it was filled it is no rare class.
            db.session.execute(update(Proposal).where(Proposal.id % 40 != 0).values(n_against=0))
        with db.engine.begin() as connection:
            asked.analyse(connection)
    for sort in ("support", "active"):
        for deep in ("", "&after=9~3000" if sort == "support" else "&after=20260101T000000000000~3000"):
            page = of_the_list(world, f"contest=100&sort={sort}{deep}")
            with world.app.app_context(), db.engine.connect() as connection:
                told = asked.plan(connection, page)
            assert any(f"ix_proposal_contest_{sort}" in step.told for step in told), told


@on_sqlite
@pytest.mark.parametrize(
    ("query", "index_"),
    [("topic={1}&partner={0}", "partner_topic"), ("state=withdrawn&partner={0}", "partner_state"),
     ("state=withdrawn&topic={1}", "topic_state")],
)  # fmt: skip
def test_state_topic_and_partner_have_an_index_of_each_two(world: Rivals, query: str, index_: str) -> None:
    with world.app.app_context():
        by_size = select(Partner.slug, Topic.slug).join(Proposal, Proposal.partner_id == Partner.id)
        by_size = by_size.join(Topic, Topic.id == Proposal.topic_id).group_by(Partner.slug, Topic.slug)
        most = db.session.execute(by_size.order_by(func.count().desc())).first()
    assert most
    page = of_the_list(world, query.format(*most))
    with world.app.app_context(), db.engine.connect() as connection:
        told = asked.plan(connection, page)
    assert any(f"ix_proposal_{index_}" in step.told for step in told), told


@on_sqlite
@pytest.mark.parametrize(
    "narrowed",
    [{"topic": "", "partner": ""}, {"state": "declined", "partner": "", "value": "5"}, {"state": "open", "topic": ""},
     {"partner": "", "milestone": "none"}],
    ids="-".join,
)  # fmt: skip
def test_narrowed_by_topic_or_partner_few_are_counted_and_sorted_in_the_index_alone(
    world: Rivals, narrowed: dict[str, str]
) -> None:
    with world.app.app_context():
        slugs = {"topic": select(func.max(Topic.slug)), "partner": select(func.max(Partner.slug))}
        chosen = Filters(**{name: value or db.session.scalar(slugs[name]) or "" for name, value in narrowed.items()})
        for sort in SORTS.keys() - {"due", "effort"}:
            for after in ("", "9~3000"):
                with asked.listening(world.app) as seen:
                    lists._looked_up(chosen._replace(sort=sort, after=after), ANONYMOUS)
                with db.engine.connect() as connection:
                    assert from_index_alone(connection, seen[-1]), (sort, asked.plan(connection, seen[-1]))


def test_the_newest_of_a_state_are_found_in_its_index_though_none_of_the_newest_proposals_is_so_far(
    world: Rivals,
) -> None:
    with world.app.app_context():
        with transaction():
            half = db.session.scalars(select(func.max(Proposal.id))).one() // 2
            for state, where in (("open", Proposal.id > half), ("available", Proposal.id <= half)):
                db.session.execute(update(Proposal).where(where).values(state=state))
        with db.engine.begin() as connection:
            asked.analyse(connection)
    for query in ("state=available", "state=available&after=3000"):
        page = of_the_list(world, query)
        with world.app.app_context(), db.engine.connect() as connection:
            told = asked.plan(connection, page)
            assert any("ix_proposal_state " in step.told for step in told), told
            assert not any(step.sorts for step in told), told


@on_sqlite
def test_pictures_are_drawn_from_the_index_alone(world: Rivals) -> None:
    with world.app.app_context():
        by_size = select(Topic.slug).join(Proposal, Proposal.topic_id == Topic.id).group_by(Topic.slug)
        topic = db.session.scalar(by_size.order_by(func.count().desc()))
    for narrowed in ("state=withdrawn", f"topic={topic}", f"state=open&topic={topic}"):
        _status, statements, _cpu = asked.of(world.app, f"/proposals/pictures?{narrowed}")
        (one,) = (one for one in statements if "contest_class" in one.statement)
        with world.app.app_context(), db.engine.connect() as connection:
            assert from_index_alone(connection, one), (one, asked.plan(connection, one))


def from_index_alone(connection: Connection, one: Asked) -> bool:
    """Whether it fetches no proposal, which SQLite's plan does not tell, but the steps of its machine do."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    (root,) = driver.execute("SELECT rootpage FROM sqlite_master WHERE name = 'proposal'").fetchone()
    told = driver.execute(f"EXPLAIN {one.statement}", one.parameters).fetchall()
    opened = {first for _at, step, first, second, *_more in told if step == "OpenRead" and second == root}
    return not any(step == "Column" and first in opened for _at, step, first, *_more in told)


def test_a_page_among_many_that_tie_costs_what_the_first_one_does(world: Rivals) -> None:
    with world.app.app_context(), transaction():
        db.session.execute(update(Proposal).values(n_for=3, contest=3, strength=3, value=3))
    for sort in ("support", "contested", "strength", "value"):
        first, deep = (of_the_list(world, f"sort={sort}{after}") for after in ("", "&after=3~400"))
        with world.app.app_context(), db.engine.connect() as connection:
            assert not [*faults(connection, deep)]
            if connection.dialect.name == "sqlite":
                assert steps(connection, deep) < 5 * steps(connection, first)


def test_a_check_of_the_whole_board_looks_up_each_range_of_proposals(
    world: Rivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "SIZE", 100)
    with world.app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":  # Without statistics it errs as on large boards.
            connection.execute(text("DELETE FROM sqlite_stat1"))
            connection.execute(text("ANALYZE sqlite_schema"))
    with world.app.app_context(), asked.listening(world.app) as seen:
        checks.everything()
    ranges = {one.statement: one for one in reversed(seen) if "BETWEEN" in one.statement}
    assert len(ranges) > 5, "the test would otherwise prove little"
    with world.app.app_context(), db.engine.connect() as connection:
        wrong = [f"{fault}: {one.statement}" for one in ranges.values() for fault in faults(connection, one)]
    assert not wrong, "\n".join(wrong)
