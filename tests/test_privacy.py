"""One's own data: a copy of all of it, an erasure that keeps ballots and record, periods that are kept, silent logs."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import DatabaseError

from board import create_app, i18n
from board.accounts.models import LoginSession, Membership, Person, Throttle
from board.activity.models import Activity
from board.comments.models import Comment
from board.db import Base, at, db, now, transaction
from board.errors import Conflict, Denied
from board.log import log
from board.mail.models import Mail
from board.notifications import jobs as notifications
from board.notifications.models import TOLD_KEPT, Told
from board.policy import SYSTEM, Actor
from board.privacy import periods
from board.privacy.erasing import ADDRESSES, erase
from board.privacy.inventory import DELETE, HELD, KEEP
from board.voting.models import Ballot
from board.voting.tallies import check_tallies
from tests.conftest import Browser, settings, sign_in
from tests.factories import make_proposal, make_world
from tests.people import Cast

SECRETS = ("password", "token", "hash", "secret", "argon2")


@pytest.fixture
def world(app: Flask, people: Cast) -> Cast:
    """One of everything; Ada has a password."""
    with app.app_context():
        make_world(people)
        with transaction():
            db.session.get_one(Person, people.ada.person_id).password_hash = "$argon2id$v=19$never"
    return people


def erased(app: Flask, who: Any, by: Actor = SYSTEM) -> None:
    """Erase somebody."""
    with app.app_context(), transaction():
        erase(db.session.get_one(Person, who.person_id), by)


# A copy


def taken(client: Browser) -> dict[str, Any]:
    """The files of one's copy."""
    answer = client.post("/account/export")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in files.items()}


def test_a_copy_holds_everything_of_oneself_and_no_hash(app: Flask, world: Cast, ada: Browser, ben: Browser) -> None:
    files = taken(ada)
    assert {f"{held.file}.json" for held in HELD if held.file} | {"README.txt", "person.json"} == files.keys()
    assert files["person.json"]["email"] == "ada@example.org"
    (ballot,) = files["ballots.json"]
    assert (ballot["proposal"], ballot["partner"], ballot["choice"]) == ("FV-1", "Aalen", "for")
    assert [seat["partner"] for seat in files["memberships.json"]] == ["Aalen"]
    assert {"ballot.cast", "package.claim", "person.export"} <= {row["verb"] for row in files["activity.json"]}
    assert files["sessions.json"][0]["seen_at"].endswith(":00:00+00:00"), "times of sessions are told to the hour"
    assert [comment["text"] for comment in taken(ben)["comments.json"]] == ["Wir brauchen das."]
    for row in (entry for rows in files.values() if isinstance(rows, list) for entry in rows):
        assert not [name for name in row if any(word in name for word in SECRETS)]
    everything = json.dumps(files)
    assert not [
        secret for secret in ("argon2", ada.get_cookie("session").value, "ben@example.org") if secret in everything
    ]


def test_nobody_takes_a_copy_of_somebody_else(app: Flask, world: Cast, ben: Browser, gast: Browser) -> None:
    assert gast.post("/account/export").status_code == 401
    assert ben.get("/account/export").status_code == 405
    files = taken(ben)
    assert files["ballots.json"] == []
    assert all(row["person_id"] == world.ben.person_id for row in files["activity.json"])


# Erasure


def test_erasing_keeps_ballots_and_record_and_takes_the_name(app: Flask, world: Cast, cleo: Browser) -> None:
    before = cleo.get("/proposals/FV-1")
    assert "Ben" in before.text
    with app.app_context():
        facts = record()
    erased(app, world.ada)
    erased(app, world.ben)
    with app.app_context():
        assert record() == facts, "ballots, offers, claims, comments and tallies are as they were"
        assert check_tallies() == []
        for who in (world.ada, world.ben):
            person = db.session.get_one(Person, who.person_id)
            assert person.email == f"{who.person_id}@erased.invalid"
            assert (person.password_hash, person.name, person.locale) == ("", "gelöschte Person", None)
            assert person.disabled_at
            assert db.session.scalar(select(func.count()).where(LoginSession.person_id == who.person_id)) == 0
    again = cleo.get("/proposals/FV-1", headers={"If-None-Match": before.headers.get("ETag", "")})
    assert again.status_code == 200, "no browser keeps the name"
    for address in (
        "/proposals/FV-1",
        "/proposals/FV-1/comments",
        "/proposals/FV-1/ballots",
        "/packages/AP-1",
        "/activity",
    ):
        text = cleo.get(address).text
        assert "Ben" not in text
        assert "Ada" not in text
        assert "@erased" not in text
    assert "gelöschte Person" in cleo.get("/proposals/FV-1/comments").text
    assert "erased person" in cleo.get("/proposals/FV-1/comments", headers={"Accept-Language": "en"}).text
    assert "Wir brauchen das." in cleo.get("/proposals/FV-1/comments").text


