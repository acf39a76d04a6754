"""What people come for, in a real browser: with scripts and without, alone and two at a time."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.conftest import DESK, PHONE, House, Visit


@pytest.fixture
def proposal(house: House) -> int:
    """A fresh open proposal of Aalen's."""
    with house.app.app_context():
        return factories.make_proposal(house.seed.people, title="Ladesäulen finden", text="Freie Ladesäulen sehen.")


@pytest.fixture
def package(house: House, proposal: int) -> int:
    """A free package under it."""
    with house.app.app_context():
        return factories.make_package(house.seed.people, proposal, title="Karte bauen")


def streaming(page: Page) -> Page:
    """The page, once its stream is open: what is told before comes by the cursor, but this makes seconds comparable."""
    expect(page.locator("#live")).to_be_attached()
    page.wait_for_timeout(300)
    return page


def test_a_delegate_signs_in_by_a_tap_finds_a_proposal_votes_and_takes_it_back(visit: Visit, proposal: int) -> None:
    page = visit(None, "/proposals", PHONE)
    page.get_by_role("link", name="Anmelden").first.click()
    page.get_by_role("group", name=re.compile("Stimmführende")).get_by_role("button", name="Aalen").click()
    expect(page).to_have_url(re.compile("/proposals$|/$"))
    page.goto("/proposals")
    page.locator("#q").fill("Ladesäulen")
    expect(page).to_have_url(re.compile("q=Lades"))
    ballot = page.locator(f"#ballot-{proposal}")
    expect(ballot.locator(".due")).to_be_visible()
    page.locator(f"#ballot-{proposal}-for").click()
    expect(ballot.locator(".receipt").first).to_contain_text("Aalen")
    expect(page.locator(f"#ballot-{proposal}-for")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#tally-{proposal}")).to_contain_text("1")
    expect(page.locator(f"#ballot-{proposal}-for")).to_be_focused()
    page.locator(f"#ballot-{proposal}-withdraw").click()
    expect(ballot.locator(".due")).to_be_visible()
    expect(page.locator(f"#ballot-{proposal}-for")).to_be_focused()


def test_a_vote_against_asks_for_its_reason_first(visit: Visit, proposal: int) -> None:
    page = visit("ada", f"/proposals/FV-{proposal}", PHONE)
    page.locator(f"#ballot-{proposal}-against").click()
    reason = page.locator(f"#ballot-{proposal} textarea")
    expect(reason).to_be_focused()
    expect(page.locator(f"#ballot-{proposal}-against")).to_have_attribute("aria-pressed", "false")
    page.locator(f"#ballot-{proposal}-cancel").press("Enter")
    expect(reason).to_have_count(0)
    expect(page.locator(f"#ballot-{proposal}-for")).to_be_focused()
    page.locator(f"#ballot-{proposal}-against").click()
    reason.fill("Wir haben das schon.")
    page.locator(f"#ballot-{proposal}-send").press("Enter")
    expect(page.locator(f"#ballot-{proposal}-against")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#ballot-{proposal}-against")).to_be_focused()  # Another Enter then changes nothing.


def test_a_ballot_shows_in_another_browser_by_itself_and_what_is_typed_there_stays(visit: Visit, proposal: int) -> None:
    cleo = streaming(visit("cleo", f"/proposals/FV-{proposal}"))
    listing = streaming(visit(None, "/proposals?q=Ladesäulen", PHONE))
    box = cleo.locator(f"#write-FV-{proposal}-text")
    box.click()
    box.press_sequentially("Wir in Celle")
    ada = visit("ada", f"/proposals/FV-{proposal}", PHONE)
    ada.locator(f"#ballot-{proposal}-for").click()
    begun = time.monotonic()
    expect(cleo.locator(f"#tally-{proposal}")).to_contain_text("1 dafür")
    expect(listing.locator(f"#tally-{proposal}")).to_contain_text("1 dafür")
    assert time.monotonic() - begun < 2
    expect(box).to_be_focused()
    box.press_sequentially(" machen mit.")
    expect(box).to_have_value("Wir in Celle machen mit.")


def test_a_claim_shows_on_somebody_elses_board(visit: Visit, package: int) -> None:
    ben = streaming(visit("ben", "/work?q=Karte bauen"))
    cleo = visit("cleo", f"/packages/AP-{package}")
    cleo.locator(f"#package-{package}-claim").click()
    expect(ben.locator(f"#package-{package}")).to_contain_text("Celle")
    expect(ben.locator(f"#claim-{package}")).to_have_count(0)


def test_of_two_who_claim_at_once_one_is_told_in_place_who_was_faster(house: House, visit: Visit, package: int) -> None:
    late = visit("cleo", "/work?view=list&q=Karte bauen", PHONE)
    late.route("**/packages/*/card*", lambda route: route.abort())  # The news arrives too late here.
    late.route("**/live*", lambda route: route.abort())
    with house.app.app_context():
        factories.claim(package, house.seed.people.ada.actor)
    late.locator(f"#claim-{package}").click()
    told = late.locator(f"#package-{package} [role=alert]")
    expect(told).to_contain_text("Aalen")
    late.locator(f"#support-{package}").click()
    expect(late.locator(f"#package-{package}")).to_contain_text("Celle")
    late.watch.said.clear()  # type: ignore[attr-defined]  # What was cut off on purpose.


def test_without_scripts_voting_and_claiming_work_the_same(visit: Visit, proposal: int, package: int) -> None:
    page = visit("ada", "/proposals?q=Ladesäulen", PHONE, js=False)
    page.locator(f"#ballot-{proposal}-for").click()
    expect(page).to_have_url(re.compile(rf"/proposals\?q=Lades.*#ballot-{proposal}$"))
    expect(page.locator(f"#ballot-{proposal}-for")).to_have_attribute("aria-pressed", "true")
    page.locator(f"#ballot-{proposal}-against").click()
    page.locator(f"#ballot-{proposal} textarea").fill("Doch nicht.")
    page.locator(f"#ballot-{proposal}-send").click()
    page.goto(f"/proposals/FV-{proposal}")
    expect(page.locator(f"#ballot-{proposal}-against")).to_have_attribute("aria-pressed", "true")
    page.locator(f"#ballot-{proposal}-abstain").click()
    page.locator("#flash-undo").click()  # The reason would be lost: the message brings it back.
    expect(page.locator(f"#ballot-{proposal}-against")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#ballot-{proposal}-reason")).to_have_value("Doch nicht.")
    page.goto(f"/packages/AP-{package}")
    page.locator(f"#package-{package}-claim").click()
    expect(page.locator(f"#package-{package}-claim")).to_have_count(0)
    expect(page.locator(f"#package-{package}")).to_contain_text("Aalen")


def test_back_leads_to_the_same_list_at_the_same_place(visit: Visit) -> None:
    page = visit("ada", "/proposals", {"width": 390, "height": 500})
    page.locator("#q").fill("melden")
    expect(page).to_have_url(re.compile("q=melden"))
    link = page.locator("[data-open]").last
    link.scroll_into_view_if_needed()
    before = page.evaluate("() => { scrollBy(0, 150); return scrollY; }")
    assert before > 0
    link.click()
    expect(page.locator("h1")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("q=melden"))
    expect(page.locator("#q")).to_have_value("melden")
    page.wait_for_function("before => Math.abs(scrollY - before) < 60", arg=before)


def test_a_draft_survives_signing_in_and_is_proposed_once(visit: Visit, house: House) -> None:
    page = visit(None, "/proposals/new")
    page.locator("#title").fill("Trinkbrunnen finden")
    page.locator("#text").fill("Wo gibt es Wasser?")
    page.get_by_role("link", name="Anmelden", exact=True).click()
    page.get_by_role("group", name=re.compile("Stimmführende")).get_by_role("button", name="Aalen").click()
    expect(page).to_have_url(re.compile("/proposals/new$"))
    expect(page.locator("#title")).to_have_value("Trinkbrunnen finden")
    expect(page.locator("#text")).to_have_value("Wo gibt es Wasser?")
    page.locator("#topic").select_option(index=1)
    page.locator("#new .actions button").click()
    expect(page.locator("h1")).to_have_text("Trinkbrunnen finden")
    page.goto("/proposals/new")
    expect(page.locator("#title")).to_have_value("")


def test_an_expired_session_says_so_and_keeps_what_was_typed(house: House, visit: Visit, proposal: int) -> None:
    page = streaming(visit("ben", f"/proposals/FV-{proposal}"))
    box = page.locator(f"#write-FV-{proposal}-text")
    box.fill("Ein langer Gedanke.")
    house.end_sessions("ben")
    page.locator(f"#write-FV-{proposal}-send").click()
    alert = page.locator("#flash [role=alert]")
    expect(alert.get_by_role("link")).to_be_visible()
    expect(box).to_have_value("Ein langer Gedanke.")


def test_keys_alone_are_enough_to_vote(visit: Visit, proposal: int) -> None:
    page = visit("cleo", "/proposals?q=Ladesäulen", DESK)
    page.locator(f"#ballot-{proposal}-abstain").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#ballot-{proposal}-abstain")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#ballot-{proposal}-abstain")).to_be_focused()


def test_a_form_whose_decision_is_recorded_closes_and_is_empty(house: House, visit: Visit) -> None:
    with house.app.app_context():
        number = factories.make_proposal(house.seed.people, title="Parkplätze mit Ladestation")
    page = visit("pia", f"/proposals/FV-{number}")
    fold = page.locator(f"#state-{number}-decision")
    fold.locator("summary").click()
    fold.locator("[name=reason]").fill("Erst nach der Prüfung.")
    page.locator(f"#state-{number}-defer").click()
    page.locator("#confirm [value=yes]").click()
    expect(fold.locator(".error").first).to_be_visible()
    expect(fold).to_have_attribute("open", "")
    expect(fold.locator("[name=reason]")).to_have_value("Erst nach der Prüfung.")
    fold.locator("[name=body]").fill("Lenkungskreis")
    page.locator(f"#state-{number}-defer").click()
    page.locator("#confirm [value=yes]").click()
    expect(page.locator(f"#state-{number} .verdict")).to_contain_text("Erst nach der Prüfung.")
    expect(fold).not_to_have_attribute("open", "")
    expect(fold.locator("[name=reason]")).to_have_value("")
    expect(fold.locator("summary")).to_be_focused()


def test_only_what_was_recorded_glows(visit: Visit, proposal: int) -> None:
    page = visit("ada", f"/proposals/FV-{proposal}")
    page.emulate_media(reduced_motion="no-preference")
    page.evaluate("Element.prototype.animate = function () { document.body.dataset.glowed += ` ${this.id} ` }")
    glowed = re.compile(rf" ballot-{proposal} ")
    page.locator(f"#ballot-{proposal}-against").click()  # Asks for a reason: nothing is recorded yet.
    expect(page.locator(f"#ballot-{proposal}-reason")).to_be_visible()
    expect(page.locator("body")).not_to_have_attribute("data-glowed", glowed)
    page.locator(f"#ballot-{proposal}-for").click()
    expect(page.locator(f"#ballot-{proposal}-for")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("body")).to_have_attribute("data-glowed", glowed)
