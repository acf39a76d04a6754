"""One's own access: a forgotten password, another password, another address; nothing tells who has an account."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import argon2
import pyotp
import pytest
from flask import Flask
from sqlalchemy import event, func, select

from board.accounts import links
from board.accounts.models import LoginSession, Person
from board.accounts.passwords import hash_password, matches
from board.credentials.models import Proof
from board.credentials.verbs import forget
from board.db import Base, at, db, now, transaction
from board.factors import codes
from board.factors import verbs as factors
from board.mail.models import Mail
from board.mail.sending import send_due
from tests.conftest import ORIGIN, Browser, sign_in
from tests.people import Cast
from tests.postbox import Postbox

OLD, NEW = "Marktplatz im Novemberregen", "Rathausbrunnen plätschert leise"
HASH = hash_password(OLD)


@pytest.fixture
def password(app: Flask, people: Cast) -> None:
    """Ada has a password."""
    with app.app_context(), transaction():
        db.session.get_one(Person, people.ada.person_id).password_hash = HASH


def arrive(app: Flask, box: Postbox, n: int = -1) -> str:
    """Let mail leave; the path of the link in one that arrived (the last)."""
    with app.app_context():
        send_due()
    found = re.search(r"http://localhost(/(?:reset|confirm-email)/\S+)", box.text(n))
    assert found, box.text(n)
    return found.group(1)


def hash_of(app: Flask, person_id: int) -> str:
    """What is kept of a password."""
    with app.app_context():
        return db.session.get_one(Person, person_id).password_hash


def test_a_forgotten_password_is_set_by_a_link_and_ends_all_sessions(
    app: Flask, people: Cast, password: None, ada: Browser, gast: Browser, postbox: Postbox
) -> None:
    assert gast.post("/forgot-password", data={"email": " Ada@Example.org"}).status_code == 200
    path = arrive(app, postbox)
    assert postbox.to == ["ada@example.org"]
    assert gast.get(path).status_code == 200
    assert matches(hash_of(app, people.ada.person_id), OLD), "looking changes nothing"
    assert "gesetzt" in gast.post(path, data={"password": NEW}).text
    assert matches(hash_of(app, people.ada.person_id), NEW)
    assert ada.get("/account").status_code == 401
    assert gast.post(path, data={"password": OLD}).status_code == 404, "single use"
    with app.app_context():
        send_due()
    assert str(postbox.mails[-1]["Subject"]) == "Ihr Passwort wurde geändert"
    assert gast.post("/sign-in", data={"email": "ada@example.org", "password": NEW}).status_code == 303


def test_known_and_unknown_addresses_get_the_same_answer_and_cost_the_same(
    app: Flask, people: Cast, password: None, gast: Browser, postbox: Postbox
) -> None:
    answers: list[Any] = []
    for email in ("ada@example.org", "nobody@example.org"):
        answers.append(gast.post("/forgot-password", data={"email": email}))
        with app.app_context():
            assert db.session.scalar(select(func.count(Proof.id))) == len(answers)
            assert db.session.scalar(select(func.count(Mail.id))) == len(answers)
    known, unknown = answers
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    with app.app_context():
        assert send_due() == 1
    assert postbox.to == ["ada@example.org"]


def test_a_newer_link_kills_the_older_and_each_ends_after_an_hour(
    app: Flask, people: Cast, gast: Browser, postbox: Postbox
) -> None:
    gast.post("/forgot-password", data={"email": "ada@example.org"})
    first = arrive(app, postbox)
    gast.post("/forgot-password", data={"email": "ada@example.org"})
    second = arrive(app, postbox)
    assert (gast.get(first).status_code, gast.get(second).status_code) == (404, 200)
    with at(now() + timedelta(minutes=61)):
        assert gast.get(second).status_code == 404


def test_nobody_fills_another_persons_mailbox(app: Flask, people: Cast, gast: Browser, postbox: Postbox) -> None:
    for _ in range(5):
        assert gast.post("/forgot-password", data={"email": "ada@example.org"}).status_code == 200
    with app.app_context():
        send_due()
    assert len(postbox.to) <= 3


def test_a_weak_password_is_refused_and_the_link_still_works(
    app: Flask, people: Cast, gast: Browser, postbox: Postbox
) -> None:
    gast.post("/forgot-password", data={"email": "ada@example.org"})
    path = arrive(app, postbox)
    for weak in ("kurz", "passwortpasswort", ""):
        assert gast.post(path, data={"password": weak}).status_code == 422
    assert gast.post(path, data={"password": NEW}).status_code == 200


def test_a_closed_account_gets_no_link(app: Flask, people: Cast, gast: Browser, postbox: Postbox) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Person, people.ada.person_id).disabled_at = now()
    gast.post("/forgot-password", data={"email": "ada@example.org"})
    with app.app_context():
        assert send_due() == 0


def test_changing_the_password_asks_for_the_present_one_and_ends_other_sessions(
    app: Flask, people: Cast, password: None, ada: Browser, postbox: Postbox
) -> None:
    other = sign_in(app, people.ada.person_id, people.ada.membership_id)
    wrong = ada.post("/account/password", data={"current": NEW, "password": NEW})
    assert wrong.status_code == 422
    assert "nicht Ihr Passwort" in wrong.text
    assert ada.post("/account/password", data={"current": OLD, "password": "kurz"}).status_code == 422
    assert ada.post("/account/password", data={"current": OLD, "password": NEW}).status_code == 303
    assert matches(hash_of(app, people.ada.person_id), NEW)
    assert (ada.get("/account").status_code, other.get("/account").status_code) == (200, 401)
    with app.app_context():
        assert send_due() == 1
        live = select(func.count(LoginSession.id)).where(LoginSession.ended_at.is_(None))
        assert db.session.scalar(live) == 1


def test_a_new_address_is_confirmed_by_its_own_mailbox_and_the_old_one_is_told(
    app: Flask, people: Cast, password: None, ada: Browser, gast: Browser, postbox: Postbox
) -> None:
    assert ada.post("/account/email", data={"email": "ada@aalen.example", "current": NEW}).status_code == 422
    wrong = ada.post("/account/email", data={"email": "kein", "current": OLD})
    assert wrong.status_code == 422
    assert 'id="email-error">Das ist keine E-Mail-Adresse.' in wrong.text
    assert ada.post("/account/email", data={"email": "ada@aalen.example", "current": OLD}).status_code == 303
    path = arrive(app, postbox)
    assert postbox.to == ["ada@aalen.example"]
    with app.app_context():
        assert db.session.get_one(Person, people.ada.person_id).email == "ada@example.org"
    assert gast.get(path).status_code == 200
    assert "ist jetzt die Adresse" in gast.post(path).text
    assert gast.post(path).status_code == 404
    with app.app_context():
        assert db.session.get_one(Person, people.ada.person_id).email == "ada@aalen.example"
        assert send_due() == 1
    assert postbox.to[-1] == "ada@example.org"
    assert "ada@aalen.example" not in postbox.text(), "the old mailbox does not learn the new address"


def test_asking_for_somebody_elses_address_answers_alike_and_moves_nothing(
    app: Flask, people: Cast, ada: Browser, postbox: Postbox
) -> None:
    free = ada.post("/account/email", data={"email": "frei@aalen.example"})
    taken = ada.post("/account/email", data={"email": "cleo@example.org"})
    assert (free.status_code, free.location, free.text) == (taken.status_code, taken.location, taken.text)
    with app.app_context():
        assert send_due() == 0, "the second question replaced the first, and a known address gets no link"


def test_a_link_for_a_new_address_ends_after_a_day(
    app: Flask, people: Cast, ada: Browser, gast: Browser, postbox: Postbox
) -> None:
    begun = now()
    ada.post("/account/email", data={"email": "ada@aalen.example"})
    path = arrive(app, postbox)
    with at(begun + timedelta(hours=23)):
        assert gast.get(path).status_code == 200
    with at(begun + timedelta(hours=24, minutes=1)):
        assert gast.get(path).status_code == gast.post(path).status_code == 404
    with app.app_context():
        assert db.session.get_one(Person, people.ada.person_id).email == "ada@example.org"


def test_the_database_holds_no_link(app: Flask, people: Cast, ada: Browser, gast: Browser, postbox: Postbox) -> None:
    """Whoever reads all of it, mail that waits included, cannot open one: what is kept is a hash and a nonce."""
    gast.post("/forgot-password", data={"email": "ada@example.org"})
    ada.post("/account/email", data={"email": "ada@aalen.example"})
    with app.app_context():
        waiting = [repr(db.session.execute(select(table)).all()) for table in Base.metadata.sorted_tables]
    paths = [arrive(app, postbox, n) for n in (0, 1)]
    with app.app_context():
        kept = [repr(db.session.execute(select(table)).all()) for table in Base.metadata.sorted_tables]
        proofs = db.session.scalars(select(Proof)).all()
    for path in paths:
        token = path.rpartition("/")[2]
        assert len(token) == 43, "256 bits"
        assert not any(token in rows for rows in (*waiting, *kept))
        assert links.kept(token) in {proof.link_hash for proof in proofs}
    for guess in (part for proof in proofs for part in (proof.link_hash, proof.nonce)):
        assert gast.get(f"/reset/{guess}").status_code == gast.get(f"/confirm-email/{guess}").status_code == 404


def test_after_a_reset_the_second_factor_is_still_asked_for_also_on_a_remembered_device(
    app: Flask, people: Cast, password: None, gast: Browser, postbox: Postbox
) -> None:
    secret = codes.new_secret()
    with app.app_context(), at(now() - timedelta(minutes=10)), transaction():
        person = db.session.get_one(Person, people.ada.person_id)
        factors.set_up(person, secret, pyotp.TOTP(secret).at(now()), people.ada.actor)
    gast.post("/sign-in", data={"email": "ada@example.org", "password": OLD, "remember": "y"})
    assert gast.post("/sign-in/code", data={"code": pyotp.TOTP(secret).at(now())}).status_code == 303
    gast.post("/sign-out")
    gast.post("/forgot-password", data={"email": "ada@example.org"})
    assert gast.post(arrive(app, postbox, -1), data={"password": NEW}).status_code == 200
    assert gast.get("/account").status_code == 401, "setting it signs nobody in"
    entered = gast.post("/sign-in", data={"email": "ada@example.org", "password": NEW})
    assert entered.location == "/sign-in/code?next=/"
    assert gast.get("/account").status_code == 401


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Original-Host", "Forwarded"])
def test_links_in_mail_begin_at_the_configured_address_whatever_the_request_says(
    app: Flask, people: Cast, gast: Browser, ada: Browser, postbox: Postbox, header: str
) -> None:
    evil = {header: "host=evil.example" if header == "Forwarded" else "evil.example"}
    invitation = {"email": "neu@aalen.example", "role": "member", "hours": "72", "locale": "de"}
    statuses = {
        gast.post("/forgot-password", data={"email": "ada@example.org"}, headers=evil).status_code,
        ada.post("/account/email", data={"email": "ada@aalen.example"}, headers=evil).status_code,
        ada.post("/partners/aalen/people/invite", data=invitation, headers=evil).status_code,
    }
    with app.app_context():
        sent = send_due()
    assert (statuses, sent) == (({400}, 0) if header == "Host" else ({200, 303}, 3))
    for n in range(sent):
        told = postbox.text(n) + postbox.html(n)
        assert "evil" not in told
        assert set(re.findall(r"https?://[^/\s\"<>]+", told)) == {ORIGIN}


@pytest.fixture
def work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What answering costs: each statement that reaches the database, and each hash of a password, in order."""
    done: list[str] = []
    me = threading.get_ident()

    def listener(*args: Any) -> None:
        if threading.get_ident() == me:
            done.append(args[2])

    def counting(real: Any) -> Any:
        def call(*args: Any) -> Any:
            done.append(f"argon2 {real.__name__}")
            return real(*args)

        return call

    for name in ("hash", "verify"):
        monkeypatch.setattr(argon2.PasswordHasher, name, counting(getattr(argon2.PasswordHasher, name)))
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", listener)
        yield done
        event.remove(db.engine, "before_cursor_execute", listener)


