"""What weighs is asked first, in our own dialog, and works without JavaScript too."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, House, Visit


def test_closing_an_account_is_asked_first(house: House, visit: Visit) -> None:
    page = visit("dora", f"/admin/people/{house.seed.people.rolf.person_id}", PHONE)
    page.locator("#disable").click()
    dialog = page.locator("#confirm")
    dialog.get_by_role("button", name="Abbrechen").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#disable")).to_be_visible()  # Nothing has happened.
    page.locator("#disable").click()
    dialog.get_by_role("button", name="Ja").click()
    page.locator("#enable").wait_for()
    page.locator("#enable").click()
    page.locator("#disable").wait_for()


@pytest.mark.parametrize("js", [True, False])
def test_a_setting_is_changed_and_holds_at_once(visit: Visit, js: bool) -> None:
    page = visit("dora", "/admin/settings", js=js)
    page.locator("#vote_days").fill("41" if js else "42")
    page.get_by_role("button", name="Einstellungen speichern").click()
    expect(page.get_by_text("1 Einstellung geändert.")).to_be_visible()
    page.reload()
    expect(page.locator("#vote_days")).to_have_value("41" if js else "42")
