"""Mail: written with what causes it, sent to a real mail server, never lost, never twice but in one known moment."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from board import config, create_app
from board.accounts import verbs
from board.accounts.models import Person
from board.config import BadSetting
from board.db import at, db, now, transaction
from board.mail import outbox, queries
from board.mail.kinds import KINDS
from board.mail.models import Mail
from board.mail.sending import send_due
from board.policy import SYSTEM
from tests.conftest import bring_up_to_date, settings
from tests.people import Cast
from tests.postbox import Postbox

ROOT = Path(__file__).parent.parent


@pytest.fixture
def mailing(app: Flask, people: Cast, postbox: Postbox) -> Iterator[Postbox]:
    """A board that can send, in its context."""
    with app.app_context():
        yield postbox


def put(to: int | str = "rat@stadt.example", **words: Any) -> None:
    """One trial mail."""
    with transaction():
        outbox.put("trial", to=to, **words)


def row() -> Mail:
    """The only mail, read again."""
    db.session.close()
    return db.session.scalars(select(Mail)).one()


def test_a_mail_says_who_sends_it_and_is_readable_in_both_forms(mailing: Postbox, people: Cast) -> None:
    put(people.ada.person_id)
    assert send_due() == 1
    mail = mailing.mails[0]
    assert mailing.to == ["ada@example.org"]
    assert mail["From"] == "Stadtrunde <board@stadt.example>"
    assert mail["Subject"] == "E-Mails von der Stadtrunde kommen an"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "de")
    assert mail["List-Unsubscribe"] is None, "what one asked for oneself cannot be declined"
    for body in (mailing.text(), mailing.html()):
        assert "http://localhost/" in body
        assert "&amp;" not in body
    assert "<script" not in mailing.html()
    assert "src=" not in mailing.html(), "nothing is fetched when a mail is read"
    assert row().sent_at is not None
    assert send_due() == 0


def test_a_mail_speaks_the_recipients_language(mailing: Postbox, people: Cast) -> None:
    with transaction():
        db.session.get_one(Person, people.ada.person_id).locale = "en"
    put(people.ada.person_id)
    send_due()
    assert mailing.mails[0]["Subject"] == "Mail from Stadtrunde works"


def test_a_mail_is_not_there_when_what_caused_it_is_undone(mailing: Postbox) -> None:
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        outbox.put("trial", to="rat@stadt.example")
        raise ZeroDivisionError
    assert send_due() == 0
    with pytest.raises(RuntimeError, match="inside transaction"):
        outbox.put("trial", to="rat@stadt.example")


def test_what_is_put_once_is_sent_once(mailing: Postbox) -> None:
    for _ in range(3):
        put(once="trial-2026-48")
    assert send_due() == 1


def test_committing_wakes_the_worker(app: Flask, mailing: Postbox) -> None:
    app.extensions["jobs"].queue.flush()
    put()
    assert app.extensions["jobs"].queue.pending_count() == 1
    assert app.extensions["jobs"].work_off()
    assert mailing.to == ["rat@stadt.example"]


def test_without_a_mail_server_mail_waits_and_is_told(app: Flask, people: Cast) -> None:
    with app.app_context():
        put()
        assert send_due() == 0
        state = queries.state()
        assert state.waiting == 1
        assert state.oldest_at


def test_a_server_that_is_away_costs_no_attempt(mailing: Postbox) -> None:
    put()
    mailing.close()
    for minutes in (0, 2, 4):
        with at(now() + timedelta(minutes=minutes)):
            assert send_due() == 0
    assert row().attempts == 0
    assert "refused" in row().problem.lower()
    mailing.open()
    with at(now() + timedelta(minutes=6)):
        assert send_due() == 1


def test_a_passing_refusal_is_tried_again_after_growing_pauses_and_given_up_at_last(mailing: Postbox) -> None:
    put(until=now() + timedelta(days=99))
    mailing.at_rcpt = lambda _address: "451 4.7.1 later, rat@stadt.example"
    moment, pauses = now(), []
    while row().dead_at is None:
        with at(moment):
            send_due()
        pauses.append(row().next_try_at - moment)
        moment = row().next_try_at
    assert pauses[: len(outbox.BACKOFF)] == list(outbox.BACKOFF)
    assert row().problem == "451 4.7.1"
    assert [(s.kind, s.problem, s.given_up) for s in queries.state().stuck] == [("trial", "451 4.7.1", True)]
    mailing.at_rcpt = lambda _address: None
    with transaction():
        assert outbox.revive(1)
    assert send_due() == 1


def test_a_lasting_refusal_is_given_up_at_once_and_holds_nobody_back(mailing: Postbox) -> None:
    mailing.at_rcpt = lambda address: "550 5.1.1 no such box" if address.startswith("nobody") else None
    put("nobody@stadt.example")
    put("rat@stadt.example")
    assert send_due() == 1
    assert mailing.to == ["rat@stadt.example"]
    assert [s.problem for s in queries.state().stuck] == ["550 5.1.1"]


def test_who_has_no_account_any_more_gets_no_mail_and_nobody_gets_one_too_late(mailing: Postbox, people: Cast) -> None:
    put(people.ben.person_id)
    with transaction():
        verbs.disable(db.session.get_one(Person, people.ben.person_id), SYSTEM)
        db.session.get_one(Person, people.ada.person_id).email = "ada@demo.example"
    put(people.ada.person_id)
    put(until=now() - timedelta(seconds=1))
    assert send_due() == 0
    assert set(db.session.scalars(select(Mail.problem))) == {"no recipient", "too late"}


def test_a_letter_that_cannot_be_written_holds_nobody_back(mailing: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "broken", lambda mail: 1 / 0)  # type: ignore[arg-type, return-value]
    monkeypatch.setitem(KINDS, "silent", lambda mail: None)
    with transaction():
        outbox.put("broken", to="rat@stadt.example")
        outbox.put("silent", to="rat@stadt.example")
        outbox.put("trial", to="rat@stadt.example")
    assert send_due() == 1


def test_two_workers_at_once_send_each_mail_once(app: Flask, mailing: Postbox) -> None:
    for n in range(12):
        put(f"rat{n}@stadt.example")

    def work() -> None:
        with app.app_context():
            send_due()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mailing.to) == sorted(f"rat{n}@stadt.example" for n in range(12))


def test_addresses_are_forgotten_when_sent_and_rows_a_month_later(mailing: Postbox) -> None:
    put()
    send_due()
    assert row().address == ""
    with at(now() + timedelta(days=31)):
        outbox.forget()
    assert db.session.scalar(select(Mail.id)) is None


def test_the_log_holds_no_address(mailing: Postbox, capsys: pytest.CaptureFixture[str]) -> None:
    mailing.at_data = lambda address: f"554 5.7.1 {address} refused"
    put()
    send_due()
    out = capsys.readouterr()
    assert "stadt.example" not in out.err + out.out + row().problem


# Killed in the middle


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Flask, Postbox, dict[str, str]]]:
    """A board on a SQLite file, a mail server, and what a worker beside it is started with."""
    with Postbox() as box:
        smtp = {"BOARD_SMTP_URL": box.url, "BOARD_MAIL_FROM": "board@stadt.example"}
        app = create_app(settings(tmp_path, **smtp))
        bring_up_to_date(app)
        own = {
            "BOARD_DATA": str(tmp_path),
            "BOARD_ORIGIN": "http://localhost",
            "BOARD_LOG": "error",
            "SECRET_KEY": "s" * 40,
        }
        with app.app_context():
            yield app, box, own | smtp
            db.engine.dispose()
        app.extensions["jobs"].close()


def test_a_worker_that_is_killed_loses_no_mail_and_repeats_only_what_was_taken_unacknowledged(
    place: tuple[Flask, Postbox, dict[str, str]],
) -> None:
    """Killed before the server took the mail: it arrives once. Killed between the server's taking it and its answer:
    nobody can know, so it is sent again with the same Message-ID, to the byte."""
    _app, box, environment = place
    worker: list[subprocess.Popen[bytes]] = []
    victims = {"rat3@stadt.example": "rcpt", "rat6@stadt.example": "data"}

    def kill(address: str, where: str) -> None:
        if victims.get(address) == where:
            del victims[address]
            os.kill(worker[-1].pid, signal.SIGKILL)
            worker[-1].wait()

    box.at_rcpt = lambda address: kill(address, "rcpt")
    box.at_data = lambda address: kill(address, "data")
    for n in range(10):
        put(f"rat{n}@stadt.example")
    while not all_sent():
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        worker.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL))
        while worker[-1].poll() is None and not all_sent():
            time.sleep(0.05)
        with transaction():  # As if the lease of the killed worker had run out.
            db.session.execute(update(Mail).where(Mail.claimed_until.is_not(None)).values(claimed_until=now()))
    worker[-1].terminate()
    assert worker[-1].wait(5) == 0
    assert len(worker) == 3
    assert sorted(box.to) == sorted([*(f"rat{n}@stadt.example" for n in range(10)), "rat6@stadt.example"])
    twice = [raw for raw, to in zip(box.raw, box.to, strict=True) if to == "rat6@stadt.example"]
    assert twice[0] == twice[1]
    assert len({mail["Message-ID"] for mail in box.mails}) == 10


def all_sent() -> bool:
    """Whether nothing waits any more."""
    db.session.close()
    return db.session.scalar(select(Mail.id).where(Mail.sent_at.is_(None)).limit(1)) is None


# Settings and commands


@pytest.mark.parametrize("bad", [
    {"BOARD_SMTP_URL": "mail.example"}, {"BOARD_SMTP_URL": "http://mail.example"}, {"BOARD_SMTP_URL": "smtp://"},
    {"BOARD_SMTP_URL": "smtp://mail.example:x"}, {"BOARD_SMTP_URL": "smtp+plain://user:word@mail.example"},
    {"BOARD_MAIL_FROM": ""}, {"BOARD_MAIL_FROM": "Stadtrunde"}, {"BOARD_MAIL_FROM": "a@b.example\nBcc: c@d.example"},
])  # fmt: skip
def test_bad_mail_settings_are_refused(tmp_path: Path, bad: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match=r"BOARD_(SMTP_URL|MAIL_FROM)"):
        settings(tmp_path, **{"BOARD_SMTP_URL": "smtp://mail.example", "BOARD_MAIL_FROM": "a@b.example"} | bad)


def test_the_mail_server_is_read_from_one_address(tmp_path: Path) -> None:
    smtp = settings(
        tmp_path, BOARD_SMTP_URL="smtps://board%40stadt:a%3Ab@mail.example", BOARD_MAIL_FROM="B <b@stadt.example>"
    ).smtp
    assert smtp == config.Smtp("mail.example", 465, "tls", "board@stadt", "a:b", "B <b@stadt.example>")
    assert "a:b" not in repr(smtp)


def test_the_command_line_tries_mail_and_tells_the_servers_answer(app: Flask, people: Cast, postbox: Postbox) -> None:
    run = app.test_cli_runner().invoke
    assert "none" not in run(args=["mail", "state"]).output
    assert run(args=["mail", "try", "rat@stadt.example"]).exit_code == 0
    assert postbox.to == ["rat@stadt.example"]
    postbox.at_rcpt = lambda _address: "550 5.1.1 unknown"
    failed = run(args=["mail", "try", "rat@stadt.example"])
    assert failed.exit_code == 1
    assert "550 5.1.1" in failed.output
    assert run(args=["mail", "retry", "2"]).exit_code == 0
    assert run(args=["mail", "retry", "1"]).exit_code == 1
    assert "rat@" not in run(args=["mail", "state"]).output
