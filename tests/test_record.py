"""The record: the database refuses to change it, a sealer chains it after commit, `flask check` finds what was done."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from board import create_app
from board.accounts.models import Person
from board.activity.models import Activity, act
from board.db import db, transaction
from board.i18n import today
from board.jobs.due import attempt
from board.jobs.listed import JOBS
from board.partners import leaving
from board.partners.models import Partner
from board.policy import SYSTEM
from board.proposals.models import Proposal
from board.record import chain, checks, guard, queries
from board.record.models import Seal
from board.voting.models import Ballot
from tests import worlds
from tests.conftest import Browser, settings, sign_in
from tests.factories import cast, make_proposal, make_world
from tests.people import Cast


@pytest.fixture
def world(app: Flask, people: Cast) -> Iterator[Flask]:
    """One of everything, sealed."""
    with app.app_context():
        make_world(people)
        chain.seal_due()
        yield app


@contextmanager
def tampering() -> Iterator[Any]:
    """What somebody with the database's password can do: lower the guard, change, raise it again."""
    db.session.close()
    with db.engine.connect().execution_options(write=True) as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        with connection.begin(), guard.lowered(connection):
            if not sqlite:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


def faults() -> set[str]:
    """The kinds of faults in the chain."""
    db.session.close()
    return {kind for kind, _number in chain.verify().faults}


def run(app: Flask, *args: str) -> Any:
    """`flask check …`"""
    return app.test_cli_runner().invoke(args=["check", *args])


# The guard


@pytest.mark.parametrize("statement", [
    "UPDATE activity SET verb = 'ballot.cast'", "UPDATE activity SET person_id = NULL", "DELETE FROM activity",
    "UPDATE seal SET hash = 'x'", "DELETE FROM seal WHERE position = 1",
])  # fmt: skip
def test_the_database_refuses_to_change_or_remove_what_is_on_record(world: Flask, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), transaction():
        db.session.execute(text(statement))


def test_no_row_can_be_replaced_and_no_table_truncated(world: Flask) -> None:
    if db.engine.dialect.name == "postgresql":
        statements = ["TRUNCATE activity CASCADE", "TRUNCATE seal"]
    else:
        fields = "source, person_id, partner_id, proposal_id, package_id, comment_id, about_id, details"
        statements = [
            f"INSERT OR REPLACE INTO activity SELECT id, at, 'x', {fields} FROM activity WHERE id = 1",
            "INSERT OR REPLACE INTO seal SELECT position, activity_id, 'x' FROM seal WHERE position = 1",
        ]
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), transaction():
            db.session.execute(text(statement))


def test_migrations_down_and_up_raise_the_guard_again(world: Flask) -> None:
    before = db.session.execute(select(Activity.id, Activity.verb, Activity.details)).all()
    db.session.close()
    downgrade(revision="0006")
    upgrade()
    worlds.forget(world)
    with db.engine.connect() as connection:
        assert guard.missing(connection) == []
    assert db.session.execute(select(Activity.id, Activity.verb, Activity.details)).all() == before
    assert chain.seal_due() == len(before)
    assert faults() == set()


def test_a_guard_that_was_lowered_is_told(world: Flask) -> None:
    with db.engine.connect().execution_options(write=True) as connection, connection.begin():
        db.session.close()
        guard.lower(connection)
    try:
        assert "append" not in "".join(checks.record().wrong)
        assert run(world).exit_code == 1
    finally:
        with db.engine.connect().execution_options(write=True) as connection, connection.begin():
            guard.raise_(connection)
    assert run(world).exit_code == 0


# The sealer


def test_every_committed_entry_is_sealed_once_in_order(world: Flask, people: Cast) -> None:
    rows = db.session.scalar(select(func.count(Activity.id)))
    assert db.session.scalar(select(func.count(Seal.position))) == rows
    assert chain.seal_due() == 0
    cast(people, 1, "against")
    assert chain.verify().unsealed == 1
    assert chain.seal_due() == 1
    verdict = chain.verify()
    assert (verdict.unsealed, verdict.faults, verdict.head.position) == (0, (), (rows or 0) + 1)


def test_every_sealing_tells_the_new_head_to_the_log_outside_the_database(
    world: Flask, people: Cast, tmp_path: Path, log_kept: None, capsys: pytest.CaptureFixture[str]
) -> None:
    cast(people, 1, "against")
    telling = create_app(settings(tmp_path, world.config["SQLALCHEMY_DATABASE_URI"], BOARD_LOG="info"))
    with telling.app_context():
        assert chain.seal_due() == 1
        head = str(chain.head())
        db.session.remove()
        db.engine.dispose()
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["head"] for line in told if line["event"] == "sealed"] == [head]


def test_many_batches_make_one_chain(world: Flask, monkeypatch: pytest.MonkeyPatch, people: Cast) -> None:
    for choice in ("against", "for", "abstain", "for", "against"):
        cast(people, 1, choice)
    monkeypatch.setattr(chain, "BATCH", 2)
    assert chain.seal_due() == 5
    assert faults() == set()


