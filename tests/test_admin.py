"""The administration: people, partners, topics, settings, system, history; nothing of it for anybody else."""

import json
import platform
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import create_app, i18n
from board.accounts.models import Authenticator, LoginSession, Membership, Person
from board.activity.models import Activity
from board.admin import forms
from board.admin.queries import PAGE
from board.admin.system import JOBS, version
from board.backup import folder
from board.db import at, db, now, transaction
from board.jobs import listed
from board.jobs.due import Job, run_due
from board.joining.models import Invitation
from tests.conftest import Browser, bring_up_to_date, counting, settings, sign_in
from tests.people import Cast
from tests.postbox import Postbox
from tests.test_settings import put


def get(app: Flask, person_id: int) -> Person:
    """A person as stored."""
    with app.app_context():
        return db.session.get_one(Person, person_id)


def last(app: Flask) -> tuple[str, Any]:
    """The last entry of the log."""
    with app.app_context():
        row = db.session.execute(select(Activity.verb, Activity.details).order_by(Activity.id.desc())).first()
        assert row
        return row.verb, row.details


def count_statements(app: Flask, client: Browser, address: str) -> int:
    """How many statements a page costs."""
    with counting(app) as statements:
        assert client.get(address).status_code == 200
    return len(statements)


# People


def crowd(app: Flask, people: Cast, n: int) -> None:
    """Many more people of Aalen."""
    with app.app_context(), transaction():
        for i in range(n):
            person = Person(email=f"m{i}@example.org", name=f"Mensch {i:03}")
            db.session.add(person)
            db.session.flush()
            db.session.add(Membership(person_id=person.id, partner_id=people.aalen))


def test_people_are_found_and_paged_by_key_whatever_their_number(app: Flask, people: Cast, dora: Browser) -> None:
    few = count_statements(app, dora, "/admin/people")
    crowd(app, people, PAGE + 20)
    assert count_statements(app, dora, "/admin/people") == few
    first = dora.get("/admin/people")
    assert first.headers["Cache-Control"] == "no-store"
    more = re.search(r'id="more" href="([^"]+)"', first.text)
    assert more
    second = dora.get(more[1].replace("&amp;", "&"))
    names = [re.findall(r"Mensch \d{3}", page.text) for page in (first, second)]
    assert set(names[0]).isdisjoint(names[1])
    assert len(set(names[0]) | set(names[1])) == PAGE + 20
    found = dora.get("/admin/people?q=m7@").text
    assert "Mensch 007" in found
    assert "Ada" not in found
    assert "Niemand passt" in dora.get("/admin/people?q=%25").text


@pytest.mark.parametrize(("stand", "shown", "hidden"), [
    ("admin", "Dora", "Ada"), ("product_owner", "Pia", "Ada"), ("disabled", "Ben", "Ada"), ("nowhere", "Niemo", "Pia"),
    ("active", "Ada", "Ben"), ("erased", "gelöschte Person", "Ada"), ("", "Ben", "gelöschte Person"),
])  # fmt: skip
def test_people_are_narrowed(app: Flask, people: Cast, dora: Browser, stand: str, shown: str, hidden: str) -> None:
    with app.app_context(), transaction():
        db.session.add(Person(email="niemo@example.org", name="Niemo"))
    dora.post(f"/admin/people/{people.ben.person_id}/disable")
    dora.post(f"/admin/people/{people.rolf.person_id}/erase")
    table = dora.get(f"/admin/people?stand={stand}").text.partition("<tbody>")[2]
    assert shown in table
    assert hidden not in table


def test_an_administrator_appoints_closes_opens_and_the_log_tells_it_without_names(
    app: Flask, people: Cast, dora: Browser, ben: Browser
) -> None:
    page = f"/admin/people/{people.ben.person_id}"
    assert dora.post(f"{page}/appoint", data={"is_product_owner": "y"}).status_code == 303
    assert get(app, people.ben.person_id).is_product_owner
    assert last(app) == ("person.appoint", {"person": people.ben.person_id, "product_owner": True, "admin": None})
    assert dora.post(f"{page}/disable").status_code == 303
    assert ben.get("/account").status_code == 401
    assert dora.post(f"{page}/enable").status_code == 303
    assert ben.get("/account").status_code == 401, "sessions stay ended"
    assert last(app) == ("person.enable", {"person": people.ben.person_id})
    dora.post(f"{page}/enrol", data={"partner": people.celle, "role": "delegate"})
    assert last(app) == ("person.enrol", {"person": people.ben.person_id, "role": "delegate"})
    shown = dora.get(page).text
    assert "Celle" in shown
    assert "ben@example.org" in shown


