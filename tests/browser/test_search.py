"""Searching by keyboard: the jump box, the overview of keys, and the page for browsers without scripts."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, Visit, axe

ROOM = """(select) => {
    const style = getComputedStyle(select), pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    const text = pen.measureText(select.selectedOptions[0].text).width;
    return select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - text + 1;
}"""
"""How much room is left beside what is chosen."""


def test_two_keys_open_the_jump_box_and_arrows_choose(visit: Visit) -> None:
    page = visit("ada", "/partners", DESK)
    page.keyboard.press("Control+k")
    expect(page.locator("#jump-q")).to_be_focused()
    page.keyboard.type("hitze")
    expect(page.locator("#jump-1")).to_contain_text("Hitzekarte")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#jump")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#jump-1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hitzekarte mit Trinkbrunnen")
    page.keyboard.press("Control+k")
    page.keyboard.type("gibt es nicht")
    expect(page.locator("#jump-told")).to_have_text("Auf Anhieb nichts gefunden.")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#jump-all")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("bürgeramt")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=b%C3%BCrgeramt"))
    expect(page.locator("mark").first).to_have_text("Bürgeramt")


def test_the_question_mark_shows_the_keys_and_they_can_be_switched_off(visit: Visit) -> None:
    page = visit(None, "/partners", DESK)
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Tastatur")).to_be_visible()
    assert axe(page) == []
    page.locator("#keys").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_phone_without_an_escape_key_closes_the_jump_box_too(visit: Visit) -> None:
    page = visit("ada", "/partners", PHONE)
    page.locator("#find").click()
    expect(page.locator("#jump-q")).to_be_focused()
    page.locator("#jump").get_by_role("button", name="Schließen").click()
    expect(page.locator("#jump")).to_be_hidden()


def test_what_is_chosen_in_a_filter_is_never_cut_off(visit: Visit) -> None:
    page = visit("ada", "/work?skill=analysis", DESK)
    expect(page.locator("#filter-skill")).to_have_value("analysis")
    assert page.locator("#filter-skill").evaluate(ROOM) >= 0


def test_without_scripts_the_link_leads_to_a_page_that_searches(visit: Visit) -> None:
    page = visit(None, "/", PHONE, js=False)
    page.locator("#find").click()
    page.locator("#q").fill("Kitaplaetze")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("link", name="Kitaplätze anzeigen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kitaplätze anzeigen")
