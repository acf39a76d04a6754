"""Every page, on a phone and on a desk, light and dark: accessible, silent, never wider than its window."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from board.notifications import links
from board.notifications.models import Sort
from tests.browser.conftest import CONTRAST, DESK, LOOKING, PHONE, House, Seed, Visit, appeared, axe, contrast, overflow

GOOD: dict[str, set[str]] = {}
"""The paints whose contrast is good, by theme; the roles and both widths share them."""
PARTS: set[str] = set()
"""What shows on a desk alone and was looked at there."""
SIZED = ("target-size", "scrollable-region-focusable", "heading-order")
NO_PAGES = re.compile(
    r"^(static|api\..*|live\..*|ground\..*|metrics\..*|.*\.atom|identities\.(begin|back|connect)|reuse\.ask|figures\.file|work\.export.*"
    r"|decisions\.markdown_of_.*|roadmap\.(calendar|subscribe)|feeds\..*|modules\.(module|app|used_by)"
    r"|opendata\.(csv|json|catalogue)|workshops\.markdown)$"
)

FACES = {"work.index": ("/work?view=list",)}  # Other faces of a page, with templates of their own.


def addresses(app: Flask, seed: Seed) -> Iterator[tuple[str, str]]:
    """(endpoint, path) of every route that shows something, with keys from the seed."""
    samples = {
        "proposal_id": seed.proposals[0], "package_id": seed.packages[0], "comment_id": seed.comment, "slug": "aalen",
        "name": "imprint", "person_id": 2, "topic_id": 1, "token": seed.invitation,
        "connection_id": seed.connection, "delivery_id": 1, "rule_id": 1, "learning_id": 1,
        "decision_id": 1, "estimate_id": 1, "milestone_id": 1, "workshop_id": seed.workshop, "item_id": 1,
        "endpoint_id": 1,
    }  # fmt: skip
    with app.test_request_context():
        adapter = app.url_map.bind("127.0.0.1")
        declined = links.path(seed.people.ada.person_id, Sort.WEEKLY).rsplit("/", 1)[1]
        minutes = {"workshop_id": seed.workshop + 1}
        special: dict[str, dict[str, Any]] = {
            "workshops.minutes": minutes, "workshops.letter": minutes | {"slug": "aalen"},
            "credentials.show_reset": {"token": seed.reset}, "credentials.show_confirm": {"token": seed.confirmation},
            "notifications.unsubscribe": {"token": declined}, "duplicates.show": {"proposal_id": seed.merged},
        }  # fmt: skip
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
            if "GET" not in (rule.methods or ()) or NO_PAGES.match(rule.endpoint):
                continue
            unknown = rule.arguments - samples.keys()
            assert not unknown, f"{rule.rule}: give this test a sample for {unknown}"
            values = {name: samples[name] for name in rule.arguments} | special.get(rule.endpoint, {})
            yield rule.endpoint, adapter.build(rule.endpoint, values)
            yield from ((rule.endpoint, face) for face in FACES.get(rule.endpoint, ()))


OPERATED = (
    "connections.",
    "deliveries.",
    "rules.",
    "milestones.",
    "outgoing.",
    "sent_log.",
    "modules.",
)  # Pia looks after these; nobody else here may.
WHERE_ROLES_DIFFER = {
    "desk.show",
    "proposals.show",
    "proposals.edit",
    "ordering.table",
    "work.show",
    "work.index",
    "accounts.show",
}
SAME_FOR_ALL = {"reference.show"}  # Eight thousand elements: strangers look at them, the frame is looked at elsewhere.
ADMINISTRATION = ("admin.", "record.", "issues.import_", "joining.")


# Who sees every page, and who but a few; the long walks go in two halves, so that two workers share them.
WALKS = [(None, 0, 2), ("ada", 0, 2), (None, 1, 2), ("ada", 1, 2), ("dora", 0, 1), ("pia", 0, 1), ("rolf", 0, 1)]


@pytest.mark.parametrize(("who", "first", "step"), WALKS)
def test_every_page_is_accessible_silent_and_fits(
    house: House, visit: Visit, who: str | None, first: int, step: int
) -> None:
    page = visit(who, "/", PHONE)
    page.add_init_script(LOOKING)
    problems = []
    for endpoint, path in [*addresses(house.app, house.seed)][first::step]:
        if who in {"pia", "rolf"} and endpoint not in WHERE_ROLES_DIFFER and not endpoint.startswith(OPERATED):
            continue
        if who and endpoint in SAME_FOR_ALL:
            continue
        if who == "dora" and not endpoint.startswith(ADMINISTRATION):
            continue
        answer = page.goto(path)
        assert answer
        if answer.status in {401, 403} and endpoint != "accounts.show":
            continue  # Refusals look the same everywhere: one is looked at.
        alone = page.locator("main > h1.visually-hidden").count() > 0  # A component; its page is looked at whole.
        problems += [f"{path}: {problem}" for problem in _look(page, answer.status, alone=alone)]
    assert problems == []


SMALL = """() => [...document.querySelectorAll('body *')].filter((el) => {
    const written = [...el.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!written || el.matches('.roundel, option, title')) return false;
    const scale = el.ownerSVGElement ? el.getScreenCTM().a : 1;
    return el.checkVisibility() && parseFloat(getComputedStyle(el).fontSize) * scale < 12.9;
}).map((el) => el.textContent.trim().slice(0, 40))"""
"""What is written smaller than anybody can read; the two letters of a roundel only repeat the name beside it."""


def _look(page: Page, status: int, *, alone: bool = False) -> Iterator[str]:
    """All rules on a phone; on a desk those that ask for sizes, and all for what shows only there; contrast each time.

    So everything is looked at, and nothing twice that cannot differ. A component alone is the same on a desk.
    """
    if status >= 404:
        yield f"answers {status}"
        return
    for size in (PHONE,) if alone else (PHONE, DESK):
        page.set_viewport_size(size)
        found = axe(page, but=CONTRAST) if size is PHONE else axe(page, *SIZED) + appeared(page, PARTS)
        yield from (f"{size['width']}: {problem}" for problem in found)
        page.evaluate("eyes.looked()")
        if (pixels := overflow(page)) > 0:
            yield f"{size['width']}: {pixels} pixels wider than its window"
        yield from (f"{size['width']}: {text!r} is smaller than 13 pixels" for text in page.evaluate(SMALL))
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            good = GOOD.setdefault(scheme, set())
            yield from (f"{size['width']} {scheme}: {problem}" for problem in contrast(page, good))


WEAK = """(selector) => {
    const weak = new CSSStyleSheet();
    weak.replaceSync(`.weak { color: #ccc !important; background: #fff !important }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, weak];
    document.querySelector(selector).classList.add('weak');
}"""


def test_contrast_that_is_too_weak_is_found_wherever_it_was_not_seen_before(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    good: set[str] = set()
    assert contrast(page, good) == []
    assert contrast(page, good) == []
    page.evaluate(WEAK, "main p")
    (found,) = contrast(page, good)
    assert found.startswith("color-contrast")
    assert contrast(page, good) == [found], "what was found is found again"


def test_a_good_paint_says_nothing_of_the_same_text_on_another_ground(visit: Visit) -> None:
    page = visit(None, "/sign-in", PHONE)
    good: set[str] = set()
    assert contrast(page, good) == []
    assert good
    page.evaluate("selector => document.querySelector(selector).disabled = true", "main button")
    page.evaluate(WEAK, "main button")
    assert contrast(page, good) == [], "what cannot be used may be weak"
    page.evaluate("selector => document.querySelector(selector).disabled = false", "main button")
    assert contrast(page, good)
    page.evaluate("() => document.querySelector('.weak').classList.remove('weak')")
    page.evaluate("""() => {
        const ground = new CSSStyleSheet();
        ground.replaceSync('main { background: #333 }');
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, ground];
    }""")
    assert contrast(page, good), "another ground is another paint"


def test_what_shows_on_a_desk_alone_is_looked_at_there(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    parts: set[str] = set()
    page.evaluate("""() => {
        const wide = new CSSStyleSheet();
        wide.replaceSync('.wide { display: none } @media (width > 1000px) { .wide { display: block } }');
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, wide];
        document.querySelector('main').insertAdjacentHTML('beforeend', '<button class="wide"></button>');
    }""")
    assert axe(page, but=CONTRAST) == []
    page.evaluate("eyes.looked()")
    page.set_viewport_size(DESK)
    found = appeared(page, parts)
    assert any(line.startswith("button-name") for line in found)
    assert appeared(page, parts) == found, "what was found is found again"


def test_errors_are_pages_too(visit: Visit) -> None:
    page = visit(None, "/nothing-here", PHONE)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert [*_look(page, 200)] == []