def test_sealers_at_the_same_time_seal_each_entry_once(world: Flask, people: Cast) -> None:
    for choice in ("against", "for") * 10:
        cast(people, 1, choice)
    done: list[int] = []

    def work() -> None:
        with world.app_context():
            done.append(chain.seal_due())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 20
    assert faults() == set()


def test_an_entry_that_commits_late_is_neither_lost_nor_out_of_order(world: Flask, people: Cast) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer: ids are the order of commits")
    with db.engine.connect() as slow, slow.begin():
        slow.execute(
            text("INSERT INTO activity (at, verb, source, details) VALUES (now(), 'person.prefer', 'person', '{}')")
        )
        cast(people, 1, "against")
        assert chain.seal_due() == 0, "nothing is sealed past a transaction that still runs"
    assert chain.seal_due() == 2
    assert faults() == set()


def test_a_person_who_became_a_pseudonym_leaves_the_chain_valid(world: Flask, people: Cast) -> None:
    with transaction():
        person = db.session.get_one(Person, people.ada.person_id)
        person.name, person.email, person.password_hash = "Ehemalige Person", "erased-1@invalid.example", ""
    assert faults() == set()


# What somebody with the database's password can do is found


def test_a_changed_entry_is_found(world: Flask) -> None:
    with tampering() as connection:
        connection.execute(text("UPDATE activity SET partner_id = NULL WHERE id = 3"))
    assert chain.verify().faults == (("changed", 3),)


def test_a_deleted_entry_is_found_in_the_middle_and_at_the_end(world: Flask) -> None:
    with tampering() as connection:
        connection.execute(text("DELETE FROM activity WHERE id = 3"))
    assert chain.verify().faults == (("deleted", 3),)


def test_a_removed_link_is_found(world: Flask) -> None:
    with tampering() as connection:
        connection.execute(text("DELETE FROM seal WHERE position = 2"))
    assert {"gap", "changed"} <= faults()


def test_exchanged_entries_are_found(world: Flask) -> None:
    with tampering() as connection:
        connection.execute(text("UPDATE activity SET id = -2 WHERE id = 2"))
        connection.execute(text("UPDATE activity SET id = 2 WHERE id = 3"))
        connection.execute(text("UPDATE activity SET id = 3 WHERE id = -2"))
    assert chain.verify().faults == (("changed", 2), ("changed", 3))


def test_an_entry_slipped_in_behind_the_seal_is_found(world: Flask, people: Cast) -> None:
    with tampering() as connection:
        more = ", xid" if connection.dialect.name == "postgresql" else ""
        value = ", '3'" if more else ""
        fields, values = f"id, at, verb, source, details{more}", f"-5, CURRENT_TIMESTAMP, 'x', 'system', '{{}}'{value}"
        connection.execute(text(f"INSERT INTO activity ({fields}) VALUES ({values})"))
    assert chain.verify().faults == (("inserted", -5),)


def test_a_cut_off_end_is_found_by_a_head_kept_outside(world: Flask) -> None:
    head = run(world, "--head").stdout.strip()
    end = chain.head().position
    with tampering() as connection:
        connection.execute(text(f"DELETE FROM seal WHERE position > {end - 2}"))
        connection.execute(
            text("DELETE FROM activity WHERE NOT EXISTS (SELECT 1 FROM seal WHERE activity_id = activity.id)")
        )
    assert faults() == set(), "within itself a shortened chain is whole"
    answer = run(world, "--expect", head)
    assert answer.exit_code == 1
    assert f"endet vor Stelle {end}" in answer.stdout


def test_a_chain_computed_anew_is_found_by_a_head_kept_outside(world: Flask) -> None:
    head = chain.head()
    with tampering() as connection:
        connection.execute(text("DELETE FROM seal"))
        connection.execute(text("UPDATE activity SET source = 'system' WHERE id = 2"))
    chain.seal_due()
    assert faults() == set()
    assert {kind for kind, _n in chain.verify([head]).faults} == {"rewritten"}


# flask check


def test_a_whole_board_is_right_in_plain_words(world: Flask) -> None:
    answer = run(world)
    assert answer.exit_code == 0, answer.stdout
    assert "Alles in Ordnung." in answer.stdout
    assert "Everything is right." in run(world, "--locale", "en").stdout


WRONG = [
    ("UPDATE ballot SET choice = 'abstain'", "ballots", "FV-1: Das Votum"),
    ("DELETE FROM ballot", "ballots", "FV-1: Das Votum"),
    ("UPDATE proposal SET n_for = 7", "tallies", "FV-1: Stand der Voten"),
    ("UPDATE proposal SET n_packages = 9", "counters", "FV-1: Zahl der Arbeitspakete"),
    ("UPDATE proposal SET n_free = 0", "counters", "freien Arbeitspakete"),
    ("UPDATE proposal SET n_comments = 0", "counters", "FV-1: Zahl der Kommentare"),
    ("UPDATE package SET n_comments = 3 WHERE id = 2", "counters", "AP-2: Zahl der Kommentare"),
    ("UPDATE proposal_count SET n = n + 1", "counters", "Summen"),
    ("UPDATE slip SET n = n + 1", "counters", "Bilder und Fahrplan"),
    ("UPDATE proposal SET work_effort = 9", "counters", "Aufwand der Arbeitspakete"),
    ("UPDATE electorate SET size = 7", "counters", "stimmberechtigten"),
    ("UPDATE package SET lead_partner_id = NULL WHERE id = 1", "claims", "AP-1: Stand und Federführung"),
    ("UPDATE package SET state = 'done' WHERE id = 1", "claims", "AP-1 ist fertig"),
    ("DELETE FROM claim WHERE package_id = 1", "claims", "AP-1: Stand und Federführung"),
]


