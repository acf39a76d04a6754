"""Setting a Git connection up in a real browser: the secret is copied, the forge's test appears by itself."""

import json
import urllib.request

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, House, Visit, axe, overflow
from tests.webhooks.forge import github_issue, sign


def create(page: Page, name: str) -> tuple[str, str]:
    """Fill the form in; the address and the secret that the next page shows."""
    page.locator("#provider").select_option("github")
    page.locator("#name").fill(name)
    page.get_by_role("button", name="Verbindung anlegen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Adresse und Geheimnis")
    return page.locator("#hook-url").input_value(), page.locator("#hook-secret").input_value()


def send(url: str, secret: str, payload: object, event: str, id_: str) -> int:
    """What GitHub does."""
    raw = json.dumps(payload).encode()
    headers = sign("github", secret, raw, raw, event, id_, "") | {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, raw, headers), timeout=30) as answer:
        return int(answer.status)


def test_the_first_delivery_and_new_repositories_appear_by_themselves(house: House, visit: Visit) -> None:
    page = visit("pia", "/connections/new")
    url, secret = create(page, "Stadt-App")
    page.locator("#hook-secret-copy").click()
    expect(page.locator("#status")).to_have_text("Kopiert.")
    assert axe(page) == []
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0
    page.get_by_role("link", name="Fertig: auf die erste Übermittlung warten").click()
    state = page.locator(".state-of-connection")
    expect(state).to_contain_text("Wartet auf die erste Übermittlung")
    expect(page.locator("#live")).to_be_attached()
    assert send(url, secret, {"zen": "Keep it light.", "hook_id": 7}, "ping", "1") == 200
    expect(state).to_contain_text("Der Test der Git-Plattform ist angekommen")
    expect(state).to_contain_text("gerade eben")
    closed = github_issue(state="closed", repository={"id": 812, "full_name": "stadt/neu", "private": True})
    assert send(url, secret, closed, "issues", "2") == 200
    expect(page.locator("#repositories")).to_contain_text("Nr. 812")
    page.get_by_role("button", name="Ablehnen").click()
    expect(page.locator("#repositories")).to_contain_text("abgelehnt")
    expect(page.locator("#status")).to_have_text("Abgelehnt.")


def test_everything_works_without_javascript(house: House, visit: Visit) -> None:
    page = visit("dora", "/connections/new", js=False)
    url, secret = create(page, "Ohne Skript")
    page.get_by_role("link", name="Fertig: auf die erste Übermittlung warten").click()
    assert send(url, secret, {"zen": "Keep it light.", "hook_id": 8}, "ping", "3") == 200
    page.reload()
    expect(page.locator(".state-of-connection")).to_contain_text("Der Test der Git-Plattform ist angekommen")
    page.get_by_role("link", name="Protokoll der Übermittlungen").click()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.go_back()
    page.get_by_role("button", name="Zweites Geheimnis erzeugen").click()
    expect(page.locator("#hook-secret")).not_to_have_value(secret)
    page.get_by_role("link", name="Fertig: zurück zur Verbindung").click()
    page.get_by_role("button", name="Außer Kraft setzen Geheimnis 1").click()
    expect(page.locator("#secrets li")).to_have_count(1)
    page.get_by_role("link", name="Label-Regeln").click()
    page.locator("#label").fill("wontfix")
    page.locator("#effect").select_option("dismiss")
    page.get_by_role("button", name="Entwerfen und erproben").click()
    page.get_by_role("button", name="Für neue Issues einschalten").click()
    expect(page.locator("#list")).to_contain_text("eingeschaltet")
    page.get_by_role("link", name="Ohne Skript").click()
    page.get_by_role("link", name="Löschen …").click()
    page.get_by_role("button", name="Endgültig löschen").click()
    expect(page.locator("main")).not_to_contain_text("Ohne Skript")