def record() -> list[Any]:
    """What partners did: everything that must be the same after an erasure."""
    return [
        db.session.execute(select(Ballot.proposal_id, Ballot.partner_id, Ballot.choice, Ballot.person_id)).all(),
        db.session.execute(select(Comment.id, Comment.text, Comment.person_id)).all(),
        *(db.session.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
          for name in ("offer", "claim", "reuse", "condition", "decision", "package", "proposal", "bid")),
    ]  # fmt: skip


def test_everything_that_must_go_is_gone_and_the_rest_shows_no_name(app: Flask, world: Cast, ada: Browser) -> None:
    with app.app_context(), transaction():
        db.session.add(Mail(kind="trial", address="ada@example.org", message_id="<1@x>", until=now()))
        db.session.add(Mail(kind="trial", person_id=world.ada.person_id, message_id="<2@x>", until=now()))
    erased(app, world.ada, world.ada.actor)
    with app.app_context():
        for held in HELD:
            table = Base.metadata.tables[held.table]
            n = db.session.scalar(select(func.count()).where(table.columns[held.column] == world.ada.person_id))
            assert held.erase == KEEP or n == 0, held
        for name, column in ADDRESSES:
            table = Base.metadata.tables[name]
            assert not db.session.scalar(select(func.count()).where(table.columns[column] == "ada@example.org"))
        assert text_columns_with("ada@example.org") == []
        assert text_columns_with("Ada") == []
        live = select(func.count()).where(Membership.person_id == world.ada.person_id, Membership.ended_at.is_(None))
        assert db.session.scalar(live) == 0
    assert ada.get("/account").status_code == 401


