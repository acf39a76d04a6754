"""Notices by mail: a new browser and every change of what one signs in with is told to the owner of the account."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board import i18n
from board.accounts import devices, notices, tokens
from board.accounts.models import Person
from board.db import db, now, transaction
from board.factors import verbs as factors
from board.identities import verbs as identities
from board.mail.models import Mail
from board.mail.sending import send_due
from board.policy import SYSTEM, Actor
from tests.conftest import HASH, Browser
from tests.people import PASSWORD, Cast
from tests.postbox import Postbox
from tests.test_second_factor import equip, shown

FIREFOX = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def doors(app: Flask, people: Cast) -> Cast:
    """Everybody has a password and was here before."""
    with app.app_context(), transaction():
        for person in db.session.scalars(select(Person)):
            person.password_hash, person.visited_at = HASH, now()
    return people


def enter(client: Browser, **more: Any) -> Any:
    """Sign in as Ada."""
    data = {"email": "ada@example.org", "password": PASSWORD, **more}
    return client.post("/sign-in", data=data, headers=FIREFOX)


def told(app: Flask) -> list[str]:
    """What waits in the outbox."""
    with app.app_context():
        return [mail.details["what"] for mail in db.session.scalars(select(Mail).order_by(Mail.id))]


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_no_news(
    app: Flask, doors: Cast, gast: Browser, postbox: Postbox
) -> None:
    for _again in range(3):
        enter(gast)
        gast.post("/sign-out")
    assert told(app) == ["new_device"]
    with app.app_context():
        assert send_due() == 1
    assert postbox.to == ["ada@example.org"]
    assert postbox.mails[0]["Subject"] == "Neue Anmeldung an Ihrem Konto"
    text = " ".join(postbox.text().split())
    assert "in einem neuen Browser angemeldet: Firefox, Windows." in text
    assert "http://localhost/account#access" in text
    assert "140.0" not in text


def test_the_very_first_sign_in_is_no_news(app: Flask, doors: Cast, gast: Browser) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Person, doors.ada.person_id).visited_at = None
    enter(gast)
    assert told(app) == []


def test_after_forgetting_all_devices_every_browser_is_news_again(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast)
    gast.post("/sign-out-everywhere")
    enter(gast)
    assert told(app) == ["new_device", "new_device"]


def test_every_change_of_what_one_signs_in_with_is_told(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, found = equip(app, doors)
    ada = doors.ada.actor
    enter(gast)
    gast.post("/sign-in/code", data={"code": found[0]})
    with app.app_context():
        for change in (
            lambda person, by: factors.renew(person, by),
            lambda person, by: identities.connect(person, "https://login.example", "ada", by),
            lambda person, by: identities.disconnect(1, by),
            lambda person, by: tokens.create(person, by, name="Skript", scopes=("read",), membership_id=None, days=7),
            lambda person, by: factors.remove(person, by, needed=False),
            lambda person, _by: factors.reset(person, SYSTEM),
        ):
            with transaction():
                change(db.session.get_one(Person, ada.person_id), ada)
    assert told(app) == [
        "factor_set_up", "recovery_used", "new_device", "codes_renewed", "identity_connected", "identity_disconnected",
        "token_created", "factor_removed", "factor_reset",
    ]  # fmt: skip
    assert set(told(app)) == notices.SAID.keys()
    assert shown(secret)


def test_what_did_not_happen_is_not_told(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast, password="wrong and long enough")
    with app.app_context(), pytest.raises(Exception, match="Faktor"), transaction():
        factors.renew(db.session.get_one(Person, doors.ada.person_id), doors.ada.actor)
    assert told(app) == []


def test_every_notice_is_said_in_german() -> None:
    assert notices.SAID
    assert not [text for text in notices.SAID.values() if text not in i18n.catalogue("de")]


def test_a_device_token_is_kept_as_a_hash_only(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast)
    token = gast.get_cookie("device").value
    with app.app_context():
        device = devices.known(token, doors.ada.person_id)
        assert device
        assert token != device.token_hash
        assert devices.known(device.token_hash, doors.ada.person_id) is None
        assert devices.known(token, doors.ben.person_id) is None
    assert Actor().fresh
