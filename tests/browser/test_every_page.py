"""Every page, on a phone and on a desk, light and dark: accessible, silent, never wider than its window."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from board.notifications import links
from board.notifications.models import Sort
from tests.browser.conftest import DESK, LOOKING, PHONE, House, Seed, Visit, look, sign_in

KNOWN: dict[str, set[str]] = {}
"""What was looked at, by look: parts of pages, paints and their contrast. All people and both widths share it."""
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


EVERYBODY = (None, "ada", "dora", "pia", "rolf")
SHARES = 8
"""So many workers can walk at once. Each shows its pages to one after another: what was looked at is known then."""


@pytest.mark.parametrize("share", range(SHARES))
def test_every_page_is_accessible_silent_and_fits(house: House, visit: Visit, share: int) -> None:
    pages = [*addresses(house.app, house.seed)][share::SHARES]
    page = visit(None, "/", PHONE)
    page.add_init_script(LOOKING)
    problems = []
    for who in EVERYBODY:
        page.context.clear_cookies()
        if who:
            sign_in(house, page.context, who)
        for endpoint, path in pages:
            if _shown_to(who, endpoint):
                problems += [f"{who} {path}: {problem}" for problem in _open(page, endpoint, path)]
    assert problems == []


def _shown_to(who: str | None, endpoint: str) -> bool:
    """Strangers and delegates see every page, others those which are theirs or not the same for all."""
    if who in {"pia", "rolf"}:
        return endpoint in WHERE_ROLES_DIFFER or endpoint.startswith(OPERATED)
    return endpoint.startswith(ADMINISTRATION) if who == "dora" else not (who and endpoint in SAME_FOR_ALL)


def _open(page: Page, endpoint: str, path: str) -> Iterator[str]:
    if endpoint != "accounts.show" and page.request.get(path).status in {401, 403}:
        return  # Refusals look the same everywhere: one is looked at.
    answer = page.goto(path)
    assert answer
    alone = page.locator("main > h1.visually-hidden").count() > 0  # A component; its page is looked at whole.
    yield from _look(page, answer.status, alone=alone)


def _look(page: Page, status: int, *, alone: bool = False) -> Iterator[str]:
    """All rules on a phone; on a desk those that ask for sizes, and all for what shows only there; contrast each time.

    So everything is looked at, and nothing twice that cannot differ. A component alone is the same on a desk.
    """
    if status >= 404:
        yield f"answers {status}"
        return
    looks = {
        "phone, light": ("page", "sizes", "width", "letters", "contrast"), "phone, dark": ("contrast in the dark",),
        "desk, dark": ("appeared", "sizes", "width", "letters", "contrast in the dark"), "desk, light": ("contrast",),
    }  # fmt: skip
    for where, what in looks.items():
        size, scheme = where.split(", ")
        if size == "desk" and alone:
            break
        page.set_viewport_size(PHONE if size == "phone" else DESK)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        yield from (f"{where}: {problem}" for problem in look(page, KNOWN, *what))


WEAK = """(selector) => {
    const weak = new CSSStyleSheet();
    weak.replaceSync(`.weak { color: #ccc !important; background: #fff !important }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, weak];
    document.querySelector(selector).classList.add('weak');
}"""


def test_contrast_that_is_too_weak_is_found_wherever_it_was_not_seen_before(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    known: dict[str, set[str]] = {}
    assert look(page, known, "contrast") == []
    assert look(page, known, "contrast") == []
    page.evaluate(WEAK, "main p")
    (found,) = look(page, known, "contrast")
    assert found.startswith("color-contrast")
    assert look(page, known, "contrast") == [found], "what was found is found again"


def test_a_good_paint_says_nothing_of_the_same_text_on_another_ground(visit: Visit) -> None:
    page = visit(None, "/sign-in", PHONE)
    known: dict[str, set[str]] = {}
    assert look(page, known, "contrast") == []
    assert known["contrast"]
    page.evaluate("selector => document.querySelector(selector).disabled = true", "main button")
    page.evaluate(WEAK, "main button")
    assert look(page, known, "contrast") == [], "what cannot be used may be weak"
    page.evaluate("selector => document.querySelector(selector).disabled = false", "main button")
    assert look(page, known, "contrast")
    page.evaluate("() => document.querySelector('.weak').classList.remove('weak')")
    page.evaluate("""() => {
        const ground = new CSSStyleSheet();
        ground.replaceSync('main { background: #333 }');
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, ground];
    }""")
    assert look(page, known, "contrast"), "another ground is another paint"


def test_what_shows_on_a_desk_alone_is_looked_at_there(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    known: dict[str, set[str]] = {}
    page.evaluate("""() => {
        const wide = new CSSStyleSheet();
        wide.replaceSync('.wide { display: none } @media (width > 1000px) { .wide { display: block } }');
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, wide];
        document.querySelector('main').insertAdjacentHTML('beforeend', '<button class="wide"></button>');
    }""")
    assert look(page, known, "page", "sizes") == []
    page.set_viewport_size(DESK)
    found = look(page, known, "appeared")
    assert any(line.startswith("button-name") for line in found)
    assert look(page, known, "appeared") == found, "what was found is found again"


def test_what_a_known_part_says_elsewhere_is_not_said_of_another(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    known: dict[str, set[str]] = {}
    assert look(page, known, "page") == []
    assert look(page, known, "page") == []
    page.evaluate("() => document.querySelector('header a').insertAdjacentHTML('afterbegin', '<img src=data:,>')")
    found = look(page, known, "page")
    assert any(line.startswith("image-alt") for line in found), "a part with something new in it is another part"
    assert look(page, known, "page") == found, "what was found is found again"


def test_a_name_that_is_gone_from_another_part_is_missed(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    known: dict[str, set[str]] = {}
    page.evaluate("""() => document.querySelector('main').insertAdjacentHTML('beforeend', `<div id="named">
        <p>1</p><p>2</p><p>3</p><p>4</p><button aria-labelledby="far"></button></div><p id="far">Name</p>`)""")
    assert look(page, known, "page") == []
    page.evaluate("() => document.querySelector('#far').replaceChildren()")
    assert any(line.startswith("button-name") for line in look(page, known, "page"))


CLOSE = """() => {
    const close = new CSSStyleSheet();
    close.replaceSync(`.lonely { padding: 60px }
        .close { display: block; width: 12px; height: 12px; min-height: 0; padding: 0; overflow: hidden }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, close];
    document.querySelector('main').insertAdjacentHTML('beforeend',
        '<div class="lonely"><a class="close" href="/a">a</a><a class="close apart" href="/b">b</a></div>');
}"""


def test_what_is_too_small_to_be_hit_beside_another_is_found(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    known: dict[str, set[str]] = {}
    assert look(page, known, "sizes") == []
    page.evaluate(CLOSE)
    found = look(page, known, "sizes")
    assert any(line.startswith("target-size") for line in found)
    assert look(page, known, "sizes") == found, "what was found is found again"
    page.evaluate("() => document.querySelector('.apart').remove()")
    assert look(page, known, "sizes") == [], "alone it has room"


def test_a_heading_that_leaves_out_a_level_is_found_wherever_it_was_not_seen_before(visit: Visit) -> None:
    page = visit(None, "/partners", PHONE)
    known: dict[str, set[str]] = {}
    assert look(page, known, "sizes") == []
    page.evaluate("() => document.querySelector('main').insertAdjacentHTML('beforeend', '<h5>Zu tief</h5>')")
    assert any(line.startswith("heading-order") for line in look(page, known, "sizes"))


def test_errors_are_pages_too(visit: Visit) -> None:
    page = visit(None, "/nothing-here", PHONE)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert [*_look(page, 200)] == []