def text_columns_with(word: str) -> list[str]:
    """Every column of the whole database that still holds the word."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            rows = db.session.execute(select(column)).scalars()
            found += [f"{table.name}.{column.name}" for value in rows if word in str(value)]
    return found


def test_one_erases_oneself_by_a_deliberate_yes(app: Flask, world: Cast, ben: Browser) -> None:
    assert "gelöschte Person" in ben.get("/account/erase").text
    assert ben.post("/account/erase").status_code == 422
    assert ben.get("/account").status_code == 200
    answer = ben.post("/account/erase", data={"sure": "y"})
    assert answer.status_code == 200
    assert "Ihr Konto ist gelöscht" in answer.text
    assert ben.get("/account").status_code == 401
    with app.app_context():
        rows = db.session.execute(select(Activity.verb, Activity.details).order_by(Activity.id.desc())).first()
        assert rows == ("person.erase", {"person": world.ben.person_id})


def test_nobody_erases_another_but_administrators(app: Flask, world: Cast) -> None:
    for who in (world.ada, world.pia, world.rolf):
        with pytest.raises(Denied):
            erased(app, world.ben, who.actor)
    erased(app, world.ben, world.dora.actor)
    erased(app, world.ben, world.dora.actor)


def test_the_only_administrator_stays(app: Flask, world: Cast, dora: Browser) -> None:
    with pytest.raises(Conflict):
        erased(app, world.dora, world.dora.actor)
    assert dora.post("/account/erase", data={"sure": "y"}).status_code == 409
    with app.app_context(), transaction():
        db.session.get_one(Person, world.pia.person_id).is_admin = True
    erased(app, world.dora, world.dora.actor)


def test_every_column_that_points_at_a_person_is_in_the_inventory() -> None:
    def points(table: Table) -> set[tuple[str, str]]:
        return {(table.name, key.parent.name) for key in table.foreign_keys if key.column.table.name == "person"}

    there = set().union(*(points(table) for table in Base.metadata.sorted_tables))
    assert there == {(held.table, held.column) for held in HELD}
    assert {held.erase for held in HELD} <= {DELETE, KEEP}
    for held in HELD:
        assert not [name for name in held.shown if any(word in name for word in SECRETS)], held
        assert held.file or held.erase == KEEP


# Periods


def test_what_is_kept_no_longer_is_removed_and_the_rest_stays(app: Flask, people: Cast) -> None:
    with app.app_context():
        old, young = now() - periods.SESSION - timedelta(days=1), now() - periods.SESSION + timedelta(days=1)
        with transaction():
            for n, (seen, ended) in enumerate([(old, None), (young, None), (young, old), (young, young)]):
                row = LoginSession(token_hash=str(n), person_id=people.ada.person_id, seen_at=seen, ended_at=ended)
                db.session.add(row)
            window = int(now().timestamp()) // periods.WINDOW_SECONDS
            db.session.add_all([Throttle(key="a", window=window), Throttle(key="b", window=window - 4 * 24 - 1)])
        assert periods.clear() == 3
        assert set(db.session.scalars(select(LoginSession.token_hash))) == {"1", "3"}
        assert db.session.scalars(select(Throttle.key)).all() == ["a"]
        assert periods.clear() == 0


def test_what_somebody_was_told_is_forgotten_and_told_no_second_time(app: Flask, people: Cast) -> None:
    moment = datetime(2026, 11, 30, 9, tzinfo=UTC)
    with app.app_context(), at(moment):
        make_proposal(people, vote_by=i18n.in_days(6))
        assert (notifications.digests(), notifications.remind()) == (2, 2)
        periods.clear()
        assert db.session.scalar(select(func.count()).select_from(Told)) == 4
    for days in (1, 5):  # The week's last day, and the last one of the answer-by date.
        with app.app_context(), at(moment + timedelta(days=days)):
            periods.clear()
            assert (notifications.digests(), notifications.remind()) == (0, 0)
    with app.app_context(), at(moment + TOLD_KEPT + timedelta(hours=1)):
        assert periods.clear() == 4
        assert notifications.remind() == 0


OF_THE_ACCOUNT = {"authenticator", "recovery_code", "identity", "suggestion", "mail_choice", "watch", "saved_view"}
"""Rows that people keep for themselves as long as they have an account; what is left goes with it."""


def test_whatever_only_serves_a_person_has_a_period_or_goes_with_the_account() -> None:
    periodic = {"login_session", "device", "mail", "told", "invitation", "proof", "access_token", "kept_answer"}
    assert {held.table for held in HELD if held.erase == DELETE} == periodic | OF_THE_ACCOUNT
    names = {period.name for period in periods.PERIODS}
    assert {"sessions", "devices", "mail", "told", "invitations", "links", "access_tokens", "kept_answers"} <= names


def test_no_period_is_shorter_than_what_still_uses_the_data(app: Flask, people: Cast) -> None:
    client = sign_in(app, people.ada.person_id, people.ada.membership_id)
    with app.app_context(), at(now() + timedelta(hours=11)):
        periods.clear()
    assert client.get("/account").status_code == 200


# Logs


def test_what_administrators_and_people_do_with_data_leaves_nothing_personal_in_the_log(
    app: Flask, world: Cast, dora: Browser, ben: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = structlog.get_config()
    try:
        loud = create_app(settings(tmp_path, app.config["SQLALCHEMY_DATABASE_URI"], BOARD_LOG="info"))
        clients = {}
        for name, client in (("dora", dora), ("ben", ben)):
            clients[name] = Browser(loud)
            clients[name].set_cookie("session", client.get_cookie("session").value, domain="localhost")
        assert clients["ben"].post("/account/export").status_code == 200
        clients["dora"].get("/admin/people?q=ben@example.org")
        clients["dora"].post("/admin/mail", data={"to": "rat@stadt.example"})
        assert clients["dora"].post(f"/admin/people/{world.ben.person_id}/erase").status_code == 303
        with loud.app_context():
            db.engine.dispose()
    finally:
        structlog.configure(**before)
    written = capsys.readouterr().err
    assert written.count("/admin/") >= 3
    for personal in ("@", "Ben", "stadt.example", "127.0.0.1", ben.get_cookie("session").value):
        assert personal not in written, personal


def test_a_failing_statement_tells_the_log_nothing_of_what_it_was_given(
    app: Flask, people: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = structlog.get_config()
    try:
        loud = create_app(settings(tmp_path, app.config["SQLALCHEMY_DATABASE_URI"], BOARD_LOG="info"))
        with loud.app_context():
            for statement in (
                "SELECT 1 FROM nowhere WHERE email = :email",
                (
                    "INSERT INTO person (email, name, password_hash, is_product_owner, is_admin, seen_activity, "
                    "visit_activity, created_at) VALUES (:email, 'Zwei', '', false, false, 0, 0, CURRENT_TIMESTAMP)"
                ),
            ):
                try:
                    db.session.execute(text(statement), {"email": "ada@example.org"})
                except DatabaseError as problem:
                    log.error("crash", exc_info=problem)
                    db.session.rollback()
            db.engine.dispose()
    finally:
        structlog.configure(**before)
    written = capsys.readouterr().err
    assert written.count('"crash"') == 2
    assert "nowhere" in written
    assert "ada@" not in written