def test_nobody_is_left_without_an_administrator(app: Flask, people: Cast, dora: Browser) -> None:
    own = f"/admin/people/{people.dora.person_id}"
    assert dora.post(f"{own}/appoint").status_code == 409
    assert dora.post(f"{own}/disable").status_code == 409
    assert "einzige Administration" in dora.post(f"{own}/erase").text
    dora.post(f"/admin/people/{people.pia.person_id}/appoint", data={"is_admin": "y", "is_product_owner": "y"})
    pia = sign_in(app, people.pia.person_id, None)
    assert pia.post(f"{own}/disable").status_code == 303
    assert dora.get("/admin").status_code == 401


def test_an_erased_person_cannot_be_opened_and_sees_no_forms(app: Flask, people: Cast, dora: Browser) -> None:
    page = f"/admin/people/{people.ben.person_id}"
    assert dora.post(f"{page}/erase").status_code == 303
    assert dora.post(f"{page}/enable").status_code == 409
    shown = dora.get(page).text
    assert "gelöscht am" in shown
    assert "erased.invalid" not in shown
    assert "Konto löschen" not in shown
    assert dora.get("/admin/people/999999").status_code == 404
    assert dora.post("/admin/people/999999/erase").status_code == 404
    with app.app_context():
        assert not db.session.scalar(select(func.count()).where(LoginSession.person_id == people.ben.person_id))


def test_a_provider_gets_no_delegate_and_a_bad_form_is_kept(people: Cast, dora: Browser) -> None:
    page = f"/admin/people/{people.ben.person_id}"
    answer = dora.post(f"{page}/enrol", data={"partner": people.provider, "role": "delegate"})
    assert answer.status_code == 409
    assert re.search(rf'<option selected value="{people.provider}"', answer.text)
    assert dora.post(f"{page}/enrol", data={"partner": "999", "role": "member"}).status_code == 422


# System and mail


def test_the_system_page_tells_how_the_installation_stands(app: Flask, people: Cast, dora: Browser) -> None:
    with app.app_context():
        run_due((Job("worker", 60, lambda: None), Job("leases", 60, lambda: 1 / 0)))
    text = dora.get("/admin/system").text
    database = "PostgreSQL" if "postgresql" in app.config["SQLALCHEMY_DATABASE_URI"] else "SQLite"
    for part in (database, platform.python_version(), version(), "aktuell", "arbeitet", "ZeroDivisionError",
                 "keine bekannt", "Freier Speicherplatz", "von höchstens"):  # fmt: skip
        assert part in text, part
    assert app.config["SECRET_KEY"] not in text


def test_every_job_of_the_board_is_called_by_a_name(app: Flask) -> None:
    german = i18n.catalogue("de")
    assert {job.name for job in listed.JOBS} == JOBS.keys()
    assert [words for words in JOBS.values() if words not in german] == []


def try_mail(client: Browser, to: str = "rat@stadt.example") -> str:
    """The page after a trial."""
    answer = client.post("/admin/mail", data={"to": to})
    assert answer.status_code == 200
    return str(answer.text)


def test_a_trial_mail_is_sent_and_its_dialogue_told(app: Flask, people: Cast, dora: Browser, postbox: Postbox) -> None:
    text = try_mail(dora)
    assert postbox.to == ["rat@stadt.example"]
    assert "Der Mailserver nimmt die Mail an:</b> ja" in text
    assert last(app) == ("mail.try", {"outcome": "sent"})


@pytest.mark.parametrize(("answer", "told"), [
    ("550 5.1.1 no such user here: rat@stadt.example", "Die Adresse ist unbekannt"), ("451 4.7.1 later", "vorläufig"),
])  # fmt: skip
def test_a_refusal_is_told_in_plain_words(
    app: Flask, people: Cast, dora: Browser, postbox: Postbox, answer: str, told: str
) -> None:
    postbox.at_rcpt = lambda _address: answer
    text = try_mail(dora)
    assert told in text
    assert answer[:9] in text
    assert "no such user" not in text, "what the mail server says of addresses stays out"
    assert last(app) == ("mail.try", {"outcome": "failed"})


def test_a_mail_server_that_is_away_or_not_set_is_told(
    app: Flask, people: Cast, dora: Browser, postbox: Postbox
) -> None:
    postbox.close()
    assert "Dort antwortet niemand" in try_mail(dora)
    postbox.open()
    app.config["BOARD"] = replace(app.config["BOARD"], smtp=None)
    assert "BOARD_SMTP_URL" in try_mail(dora)
    assert dora.post("/admin/mail", data={"to": "nobody"}).status_code == 422


def test_every_explanation_beside_a_field_is_there_in_german(app: Flask) -> None:
    german = i18n.catalogue("de")
    for form in (forms.AppointForm(), forms.PartnerForm(), forms.TopicForm(), forms.TrialForm()):
        for field in form:
            assert not field.description or field.description in german, field.description


