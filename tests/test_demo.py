"""The demo: it fills an empty board once, keeps rule 11, leaves nothing empty, and refuses what is not its own."""

import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, inspect, or_, select, text, update

from board import create_app, i18n
from board.accounts.models import Person
from board.activity.models import Activity
from board.comments.models import Comment
from board.db import db, now, on_postgres, transaction
from board.demo import crowd, large
from board.demo.seed import seed
from board.demo.world import World, read
from board.duplicates.queries import leads_to, suggested
from board.i18n import today
from board.issues.models import Issue
from board.partners.models import Electorate, Partner
from board.policy import ANONYMOUS
from board.proposals.counts import ProposalCount
from board.proposals.models import Proposal, ProposalBuilder
from board.proposals.states import State
from board.record.checks import everything
from board.search import queries as search
from board.voting.models import Ballot, Condition, Reuse
from board.voting.tallies import check_tallies
from board.work.models import Claim, Package, PackageState
from tests.conftest import Browser, settings
from tests.worlds import empty

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def played(board: Flask) -> World:
    """The demo, made once for all tests here: they only read, or add."""
    empty(board)
    with board.app_context():
        return seed()


@pytest.fixture
def app(board: Flask) -> Iterator[Flask]:
    """A board that knows it is a demo. (Not emptied, unlike elsewhere.)"""
    i18n.set_locale("de")
    before = board.config["BOARD"]
    board.config["BOARD"] = dataclasses.replace(before, demo=True)
    yield board
    board.config["BOARD"] = before


@pytest.fixture
def world(app: Flask, played: World) -> Iterator[World]:
    """The demo, within an application context."""
    with app.app_context():
        yield played


def _number(*where: object, of: type = Proposal) -> int:
    return db.session.scalar(select(func.count()).select_from(of).where(*where)) or 0  # type: ignore[arg-type]


def test_keys_are_those_of_the_data(world: World) -> None:
    assert world.proposals == {f"FV-{n}": n for n in range(1, 65)}
    assert world.packages == {f"AP-{n}": n for n in range(1, 45)}


def test_everything_ends_as_the_data_says(world: World) -> None:
    scenario = read("scenario")
    wanted = {row["key"]: row["state"] for row in read("proposals")}
    wanted |= {row["proposal"]: row["state"] for row in scenario["progress"]}
    assert {f"FV-{id_}": state for id_, state in db.session.execute(select(Proposal.id, Proposal.state))} == wanted
    packages = {f"AP-{id_}": state for id_, state in db.session.execute(select(Package.id, Package.state))}
    returns = {piece["key"]: "open" for row in scenario["variants"] for piece in row["packages"]}
    assert packages == {row["key"]: row["state"] for row in scenario["packages"]} | returns
    assert _number(of=Ballot) == len(scenario["ballots"])


def test_counters_are_what_they_count(world: World) -> None:
    assert check_tallies() == []
    counted = {(row.state, row.topic_id): row.n for row in db.session.scalars(select(ProposalCount)) if row.n}
    query = select(Proposal.state, Proposal.topic_id, func.count()).group_by(Proposal.state, Proposal.topic_id)
    assert counted == {(state, topic): n for state, topic, n in db.session.execute(query)}
    electorate = db.session.get_one(Electorate, Electorate.ONLY).size
    assert electorate == _number(Partner.votes, Partner.paused_at.is_(None), of=Partner) == 46
    for proposal in db.session.scalars(select(Proposal)):
        own = Package.proposal_id == proposal.id
        assert proposal.n_packages == _number(own, of=Package)
        assert proposal.n_free == _number(own, Package.state == PackageState.OPEN, of=Package)
        said = (Comment.proposal_id == proposal.id, Comment.package_id.is_(None), Comment.deleted_at.is_(None))
        assert proposal.n_comments == _number(*said, of=Comment)