@pytest.mark.parametrize(("statement", "name", "told"), WRONG)
def test_check_names_what_is_wrong_and_ends_with_1(world: Flask, statement: str, name: str, told: str) -> None:
    with transaction():
        db.session.execute(text(statement))
    answer = run(world, "--json")
    assert answer.exit_code == 1
    found = {entry["name"]: entry["wrong"] for entry in json.loads(answer.stdout)["checks"]}
    assert any(told in sentence for sentence in found[name]), found


def test_ballots_that_a_merger_of_partners_hands_on_are_as_recorded(world: Flask, people: Cast) -> None:
    cast(people, 1, "against", people.cleo.actor)
    other = make_proposal(people, title="Bäder")
    cast(people, other, "abstain", people.cleo.actor)
    decided = make_proposal(people, title="Büchereien")
    cast(people, decided, "for", people.cleo.actor)
    with transaction():
        db.session.get_one(Proposal, decided).decline(people.pia.actor, body="Rat", decided_on=today(), reason="Nein.")
    with transaction():
        celle, aalen = (db.session.get_one(Partner, id_) for id_ in (people.celle, people.aalen))
        leaving.merge(celle, aalen, today(), people.dora.actor)
    assert db.session.scalar(select(Ballot.partner_id).where(Ballot.proposal_id == other)) == people.aalen
    assert db.session.scalar(select(Ballot.partner_id).where(Ballot.proposal_id == decided)) == people.celle
    assert [f.wrong for f in checks.everything() if f.name in {"ballots", "tallies", "claims", "counters"}] == [()] * 4


def test_a_head_that_is_none_is_refused(world: Flask) -> None:
    assert run(world, "--expect", "nonsense").exit_code == 2


def test_what_the_log_holds_beside_ids_changes_no_hash(world: Flask, people: Cast) -> None:
    """A column added to the log later is empty in old rows, and what is empty is not hashed."""
    with transaction():
        act(SYSTEM, "person.disable", db.session.get_one(Person, people.ben.person_id))
    row = db.session.execute(select(*chain.COLUMNS).order_by(Activity.id.desc()).limit(1)).one()
    assert chain.link(chain.BEGINNING, row) == chain.link(chain.BEGINNING, row)
    assert row.comment_id is None
    assert make_proposal(people)


# What administrators see


def test_administrators_see_account_and_administration_entries_without_a_name(world: Flask, people: Cast) -> None:
    page = sign_in(world, people.dora.person_id, None).get("/admin/record")
    assert page.headers["Cache-Control"] == "no-store"
    assert "session.start" in page.text
    assert "noch nicht versiegelt" not in page.text
    assert "nicht versiegelt" in page.text, "the sign-in of this test is not sealed yet"
    assert str(chain.head()) in page.text
    assert not {name for name in ("Ada", "Ben", "Cleo") if re.search(rf"\b{name}\b", page.text)}
    assert f"Person {people.ada.person_id}" in page.text


def test_the_audit_log_can_be_narrowed_and_walked(
    world: Flask, people: Cast, dora: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "session.start" not in dora.get("/admin/record?group=board").text
    accounts = dora.get("/admin/record?group=accounts").text
    assert "session.start" in accounts
    assert "ballot.cast" not in accounts
    assert "package.claim" in dora.get("/admin/record?on=ap-1").text
    assert "Kein Eintrag" in dora.get("/admin/record?on=FV-99").text
    assert "sieht aus wie" in dora.get("/admin/record?on=unsinn").text
    monkeypatch.setattr(queries, "PAGE", 3)
    seen: list[str] = []
    url = "/admin/record?group=board"
    while url:
        text_ = dora.get(url).text
        seen += re.findall(r'id="entry-(\d+)"', text_)
        following = re.search(r'id="more" href="([^"]+)"', text_)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == db.session.scalar(
        select(func.count()).where(Activity.verb.not_like("session.%"))
    )  # fmt: skip


def test_the_daily_check_fails_when_something_is_wrong(world: Flask, dora: Browser) -> None:
    db.session.close()
    job = next(job for job in JOBS if job.name == "check")
    assert attempt(job)
    with transaction():
        db.session.execute(text("UPDATE electorate SET size = 7"))
        db.session.execute(text("DELETE FROM task_lock"))
    assert not attempt(job)
    assert "mit Befund" in dora.get("/admin/record").text
