"""The issue inbox by keyboard: two keys sort an issue, and the footer's switch turns them off."""

import json
import os
from pathlib import Path

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
    one = "#" + str(page.locator("[data-row]", has_text="Hitzekarte ohne").get_attribute("id"))
    assert axe(page) == []
    assert axe(visit("ben", "/issues", PHONE)) == []
    page.keyboard.press("j")
    page.keyboard.press("x")
    reason = page.locator("[data-row]").first.get_by_label("Begründung")
    expect(reason).to_be_focused()
    expect(reason).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("1")
    key = page.locator(one).get_by_label("Kennung eines Vorschlags oder Arbeitspakets")
    expect(key).to_be_focused()
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/inbox-open.png")
    page.keyboard.press("Enter")
    expect(page.locator(one)).to_contain_text("Verknüpft mit FV-3")
    page.locator(f"{one}-undo").click()
    expect(page.locator(f"{one}-link-summary")).to_be_visible()
    page.evaluate("localStorage.setItem('keys', 'off')")
    page.locator(f"{one}-open").focus()
    page.keyboard.press("h")
    expect(page.locator(f"{one}-snooze-tomorrow")).to_be_hidden()
    page.evaluate("localStorage.setItem('keys', 'on')")
    page.locator(f"{one}-open").focus()
    page.keyboard.press("h")
    expect(page.locator(f"{one}-snooze-tomorrow")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(one)).to_contain_text("Zurückgestellt bis")


def test_several_issues_are_sorted_by_keyboard_and_taken_back(house: House, visit: Visit) -> None:
    forge = Forge(house.app, "github")
    for number, title in ((11, "Parkplätze sperren"), (12, "Absturz im Menü"), (13, "Rampe fehlt")):
        forge.post(github_issue(number, title=title))
    page = visit("ben", "/issues")
    bulk, before = page.locator("#bulk"), page.locator("[data-row]").count()
    expect(bulk).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Space")
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(bulk).to_be_visible()
    expect(page.locator("#bulk-count")).to_have_text("2 ausgewählt")
    page.keyboard.press("b")
    expect(page.locator("#bulk-do")).to_be_focused()
    page.locator("#bulk-do").select_option("dismiss")
    expect(page.locator("#bulk-key")).to_be_hidden()
    page.locator("#bulk-reason").fill("Doppelt")
    assert axe(page) == []
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/bulk.png")
        phone = visit("ben", "/issues", PHONE, dark=True)
        phone.locator(".pick").first.click()
        phone.screenshot(path=f"{SHOTS}/bulk-phone.png")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(before - 2)
    expect(page.locator("#together")).to_contain_text("2 Issues")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/bulk-done.png")
    assert axe(page) == []
    page.locator("#together-undo").click()
    expect(page.locator("[data-row]")).to_have_count(before)
    page.locator(".pick input").first.check()
    page.locator("#bulk-all").check()
    expect(page.locator("#bulk-count")).to_have_text(f"{before} ausgewählt")


def test_several_issues_are_sorted_without_a_script(house: House, visit: Visit) -> None:
    Forge(house.app, "github").post(github_issue(21, title="Ohne Skript"))
    page = visit("ben", "/issues?q=ohne+skript", js=False)
    page.locator(".pick input").check()
    page.locator("#bulk-do").select_option("snooze")
    page.locator("#bulk-send").click()
    expect(page.locator(".empty")).to_contain_text("Kein Issue passt dazu")
    page.locator("#together-undo").click()
    expect(page.locator("[data-row]")).to_contain_text("Ohne Skript")


def test_a_file_is_chosen_once_looked_at_and_imported(house: House, visit: Visit, tmp_path: Path) -> None:
    entry = {"iid": 31, "project_id": 4799, "title": "Aus der Datei", "state": "opened", "labels": ["bug"],
             "updated_at": "2026-03-01T10:00:00.000Z", "web_url": "https://gitlab.opencode.de/stadt/datei/-/issues/31",
             "references": {"full": "stadt/datei#31"}}  # fmt: skip
    file = tmp_path / "issues.json"
    file.write_text(json.dumps([entry, {**entry, "iid": 32, "confidential": True}]))
    page = visit("pia", "/issues/import")
    page.locator("#import-file").set_input_files(file)
    page.locator("#import-preview").click()
    expect(page.locator("#import")).to_contain_text("Noch ist nichts importiert")
    assert axe(page) == []
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/import.png")
    page.locator("#import-send").click()
    expect(page.locator("#import")).to_contain_text("Importiert.")
    page.locator("#import-inbox").click()
    expect(page.locator("#list")).to_contain_text("Aus der Datei")
    if SHOTS:
        phone = visit("pia", "/issues/import", PHONE, dark=True)
        phone.screenshot(path=f"{SHOTS}/import-phone.png")
