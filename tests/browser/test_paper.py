"""What is taken into a sitting is printed: a decision sheet fits on one page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import House, Visit


def pages(page: Page) -> int:
    """How many sheets of paper a page takes, as Chromium prints it."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("address", ["/proposals/FV-{}/sheet", "/decisions/1"])
def test_a_decision_sheet_is_one_page_on_paper(house: House, visit: Visit, address: str) -> None:
    page = visit("ada", address.format(house.seed.proposals[0]))
    expect(page.locator(".sheet > .section").nth(4)).to_be_visible()
    assert pages(page) == 1
    page.evaluate("""() => {
        const need = document.querySelector("#need");
        need.after(...Array.from({ length: 60 }, () => need.cloneNode(true)));
    }""")
    assert pages(page) > 1, "pages are counted"


def test_pictures_of_the_backlog_stay_whole_on_paper(visit: Visit) -> None:
    page = visit("ada", "/proposals/pictures")
    page.emulate_media(media="print")
    assert page.locator("#content svg").first.evaluate("e => e.getBoundingClientRect().height") <= 96 * 96 / 25.4
    expect(page.locator(".foot")).to_be_hidden()


def test_a_printed_search_says_what_was_searched_for(visit: Visit) -> None:
    page = visit(None, "/search?q=hitze")
    expect(page.locator("h1")).to_have_text("Suche", use_inner_text=True)
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_have_text("Suche: hitze", use_inner_text=True)
    expect(page.locator("#q")).to_be_hidden()