# First steps


def test_the_first_visitor_is_led(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path))
    app.test_client_class = Browser
    bring_up_to_date(app)
    client = app.test_client()
    for address in ("/", "/sign-in"):
        text = client.get(address).text
        assert "Noch hat niemand ein Konto" in text
        assert "user add --admin" in text
    words = ["user", "add", "--admin", "--email", "ich@kommune.example", "--name", "Erste Person", "--password-stdin"]
    made = app.test_cli_runner().invoke(args=words, input="blaue Giraffe tanzt nachts gern\n")
    assert made.exit_code == 0, made.output
    assert "Noch hat niemand ein Konto" not in client.get("/").text
    assert "Noch hat niemand ein Konto" not in client.get("/sign-in").text
    entered = client.post(
        "/sign-in", data={"email": "ich@kommune.example", "password": "blaue Giraffe tanzt nachts gern"}
    )
    assert entered.status_code == 303
    assert "Zu den ersten Schritten" in client.get("/").text
    with app.app_context():
        db.engine.dispose()


def done(client: Browser) -> set[str]:
    """The steps that are green."""
    return set(re.findall(r'class="step done" id="step-(\w+)"', client.get("/admin").text))


def test_each_first_step_turns_green_when_it_is_done(
    app: Flask, people: Cast, dora: Browser, postbox: Postbox, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        for seat in db.session.scalars(select(Membership)):
            seat.ended_at = now()
    assert done(dora) == set()
    put(app, "operator", "Stadt Aalen")
    assert done(dora) == {"operator"}
    for name in ("imprint_de", "privacy_de", "accessibility_de"):
        put(app, name, "[Bitte ausfüllen: Anschrift]")
    assert done(dora) == {"operator"}, "a page with a blank is not filled in"
    for name in ("imprint_de", "privacy_de", "accessibility_de"):
        put(app, name, "Alles Nötige.")
    assert done(dora) == {"operator", "pages"}
    dora.post(f"/admin/people/{people.ben.person_id}/enrol", data={"partner": people.aalen, "role": "delegate"})
    assert done(dora) == {"operator", "pages", "partner"}
    try_mail(dora)
    assert done(dora) == {"operator", "pages", "partner", "mail"}
    postbox.at_rcpt = lambda _address: "550 5.1.1 no"
    try_mail(dora)
    assert "mail" not in done(dora), "the last trial counts"
    postbox.at_rcpt = lambda _address: None
    try_mail(dora)
    with app.app_context(), transaction():
        db.session.add(Authenticator(person_id=people.dora.person_id, secret_box=b"x"))
    assert "factor" in done(dora)


def test_the_first_partner_is_invited_when_an_invitation_can_be_accepted(
    app: Flask, people: Cast, dora: Browser, postbox: Postbox
) -> None:
    with app.app_context(), transaction():
        for seat in db.session.scalars(select(Membership)):
            seat.ended_at = now()
    asked = {"email": "neu@aalen.example", "role": "delegate", "hours": "72", "locale": "de"}
    assert dora.post("/invitations", data=asked | {"partner": ""}).status_code == 303
    assert "partner" not in done(dora), "an invitation to the board alone brings no partner"
    assert dora.post("/invitations", data=asked | {"partner": str(people.aalen)}).status_code == 303
    assert "partner" in done(dora)
    with at(now() + timedelta(hours=73)):
        assert "partner" not in done(sign_in(app, people.dora.person_id, None)), "nobody came and the link is too old"
    with app.app_context():
        number = db.session.scalar(select(Invitation.id).where(Invitation.partner_id == people.aalen))
    assert dora.post(f"/invitations/{number}/withdraw").status_code == 303
    assert "partner" not in done(dora)


def backed_up(app: Flask, ago: timedelta) -> Path:
    """The board believes that its last backup is so old; the file that says so."""
    path = Path(app.config["BOARD"].data / folder.LAST)
    path.write_text(json.dumps({"made_at": (now() - ago).isoformat()}))
    return path


def test_a_backup_that_is_too_old_is_told_wherever_backups_are_told(app: Flask, people: Cast, dora: Browser) -> None:
    assert "backup" not in done(dora)
    file = backed_up(app, folder.FRESH - timedelta(minutes=5))
    try:
        assert "backup" in done(dora)
        assert "älter als" not in dora.get("/admin/system").text
        backed_up(app, folder.FRESH + timedelta(minutes=5))
        assert "backup" not in done(dora)
        assert "Die letzte ist älter als 36 Stunden" in dora.get("/admin").text
        assert "älter als 36 Stunden" in dora.get("/admin/system").text
        assert "Zu den ersten Schritten" in dora.get("/").text
    finally:
        file.unlink()
