"""What people saw crooked at first sight and was put straight: long names, long labels, long titles, narrow cards."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from board.db import db, transaction
from board.partners.models import Partner
from tests.browser.conftest import DESK, PHONE, House, Visit, overflow


def box(thing: Locator) -> dict[str, float]:
    """Where something stands, with its last edge."""
    found: Any = thing.bounding_box()
    assert found, thing
    return {**found, "right": found["x"] + found["width"], "bottom": found["y"] + found["height"]}


def words(page: Page, of: Locator) -> list[float]:
    """The heights at which lines of a text begin, from above."""
    tops: list[float] = of.evaluate(
        "el => { const range = document.createRange(); range.selectNodeContents(el);"
        " return [...new Set([...range.getClientRects()].map(r => Math.round(r.top)))].sort((a, b) => a - b) }"
    )
    return tops


@pytest.fixture
def long_name(house: House) -> Iterator[str]:
    """Aalen for a while has a name as long as associations have."""
    told = "Zweckverband Digitales Probetal an der Oberen Donau"
    for name in (told, "Aalen"):
        with house.app.app_context(), transaction():
            db.session.get_one(Partner, house.seed.people.aalen).name = name
        if name == told:
            yield told


@pytest.mark.parametrize("size", [PHONE, {"width": 1184, "height": 800}, DESK], ids=["390", "1184", "1280"])
def test_a_long_name_leaves_the_head_of_the_page_in_its_lines(long_name: str, visit: Visit, size: Any) -> None:
    page = visit("ada", "/", size)
    name = page.locator("#identity b")
    expect(name).to_have_text(long_name)
    brand, find, whole = box(page.locator(".brand")), box(page.locator("#find")), box(page.locator("#identity"))
    assert abs((brand["y"] + brand["bottom"]) - (find["y"] + find["bottom"])) < 8, "one line: the sign and the search"
    assert len(words(page, name)) == 1
    assert whole["right"] <= size["width"]
    entries = [box(entry)["y"] for entry in page.locator(".nav > ul > li:visible").all()]
    assert len(set(entries)) == 1, "the entries of the navigation stand in one line"


def test_a_box_stands_beside_the_first_line_of_its_label(visit: Visit) -> None:
    page = visit("ada", "/partners/aalen/people")
    choice = page.locator("#invite .field.check").nth(1)
    dot, label = box(choice.locator("input")), choice.locator("label")
    first, second = words(page, label)[:2]
    assert first - 4 < dot["y"], "not above it"
    assert dot["bottom"] < second + 2, "beside the first of two lines, not between them"


def test_a_date_stays_in_its_card(house: House, visit: Visit) -> None:
    page = visit("ada", f"/proposals/FV-{house.seed.proposals[1]}")
    card = page.locator("section.offers")
    card.locator("summary").first.click()
    date = card.locator('input[type="date"]').last
    expect(date).to_be_visible()
    assert box(date)["right"] <= box(card.locator("textarea").first)["right"] + 1


def test_the_count_stands_behind_the_last_word_of_a_long_title(house: House, visit: Visit) -> None:
    page = visit("ada", f"/proposals/FV-{house.seed.proposals[0]}", PHONE)
    head = page.locator(".section-head:has(> .count):not(:has(.more))").first
    head.locator("h2").evaluate("el => { el.textContent = 'Angenommen, wenn bis zum Tag kein Einwand kommt' }")
    lines = words(page, head.locator("h2"))
    assert len(lines) == 2
    count = box(head.locator(".count"))
    assert count["y"] < lines[1] + 12, "in the second line, not in a third one of its own"


def test_a_new_proposal_has_its_fields_at_even_distances(visit: Visit) -> None:
    page = visit("ada", "/proposals/new")
    fields = [box(page.locator(f".field:has(#{name})")) for name in ("title", "text", "links")]
    pair = box(page.locator(".pair").first)
    assert abs((fields[1]["y"] - fields[0]["bottom"]) - (pair["y"] - fields[1]["bottom"])) < 2


def test_the_narrowest_window_that_wcag_asks_for_is_wide_enough(house: House, visit: Visit) -> None:
    page = visit("ada", "/", {"width": 320, "height": 640})
    for path in ("/", "/proposals", f"/proposals/FV-{house.seed.proposals[0]}", "/work", "/roadmap", "/figures"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert overflow(page) == 0, path
