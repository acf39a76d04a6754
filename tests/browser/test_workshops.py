"""A workshop in browsers: a projector and two phones; keys; what is typed on a phone stays."""

import time

from playwright.sync_api import Locator, Page, expect

from board.workshops.models import AgendaItem, ItemKind
from tests import factories
from tests.browser.conftest import DESK, PHONE, House, Visit, axe, overflow

WIDE = {"width": 1920, "height": 1080}


def begin(house: House, *titles: str) -> tuple[int, list[int]]:
    """A workshop of its own with these proposals on its agenda; (its id, theirs)."""
    people = house.seed.people
    with house.app.app_context():
        made = [factories.make_proposal(people, title=title) for title in titles]
        workshop = factories.meet(people, " und ".join(titles))
        with factories.transaction():
            here = factories.workshops.locked(workshop)
            for item in factories.workshops.items(workshop):  # However much else is open by now.
                factories.workshops.arrange(here, item.id, "remove", people.pia.actor)
            for proposal_id in made:
                item = AgendaItem(kind=ItemKind.VOTE, proposal_id=proposal_id)
                factories.workshops.add(here, item, people.pia.actor)
        with factories.transaction():
            first = factories.workshops.items(workshop)[0]
            factories.workshops.turn(factories.workshops.locked(workshop), str(first.id), people.pia.actor)
        return workshop, made


def large(screen: Page, word: str) -> Locator:
    """The large number beside a word."""
    return screen.locator(f".votes-large .{word} dd")


def test_a_ballot_tapped_on_a_phone_is_on_the_projector_by_itself(house: House, visit: Visit) -> None:
    workshop, (one, _other) = begin(house, "Trinkbrunnen zeigen", "Sitzbänke zeigen")
    screen = visit("pia", f"/workshops/{workshop}/screen", WIDE)
    first, second = (visit(who, f"/workshops/{workshop}", PHONE) for who in ("ada", "cleo"))
    expect(large(screen, "missing")).to_have_text("3")
    screen.wait_for_timeout(300)
    assert axe(screen) == []
    assert axe(first) == []
    assert overflow(first) <= 0
    for phone, choice, n in ((first, "for", "1"), (second, "abstain", "1")):
        begun = time.monotonic()
        phone.locator(f"#ballot-{one}-{choice}").click()
        expect(large(screen, choice)).to_have_text(n)
        assert time.monotonic() - begun < 2
    expect(large(screen, "missing")).to_have_text("1")
    expect(screen.locator(".stage .seats")).to_contain_text("Celle")


def test_keys_turn_the_agenda_and_phones_follow(house: House, visit: Visit) -> None:
    workshop, (one, other) = begin(house, "Radwege melden", "Glascontainer zeigen")
    screen, phone = visit("pia", f"/workshops/{workshop}/screen", DESK), visit("ada", f"/workshops/{workshop}", PHONE)
    expect(phone.locator(f"#ballot-{one}")).to_be_visible()
    phone.wait_for_timeout(300)
    screen.keyboard.press("ArrowRight")
    expect(screen.get_by_role("heading", level=1)).to_contain_text("Glascontainer zeigen")
    expect(phone.locator(f"#ballot-{other}")).to_be_visible()
    screen.keyboard.press("PageUp")
    expect(screen.get_by_role("heading", level=1)).to_contain_text("Radwege melden")


def test_a_reason_being_typed_outlives_the_next_item(house: House, visit: Visit) -> None:
    workshop, (one, other) = begin(house, "Parkplatz finden", "Bücherei öffnen")
    screen, phone = visit("pia", f"/workshops/{workshop}/screen", DESK), visit("cleo", f"/workshops/{workshop}", PHONE)
    phone.wait_for_timeout(300)
    phone.locator(f"#ballot-{one}-against").click()
    reason = phone.locator(f"#ballot-{one}-reason")
    reason.fill("Erst im Ausschuss")
    screen.keyboard.press("ArrowRight")
    expect(screen.get_by_role("heading", level=1)).to_contain_text("Bücherei öffnen")
    phone.wait_for_timeout(900)
    expect(reason).to_have_value("Erst im Ausschuss")
    phone.locator(f"#ballot-{one}-send").click()
    expect(phone.locator(f"#ballot-{other}")).to_be_visible()


def test_without_javascript_a_workshop_is_held_too(house: House, visit: Visit) -> None:
    workshop, _proposals = begin(house, "Hundewiesen zeigen", "Spielplätze zeigen")
    page = visit("pia", f"/workshops/{workshop}/screen", DESK, js=False)
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Spielplätze")
    assert page.url.endswith("/screen")
    phone = visit("ada", f"/workshops/{workshop}", PHONE, js=False)
    phone.locator("[id^=ballot-][id$=-for]").first.click()
    expect(phone.locator("[id^=ballot-][id$=-for]").first).to_have_attribute("aria-pressed", "true")
