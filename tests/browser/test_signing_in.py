"""Signing in as on a real board, in a real browser, with and without JavaScript: the second factor on the first day,
the vote right after, and the question that comes before a decision and loses nothing."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from board import config, create_app
from board.accounts.models import LoginSession, Person
from board.accounts.passwords import hash_password
from board.db import db, now, transaction
from board.factors import codes, verbs
from board.policy import SYSTEM
from tests import factories
from tests.browser.conftest import DESK, PATIENCE, PHONE, Watch, axe, overflow, serve, stop
from tests.conftest import bring_up_to_date
from tests.people import PASSWORD, Cast, populate

ORIGIN = {"BOARD_DEMO": "0", "BOARD_ORIGIN": "http://127.0.0.1"}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Flask, Cast]]:
    """A board that is no demo: address, application, people. Everybody has a password, Pia a second factor too."""
    folder = tmp_path_factory.mktemp("real")
    app = create_app(config.read({"BOARD_DATA": str(folder), "BOARD_LOG": "error", **ORIGIN}))
    bring_up_to_date(app)
    with app.app_context():
        with transaction():
            people, hashed = populate(), hash_password(PASSWORD)
            for person in db.session.scalars(select(Person)):
                person.password_hash = hashed
        for title in ("Mängel melden", "Hitzekarte", "Müllkalender"):
            factories.make_proposal(people, title=title)
    url, process = serve(folder, **ORIGIN)
    yield url, app, people
    stop(process)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def fresh(real: tuple[str, Flask, Cast], chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A new browser on the board."""
    context = chromium.new_context(base_url=real[0], viewport=DESK, locale="de-DE", java_script_enabled=request.param)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.watch = Watch(page)  # type: ignore[attr-defined]
    yield page
    assert page.watch.said == []  # type: ignore[attr-defined]
    context.close()


def enter(page: Page, name: str) -> None:
    """The first step."""
    page.get_by_label("E-Mail-Adresse").fill(f"{name}@example.org")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_label("Dieses Gerät 30 Tage merken").check()
    page.locator("#sign-in button.primary").click()


def looks_well(page: Page) -> None:
    """Accessible, and not wider than a phone."""
    assert axe(page) == []
    page.set_viewport_size(PHONE)
    assert overflow(page) <= 0
    page.set_viewport_size(DESK)


def test_a_delegate_sets_up_a_second_factor_and_votes_from_a_link(
    real: tuple[str, Flask, Cast], fresh: Page, request: pytest.FixtureRequest
) -> None:
    scripts = "without" not in request.node.name
    _url, app, people = real
    with app.app_context(), transaction():
        verbs.reset(db.session.get_one(Person, people.ada.person_id), SYSTEM)
    fresh.goto("/sign-in?next=/proposals/FV-1")
    enter(fresh, "ada")
    fresh.wait_for_url("**/account/second-factor?next=/proposals/FV-1")
    if scripts:
        looks_well(fresh)
    fresh.locator("#by-hand summary").click()
    secret = fresh.locator(".key-text").inner_text().replace(" ", "")
    fresh.locator("#code").fill(pyotp.TOTP(secret).now())
    fresh.get_by_role("button", name="Einschalten").click()
    expect(fresh.locator(".recovery li")).to_have_count(10)
    if scripts:
        looks_well(fresh)
    fresh.get_by_role("link", name="Ich habe sie aufbewahrt").click()
    fresh.wait_for_url("**/proposals/FV-1")
    fresh.locator("button[name=choice][value=for]").first.click()
    fresh.locator("button[name=choice][value=for][aria-pressed=true]").first.wait_for()
    fresh.context.clear_cookies(name="session")
    fresh.goto("/sign-in?next=/proposals/FV-2")
    enter(fresh, "ada")
    fresh.wait_for_url("**/proposals/FV-2")  # On the remembered device the password is enough.


def test_a_decision_waits_in_the_question_and_is_recorded_after_it(
    real: tuple[str, Flask, Cast], fresh: Page, request: pytest.FixtureRequest
) -> None:
    scripts = "without" not in request.node.name
    key = "FV-2" if scripts else "FV-3"
    _url, app, people = real
    with app.app_context():
        secret = codes.new_secret()
        with transaction():
            person = db.session.get_one(Person, people.pia.person_id)
            verbs.set_up(person, secret, pyotp.TOTP(secret).at(now() - timedelta(seconds=30)), people.pia.actor)
    fresh.goto(f"/sign-in?next=/proposals/{key}")
    enter(fresh, "pia")
    fresh.locator("#code").fill(pyotp.TOTP(secret).now())
    fresh.locator("#second-step button.primary").click()
    fresh.wait_for_url(f"**/proposals/{key}")
    with app.app_context(), transaction():
        db.session.execute(update(LoginSession).where(LoginSession.person_id == people.pia.person_id)
                           .values(proved_at=None))  # fmt: skip
    form = fresh.locator("form[id^=state-][id$=-decide]")
    fresh.locator("[id^=state-][id$=-decision-summary]").click()
    form.locator("[name=body]").fill("Lenkungskreis „Stadt-App“")
    form.locator("[name=reason]").fill("Alle brauchen das.")
    form.locator("[name=without_estimate]").fill("Klein genug.")
    form.locator("[id$=accept]").click()
    if scripts:
        fresh.locator("#confirm button[value=yes]").click()  # It waits for the question.
    asked = fresh.locator("#confirm-form")
    asked.wait_for()
    if scripts:
        looks_well(fresh)
        expect(form.locator("[name=reason]")).to_have_value("Alle brauchen das.")
    asked.locator("#confirm_code").fill(pyotp.TOTP(secret).at(now() + timedelta(seconds=30)))
    asked.get_by_role("button").click()
    fresh.get_by_text("Lenkungskreis „Stadt-App“").first.wait_for()
    assert f"/proposals/{key}" in fresh.url
    assert "accept" not in fresh.url
