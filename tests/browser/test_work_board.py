"""The board of work packages in a real browser: several cards at once, and cards dragged with a mouse."""

from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.conftest import DESK, House, Visit, axe


@pytest.fixture
def cards(house: House) -> tuple[int, int]:
    """Two free packages under a proposal of their own."""
    with house.app.app_context():
        people = house.seed.people
        proposal = factories.make_proposal(people, title="Tafel erproben")
        one = factories.make_package(people, proposal, title="Karte eins der Tafel")
        return one, factories.make_package(people, proposal, title="Karte zwei der Tafel")


def test_several_cards_are_moved_at_once_and_taken_back(visit: Visit, cards: tuple[int, int]) -> None:
    page = visit("ada", "/work?q=der+Tafel", DESK)
    expect(page.locator("#bulk")).to_be_hidden()
    for card in cards:
        page.locator(f"#pick-{card}").check()
    expect(page.locator("#bulk")).to_be_visible()
    expect(page.locator("#bulk-count")).to_contain_text("2")
    assert axe(page) == []
    page.locator("#bulk-to").select_option("claimed")
    page.locator("#bulk-send").click()
    column = page.locator("section[aria-labelledby=column-claimed]")
    for card in cards:
        expect(column.locator(f"#package-{card}")).to_be_visible()
    page.locator("#board-undo").click()
    free = page.locator("section[aria-labelledby=column-open]")
    for card in cards:
        expect(free.locator(f"#package-{card}")).to_be_visible()


def test_a_card_is_dragged_to_where_its_menu_leads_and_nowhere_else(visit: Visit, cards: tuple[int, int]) -> None:
    page = visit("ada", "/work?q=der+Tafel", DESK)
    card = f"#package-{cards[0]}"
    page.locator(f"{card} .title").drag_to(page.locator("section[aria-labelledby=column-done]"))
    expect(page.locator("section[aria-labelledby=column-open]").locator(card)).to_be_visible()
    drag(page, card, "claimed")
    drag(page, card, "in_progress")
    expect(page.locator(".takes, .dragged")).to_have_count(0)


def drag(page: Page, card: str, state: str) -> None:
    """Drag the card there. News of the last move may put another one in its place meanwhile, which ends a drag."""
    moved = page.locator(f"section[aria-labelledby=column-{state}]").locator(card)
    for _again in range(3):
        page.locator(f"{card} .title").drag_to(page.locator(f"section[aria-labelledby=column-{state}]"))
        with suppress(AssertionError):
            expect(moved).to_be_visible(timeout=3000)
            break
    expect(moved).to_be_visible()
