"""The desk: what waits for each, and the partnership at a glance for everybody else."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from board.accounts.models import Person
from board.db import at, db, now, transaction
from board.desk import queries
from board.i18n import today
from board.proposals.models import Proposal
from tests.conftest import Browser, counting
from tests.factories import cast, claim, comment, make_package, make_proposal, offer
from tests.people import Cast


@pytest.fixture
def proposal(app: Flask, people: Cast) -> int:
    with app.app_context():
        return make_proposal(people, title="Mängel & Lob melden")


def main(page: str) -> str:
    return page.split("<main")[1].split("</main>")[0]


def section(page: str, name: str) -> str:
    """A section of the desk, empty where it is not shown."""
    found = re.search(rf'<section class="section" id="{name}".*?(?=<section class="section"|$)', main(page), re.DOTALL)
    return found[0] if found else ""


def test_a_delegate_casts_a_ballot_that_is_due_right_here(cleo: Browser, proposal: int) -> None:
    page = cleo.get("/").text
    assert "1 Votum von Celle steht aus." in page
    due = section(page, "due")
    assert f'action="/proposals/FV-{proposal}/ballot"' in due
    assert cleo.post(f"/proposals/FV-{proposal}/ballot", data={"choice": "for"}).status_code == 303
    after = cleo.get("/").text
    assert section(after, "due") == ""
    assert "Celle hat zu allen offenen Vorschlägen ein Votum abgegeben." in after
    assert "Alles erledigt" in after


def test_the_soonest_ballot_comes_first_and_the_rest_is_counted(app: Flask, people: Cast, cleo: Browser) -> None:
    with app.app_context():
        for days in (30, 10, 20, 40, 50, 60, 70):
            make_proposal(people, title=f"In {days} Tagen", vote_by=today() + timedelta(days=days))
    page = cleo.get("/").text
    shown = re.findall(r"In (\d+) Tagen</a>", section(page, "due"))
    assert shown == ["10", "20", "30", "40", "50"]
    assert "7 Voten von Celle stehen aus." in page


def test_a_lease_that_asks_is_renewed_from_the_desk(app: Flask, people: Cast, ada: Browser, proposal: int) -> None:
    with app.app_context(), at(now() - timedelta(days=61)):
        number = make_package(people, proposal)
        claim(number, people.ada.actor)
    asked = section(ada.get("/").text, "leases")
    assert f'action="/packages/AP-{number}/renew' in asked
    answer = ada.post(f"/packages/AP-{number}/renew?face=line", partial=True, target=f"package-{number}")
    assert answer.status_code == 200
    assert f'id="package-{number}"' in answer.text
    assert section(ada.get("/").text, "leases") == ""


def test_free_packages_are_shown_to_take(app: Flask, people: Cast, cleo: Browser, proposal: int) -> None:
    with app.app_context():
        make_package(people, proposal, title="Schnittstelle bauen")
    free = section(cleo.get("/").text, "free")
    assert "Schnittstelle bauen" in free
    assert "Für Celle übernehmen" in free


def test_replies_are_what_others_said_since_the_last_visit_where_one_is_concerned(
    app: Flask, people: Cast, proposal: int
) -> None:
    with app.app_context():
        other = make_proposal(people, by=people.cleo.actor, title="Anderes Thema")
        comment(people.cleo.actor, "Was kostet das?", proposal_id=proposal)
        comment(people.rolf.actor, "Wir können das bauen.", proposal_id=other)
        comment(people.ada.actor, "Selbst gesagt.", proposal_id=proposal)
        assert [r.excerpt for r in queries.replies(people.ada.actor)] == ["Was kostet das?"]
        assert [r.excerpt for r in queries.replies(people.rolf.actor)] == []
        assert [r.excerpt for r in queries.replies(people.cleo.actor)] == ["Selbst gesagt.", "Wir können das bauen."]
        comment(people.cleo.actor, "Danke.", proposal_id=other)
        assert [r.excerpt for r in queries.replies(people.rolf.actor)] == ["Danke."]


def test_what_was_there_at_the_last_visit_is_no_reply(app: Flask, people: Cast, proposal: int, ada: Browser) -> None:
    with app.app_context():
        comment(people.cleo.actor, "Alte Frage.", proposal_id=proposal)
        with transaction():
            db.session.execute(update(Person).values(visited_at=now() - timedelta(days=1), visit_activity=10**6))
            db.session.execute(update(Person).values(seen_activity=10**6))
    assert "Alte Frage." not in ada.get("/").text


def test_product_owners_see_what_can_be_decided(app: Flask, pia: Browser, ada: Browser, proposal: int) -> None:
    assert section(pia.get("/").text, "awaited") == ""
    with app.app_context(), transaction():
        db.session.execute(update(Proposal).values(vote_by=today() - timedelta(days=3)))
    assert "Mängel &amp; Lob melden" in section(pia.get("/").text, "awaited")
    assert section(ada.get("/").text, "awaited") == ""


def test_everybody_has_a_desk(
    ada: Browser, ben: Browser, dora: Browser, rolf: Browser, gast: Browser, proposal: int
) -> None:
    for browser in (ada, ben, dora, rolf, gast):
        answer = browser.get("/")
        assert answer.status_code == 200
        assert answer.text.count("<h1") == 1
    assert "stimmführende Person" in ben.get("/").text


def test_strangers_see_the_partnership_in_figures_and_no_names(
    app: Flask, people: Cast, gast: Browser, proposal: int
) -> None:
    with app.app_context():
        cast(people, proposal, "for", people.cleo.actor)
        offer(people, proposal, "lead", people.cleo.actor)
    page = main(gast.get("/").text)
    assert re.search(r"<dt>Partner</dt><dd>4 <small>davon 3 stimmberechtigt", page)
    assert "Mängel &amp; Lob melden" in section(f"<main{page}</main>", "coalitions")
    for name in ("Ada", "Cleo", "Ben"):
        assert name not in page
    answer = gast.get("/")
    assert "Set-Cookie" not in answer.headers
    assert gast.get("/", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_an_empty_board_has_a_desk_too(gast: Browser, ada: Browser) -> None:
    assert gast.get("/").status_code == 200
    assert ada.get("/").status_code == 200


def test_more_of_everything_costs_no_more_queries(app: Flask, people: Cast, cleo: Browser, proposal: int) -> None:
    def cost() -> int:
        with counting(app) as statements:
            cleo.get("/")
        return len(statements)

    with app.app_context():
        comment(people.ada.actor, "Eins.", proposal_id=proposal)
        make_package(people, proposal)
    cleo.get("/")
    one = cost()
    with app.app_context():
        for n in range(8):
            number = make_proposal(people, title=f"Noch {n}")
            comment(people.ada.actor, "Mehr.", proposal_id=number)
            make_package(people, number, title=f"Paket {n}")
    assert cost() <= one + 8, "what was not kept is rendered once, in batches; the picture looked at and counted once"
    assert cost() <= one