def test_known_unknown_and_closed_accounts_make_the_same_work_of_a_forgotten_password(
    app: Flask, people: Cast, password: None, gast: Browser, work: list[str]
) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Person, people.cleo.person_id).disabled_at = now()
    answers, works = [], []
    for email in ("warm@example.org", "ada@example.org", "nobody@example.org", "ben@example.org", "cleo@example.org"):
        work.clear()
        answer = gast.post("/forgot-password", data={"email": email})
        answers.append((answer.status_code, answer.text, sorted(k for k, _v in answer.headers if k != "X-Request-Id")))
        works.append([*work])
    assert answers[1:] == [answers[1]] * 4
    assert works[1:] == [works[1]] * 4
    assert not any("FROM person" in statement for statement in works[1]), "nobody is looked up"


def test_known_and_unknown_addresses_make_the_same_work_of_an_invitation(
    app: Flask, people: Cast, ada: Browser, work: list[str]
) -> None:
    works, answers = [], []
    for email in ("warm@example.org", "cleo@example.org", "nobody@example.org", "pia@example.org"):
        work.clear()
        form = {"email": email, "role": "member", "hours": "72", "locale": "de"}
        answer = ada.post("/partners/aalen/people/invite", data=form)
        answers.append((answer.status_code, answer.location))
        works.append([*work])
        ada.get("/partners/aalen/people")  # What was told is told.
    assert answers[1:] == [answers[1]] * 3
    assert works[1:] == [works[1]] * 3


def test_old_links_are_forgotten_with_their_addresses(app: Flask, people: Cast, gast: Browser) -> None:
    gast.post("/forgot-password", data={"email": "ada@example.org"})
    with app.app_context(), at(now() + timedelta(days=9)):
        forget()
        assert db.session.scalar(select(Proof.id)) is None


def test_a_refused_form_never_shows_the_password_again(gast: Browser) -> None:
    answer = gast.post("/account/email", data={"email": "ada@aalen.example", "current": OLD})
    assert answer.status_code == 401
    assert OLD not in answer.text


def test_a_form_that_is_too_large_is_refused_also_to_who_is_not_signed_in(gast: Browser) -> None:
    assert gast.post("/account/email", data={"email": "x" * (1024 * 1024 + 1)}).status_code in {401, 413}