def test_nothing_happens_in_the_future_and_the_log_runs_forward(world: World) -> None:
    times = list(db.session.scalars(select(Activity.at).order_by(Activity.id)))
    assert times == sorted(times)
    assert times[-1] <= now()


@pytest.mark.parametrize("hour", [0, 7, 9, 15, 23])
@pytest.mark.parametrize("day", [date(2026, 3, 30), date(2026, 10, 25), date(2026, 10, 26)])
def test_whenever_the_demo_is_made_things_keep_their_order(day: date, hour: int) -> None:
    base = datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)
    moments = [World(base).moment(n / 50) for n in range(300, -1, -1)]
    assert moments == sorted(moments)
    assert moments[-1] <= base


def test_one_duplicate_is_suggested_and_one_merged_both_among_fictional_partners(world: World) -> None:
    assert [(one.other_id, one.own_id) for one in suggested()] == [(60, 64)]
    assert leads_to(63) == 62
    told = select(Activity.partner_id).where(Activity.verb == "duplicate.suggest")
    fictional = set(db.session.scalars(select(Partner.id).where(Partner.fictional)))
    assert set(db.session.scalars(told)) <= fictional
    wanted = select(Proposal.partner_id).where(Proposal.id.in_((60, 62, 63, 64)))
    assert set(db.session.scalars(wanted)) <= fictional


def test_nothing_unfriendly_stands_under_a_real_body(world: World) -> None:
    real = select(Partner.id).where(Partner.fictional.is_(False))
    unkind = or_(Ballot.choice != "for", Ballot.reason != "")
    assert _number(Ballot.partner_id.in_(real), unkind, of=Ballot) == 0
    assert _number(Comment.partner_id.in_(real), of=Comment) == 0
    assert _number(Condition.partner_id.in_(real), of=Condition) == 0
    assert _number(Proposal.partner_id.in_(real)) == 0
    assert _number(Reuse.partner_id.in_(real), Reuse.source == "", of=Reuse) == 0
    assert _number(Ballot.choice == "against", of=Ballot) > 0, "the test would otherwise prove nothing"


def test_real_proposals_have_sources_and_no_proposer(world: World) -> None:
    imported = db.session.scalars(select(Proposal).where(Proposal.imported)).all()
    assert len(imported) == 55
    assert {(p.partner_id, p.author_id) for p in imported} == {(None, None)}
    sourced = text("SELECT count(DISTINCT proposal_id) FROM proposal_link WHERE source AND proposal_id <= 55")
    assert db.session.scalar(sourced) == 55
    assert _number(of=ProposalBuilder) > 0


def test_every_state_is_there(world: World) -> None:
    assert set(db.session.scalars(select(Proposal.state))) == set(State)
    assert set(db.session.scalars(select(Package.state))) == set(PackageState)


def test_the_desks_have_something_to_do(world: World) -> None:
    for slug in ("ulm", "rostock", "musterstadt"):
        voted = select(Ballot.proposal_id).where(Ballot.partner_id == world.partners[slug])
        assert _number(Proposal.state == State.OPEN, Proposal.id.not_in(voted)) > 0, f"{slug} owes no ballot"
    asks = (Claim.partner_id == world.partners["ulm"], Claim.ended_at.is_(None), Claim.lease_until < today())
    assert _number(*asks, of=Claim) == 1
    assert _number(Package.held_at.is_not(None), of=Package) == 2


@pytest.mark.parametrize(
    "email", ["ulm@demo.example", "anbieter@demo.example", "po@demo.example", "admin@demo.example"]
)
def test_people_sign_in_with_the_demos_password(app: Flask, world: World, email: str) -> None:
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": "gemeinsam-stadt-app"})
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200


def test_the_banner_is_on_every_page(app: Flask, world: World) -> None:
    for path in ("/", "/proposals", "/proposals/FV-12", "/work", "/packages/AP-7", "/partners", "/partners/ulm",
                 "/sign-in", "/nowhere"):  # fmt: skip
        assert 'class="banner"' in app.test_client().get(path).text, path


