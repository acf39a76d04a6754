"""The matrix of reuse in a browser: edited in place, followed by others, confirmed from a mail."""

from datetime import date

from playwright.sync_api import Route, expect

from board.db import transaction
from board.policy import SYSTEM
from board.proposals.states import State
from board.proposals.writing import Draft, import_
from board.reuse import asking
from board.voting.models import Reuse, ReuseStatus
from tests import factories
from tests.browser.conftest import DESK, PHONE, House, Visit, axe, overflow
from tests.test_matrix import use


def test_a_delegate_edits_a_cell_in_place_and_another_browser_follows(house: House, visit: Visit) -> None:
    with house.app.app_context():
        proposal = factories.make_proposal(house.seed.people, title="Parkplätze finden", state=State.AVAILABLE)
    page, other = visit("ada", "/reuse", DESK), visit(None, "/reuse", DESK)
    other.wait_for_timeout(300)
    page.locator(f"#uses-{proposal}-own").click()
    dialog = page.get_by_role("dialog", name="Eintrag bearbeiten")
    dialog.get_by_label("Stand").select_option("pilot")
    assert axe(page) == []
    dialog.get_by_role("button", name="Eintrag speichern").click()
    expect(dialog).to_contain_text("Nachnutzung erfasst")
    dialog.get_by_role("button", name="Schließen").click()
    expect(page.locator(f"#uses-{proposal}-own .reuse-pilot")).to_be_visible()
    with house.app.app_context():
        use(proposal, house.seed.people.cleo, ReuseStatus.LIVE)
    page.reload()
    expect(page.locator(f"#uses-{proposal}")).to_contain_text("Celle: im Einsatz")
    expect(other.locator(f"#uses-{proposal}")).to_contain_text("Aalen: im Pilot")


def test_news_of_one_s_own_change_that_come_before_its_answer_do_not_take_its_message_away(
    house: House, visit: Visit
) -> None:
    with house.app.app_context():
        proposal = factories.make_proposal(house.seed.people, title="Parkhäuser finden", state=State.AVAILABLE)
    page = visit("ada", "/reuse", DESK)
    page.locator(f"#uses-{proposal}-own").click()
    dialog = page.get_by_role("dialog", name="Eintrag bearbeiten")
    dialog.get_by_label("Stand").select_option("pilot")
    held: list[Route] = []
    page.route(
        "**/proposals/*/reuse",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    with page.expect_request("**/proposals/*/reuse"):
        dialog.get_by_role("button", name="Eintrag speichern").click()
    page.evaluate("id => document.dispatchEvent(new CustomEvent(`reuse-${id}`))", proposal)
    with page.expect_response(lambda answer: answer.request.method == "GET" and answer.url.endswith("/reuse")) as late:
        held[0].continue_()
    late.value.finished()
    page.wait_for_timeout(200)
    expect(dialog).to_contain_text("Nachnutzung erfasst")


def test_a_builders_mark_stands_on_desk_and_phone_and_an_entry_leads_to_its_contact(house: House, visit: Visit) -> None:
    people = house.seed.people
    with house.app.app_context():
        with transaction():
            draft, builders = Draft("Parkhaus", people.defects), [people.aalen, people.celle]
            proposal = import_(SYSTEM, draft, state=State.AVAILABLE, builders=builders).id
        use(proposal, people.cleo, ReuseStatus.LIVE, contact="digital@celle.example")
    for size in (DESK, PHONE):
        page = visit("ada", "/reuse", size)
        row = page.locator(f"#uses-{proposal}")
        expect(row.get_by_role("link", name="Aalen: hat es gebaut, Nutzung nicht erfasst")).to_be_visible()
        assert axe(page) == []
        assert overflow(page) <= 0
        row.get_by_role("link", name="Celle: im Einsatz, hat es gebaut").click()
        expect(page.locator(":target")).to_contain_text("digital@celle.example")


def test_a_mail_s_link_confirms_with_one_tap(house: House, visit: Visit) -> None:
    with house.app.app_context():
        proposal = factories.make_proposal(house.seed.people, title="Bäder", state=State.AVAILABLE)
        use(proposal, house.seed.people.ada, confirmed_on=date(2026, 1, 1))
        entry = asking.db.session.scalars(asking.select(Reuse.id).where(Reuse.proposal_id == proposal)).one()
    server = visit(None, "/", PHONE)
    with house.app.app_context():
        signed = asking.token(entry, house.seed.people.ada.person_id)
    server.goto(f"/reuse/confirm/{signed}")
    assert axe(server) == []
    assert overflow(server) <= 0
    server.get_by_role("button", name="Ja, das stimmt noch").click()
    expect(server.get_by_role("heading", level=1)).to_have_text("Vielen Dank, das ist bestätigt")
