"""The issue inbox by keyboard: two keys sort an issue, and the footer's switch turns them off."""

import os

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, House, Visit, axe
from tests.webhooks.forge import Forge, github_issue

SHOTS = os.environ.get("SHOTS", "")


def test_an_issue_is_sorted_by_two_keys(house: House, visit: Visit) -> None:
    forge = Forge(house.app, "github")
    forge.post(github_issue(1, title="Hitzekarte ohne Trinkbrunnen"))
    forge.post(github_issue(2, title="Absturz beim Start", labels=[{"name": "iOS"}, {"name": "Celle"}]))
    page = visit("ben", "/issues")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/inbox.png")
        visit("ben", "/issues", PHONE, dark=True).screenshot(path=f"{SHOTS}/inbox-phone.png")
    assert axe(page) == []
    page.keyboard.press("j")
    page.keyboard.press("x")
    reason = page.get_by_label("Begründung").first
    expect(reason).to_be_focused()
    expect(reason).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("1")
    key = page.locator("#issue-1").get_by_label("Kennung eines Vorschlags oder Arbeitspakets")
    expect(key).to_be_focused()
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/inbox-open.png")
    page.keyboard.press("Enter")
    expect(page.locator("#issue-1")).to_contain_text("Verknüpft mit FV-3")
    page.locator("#issue-1-undo").click()
    expect(page.locator("#issue-1-link-summary")).to_be_visible()
    page.evaluate("localStorage.setItem('keys', 'off')")
    page.locator("#issue-1-open").focus()
    page.keyboard.press("h")
    expect(page.locator("#issue-1-snooze")).to_be_visible()
    page.evaluate("localStorage.setItem('keys', 'on')")
    page.locator("#issue-1-open").focus()
    page.keyboard.press("h")
    expect(page.locator("#issue-1")).to_contain_text("Zurückgestellt bis")