def test_a_large_demo_counts_right(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "BATCH", 100)
    steps: list[tuple[int, int]] = []
    added = large.fill(world, 300, lambda done, total: steps.append((done, total)))
    assert steps == [(100, 300), (200, 300), (300, 300)], "the progress bar moves"
    test_counters_are_what_they_count(world)
    test_nothing_unfriendly_stands_under_a_real_body(world)
    assert _number() == 364
    assert _number(of=Ballot) == len(read("scenario")["ballots"]) + added.ballots
    assert [(finding.name, finding.wrong) for finding in everything() if not finding.ok] == []
    (found,) = search.find('"Teil 1"', ANONYMOUS, kind="package")
    assert found.total > 0, "the text index has been read anew"
    with transaction():  # The next id is free, on PostgreSQL too.
        topic = next(iter(world.topics.values()))
        fresh = Proposal(title="Neu", topic_id=topic)
        db.session.add(fresh)
        db.session.flush()
        assert fresh.id == 365
        db.session.delete(fresh)  # Nobody has counted it.


def _made() -> list[tuple[str, ...]]:
    """Every index, trigger and reference of the database, as it says itself how to make them again."""
    if not on_postgres():
        made = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2"
    else:
        made = """
            SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
            UNION SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2
        """
    return [tuple(row) for row in db.session.execute(text(made))]


def test_a_large_demo_leaves_every_index_trigger_and_reference_as_it_was_and_none_when_interrupted(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(large, "BATCH", 10)
    before, rows = _made(), _rows(app)
    with pytest.raises(KeyboardInterrupt):
        large.fill(world, 40, stop)
    assert (_made(), _rows(app)) == (before, rows), "all or nothing"
    few, many = large.fill(world, 40, share=large.THIN), large.fill(world, 40)
    assert few.ballots < many.ballots / 3
    assert _made() == before
    newest, title = db.session.execute(select(Proposal.id, Proposal.title).order_by(Proposal.id.desc())).first() or (
        0,
        "",
    )
    with transaction():  # The triggers are at work again: what changes is found by its new words only.
        db.session.get_one(Proposal, newest).search = "ein seepferdchen"
    assert [hit.key for group in search.find("Seepferdchen", ANONYMOUS) for hit in group.hits] == [f"FV-{newest}"]
    assert not search.find(f'"{title}"', ANONYMOUS)


def test_a_crowd_of_invented_municipalities_votes_and_counts_right(app: Flask, world: World) -> None:
    voters, people = db.session.get_one(Electorate, Electorate.ONLY).size, _number(of=Person)
    crowd.join(world, 30)
    db.session.expire_all()
    assert db.session.get_one(Electorate, Electorate.ONLY).size == voters + 30
    assert _number(of=Person) == people + 60
    assert [(finding.name, finding.wrong) for finding in everything() if not finding.ok] == []
    test_nothing_unfriendly_stands_under_a_real_body(world)
    with transaction():  # The next ids are free, on PostgreSQL too; and the electorate is put back for the tests after.
        db.session.add(Partner(slug="neu", name="Neu", sign="NE", kind="municipality"))
        db.session.execute(update(Partner).where(Partner.name.like("Beispielgemeinde %")).values(votes=False))
        db.session.get_one(Electorate, Electorate.ONLY).size = voters


def board_at(url: str, folder: Path, demo: str = "1", **changes: str) -> Flask:
    """A board of its own, as the command line sees it."""
    app = create_app(settings(folder, url, BOARD_DEMO=demo, **changes))
    app.test_client_class = Browser
    return app


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Flask]:
    """A demo board on a SQLite file that does not exist yet."""
    app = board_at(f"sqlite:///{tmp_path / 'board.sqlite'}", tmp_path)
    yield app
    with app.app_context():
        db.engine.dispose()


def _rows(app: Flask) -> list[int]:
    with app.app_context():
        return [_number(of=table) for table in (Partner, Proposal, Ballot, Activity)]


