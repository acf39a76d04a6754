"""What somebody with the board open notices when a node dies, and when the database is away."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK
from tests.cluster.place import HTMX, Place

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
SOON = 20_000
"""Milliseconds: a browser asks again some seconds after its stream was cut off, more on a busy machine."""


@pytest.fixture
def place(clustered: Place) -> Place:
    """The cluster."""
    return clustered


@pytest.fixture
def page(place: Place, chromium: Browser) -> Page:
    """Ben's browser on the proposal."""
    context = chromium.new_context(viewport=DESK, locale="de-DE")
    origin = f"http://localhost:{place.door}"
    context.add_cookies([{"name": "session", "value": place.token(place.people.ben), "url": origin}])
    page = context.new_page()
    page.goto(f"{origin}{place.path()}")
    return page


def test_the_page_follows_when_the_node_it_listens_to_dies(place: Place, page: Page) -> None:
    cleo = place.token(place.people.cleo)
    tally = page.locator(f"#tally-{place.proposal}").first
    for node in place.cluster.nodes:  # One of them holds the stream.
        node.kill()
        before = tally.inner_text()
        choice = "abstain" if node is place.cluster.nodes[0] else "for"
        answer = place.ask(place.path("/ballot"), cleo, {"choice": choice}, **HTMX)
        assert answer.status == 200
        expect(tally).not_to_have_text(before, timeout=SOON)
        node.start()
        node.until_ready()
    page.context.close()


def test_while_the_database_is_away_the_page_says_so_and_comes_back_by_itself(place: Place, page: Page) -> None:
    assert place.cluster.database
    notice = page.locator("#away")
    for port in place.nodes:
        place.ask("/proposals", port=port)
    origin = f"http://localhost:{place.door}"
    ada = page.context.browser.new_context(viewport=DESK, locale="de-DE")  # type: ignore[union-attr]
    ada.add_cookies([{"name": "session", "value": place.token(place.people.ada), "url": origin}])
    voting = ada.new_page()
    voting.goto(f"{origin}{place.path()}")
    place.cluster.database.kill()
    try:
        page.goto(f"{origin}/proposals")
        expect(notice).to_contain_text("Der Datenbestand ist gerade nicht erreichbar.")
        expect(notice).to_contain_text("Sie bleiben angemeldet.")
        voting.get_by_role("button", name="Dafür").first.click()
        expect(voting.locator("#status")).to_contain_text("Das Board kann gerade nichts speichern.")
    finally:
        place.cluster.database.start()
    expect(notice).to_have_count(0, timeout=SOON)
    expect(page.locator("#identity")).to_be_visible()
    voting.get_by_role("button", name="Dafür").first.click()
    expect(voting.locator("#status")).to_contain_text("Votum")
    ada.close()
    page.context.close()