def test_an_interrupted_demo_leaves_nothing_behind_and_the_command_fills_it_then_and_leaves_a_demo_alone(
    own: Flask,
) -> None:
    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    assert own.test_cli_runner().invoke(args=["init"]).exit_code == 0
    with own.app_context(), pytest.raises(KeyboardInterrupt):
        seed(stop)
    assert _rows(own) == [0, 0, 0, 0]
    first = own.test_cli_runner().invoke(args=["demo"])
    assert first.exit_code == 0, first.output
    assert "64 proposals" in first.output
    assert "gemeinsam-stadt-app" in first.output
    before = _rows(own)
    again = own.test_cli_runner().invoke(args=["demo"])
    assert again.exit_code == 0
    assert "stays as it is" in again.output
    assert _rows(own) == before
    large_one = own.test_cli_runner().invoke(args=["demo", "--proposals", "100"])
    assert large_one.exit_code == 1
    assert _rows(own) == before


def test_the_command_makes_a_large_one(own: Flask) -> None:
    result = own.test_cli_runner().invoke(args=["demo", "--proposals", "100"])
    assert result.exit_code == 0, result.output
    assert _rows(own)[1] == 100


def test_a_real_board_is_refused_and_not_touched(own: Flask) -> None:
    assert own.test_cli_runner().invoke(args=["init"]).exit_code == 0
    with own.app_context(), transaction():
        db.session.add(Partner(slug="ulm", name="Ulm", sign="UL", kind="municipality"))
    before = _rows(own)
    result = own.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "no demo" in result.output
    assert "Nothing was changed" in result.output
    assert _rows(own) == before


def test_a_foreign_database_is_refused_before_it_is_migrated(own: Flask) -> None:
    engine = create_engine(own.config["SQLALCHEMY_DATABASE_URI"])
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))
    assert own.test_cli_runner().invoke(args=["demo"]).exit_code == 1
    assert inspect(engine).get_table_names() == ["recipes"]
    engine.dispose()


def test_outside_a_demo_the_command_does_nothing(tmp_path: Path) -> None:
    app = board_at(f"sqlite:///{tmp_path / 'board.sqlite'}", tmp_path, demo="0")
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "BOARD_DEMO=1" in result.output
    assert not (tmp_path / "board.sqlite").exists()


@pytest.mark.parametrize(("origin", "demo"), [("", True), ("https://stadtrunde.example", False)])
def test_asking_for_the_demo_by_name_is_enough_unless_the_board_has_an_address(
    tmp_path: Path, origin: str, demo: bool
) -> None:
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("BOARD_") and k != "DATABASE_URL"}
    asked = [sys.executable, "-c", "import os, wsgi; print(wsgi.app.config['BOARD'].demo, os.umask(0))", "demo"]
    where = {"BOARD_DATA": str(tmp_path), "BOARD_ORIGIN": origin}
    done = subprocess.run(asked, cwd=ROOT, env=surroundings | where, capture_output=True, text=True, timeout=240)
    assert done.stdout.split() == [str(demo), str(0o027)], done.stderr  # and what it makes is nobody else's to read


def test_a_taken_port_is_told_before_anything_is_filled(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        app = board_at(f"sqlite:///{tmp_path / 'board.sqlite'}", tmp_path, HOST="127.0.0.1", PORT=str(port))
        result = app.test_cli_runner().invoke(args=["demo", "--served"])
    assert result.exit_code == 1
    assert f"127.0.0.1:{port} cannot be had" in result.output
    assert not (tmp_path / "board.sqlite").exists()


def test_the_inbox_shows_real_issues_with_their_address_and_no_text_of_ours(world: World) -> None:
    found = db.session.execute(select(Issue.title, Issue.url, Issue.body, Issue.triage)).all()
    assert len(found) >= 20
    assert all(row.title and row.url.startswith("https://github.com/") and not row.body for row in found)
    assert {row.triage for row in found} == {"new"}
