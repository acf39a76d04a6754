"""The decision sheet: what a committee needs, by right of who reads it, and kept for good with the decision."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from board import i18n
from board.consent import jobs
from board.consent import verbs as consent
from board.db import at, db, now, transaction
from board.decisions import markdown, queries, verbs
from board.errors import Conflict, Denied
from board.estimates import verbs as estimates
from board.i18n import in_days, today
from board.policy import ANONYMOUS, FORGE
from board.proposals import queries as proposals
from board.proposals.models import Proposal
from board.proposals.records import DecisionRecord
from board.proposals.writing import withhold
from board.record.checks import everything
from board.voting import ballots, offers
from board.voting.models import OfferKind
from board.voting.offers import Wish
from board.withheld import Taken, Withheld
from tests.conftest import Browser
from tests.factories import cast, make_package, make_proposal
from tests.factories import offer as declare
from tests.people import Cast

DECISION = {
    "body": "Lenkungskreis",
    "decided_on": today().isoformat(),
    "reason": "Weil alle es brauchen.",
    "without_estimate": "Klein.",
}


def fill(people: Cast) -> int:
    """A proposal with everything that a sheet shows; Dorsten has no ballot."""
    number = make_proposal(people, title="Mängel | melden", text="Bürgerinnen und Bürger melden *Schäden*.")
    cast(people, number, "for")
    cast(people, number, "against", by=people.cleo.actor, reason="Zu *teuer*.\n# Keine Überschrift")
    declare(people, number, "lead")
    declare(people, number, "days", days=12)
    with transaction():
        proposal = ballots.locked(number, people.ada.actor)
        offers.confirm(proposal, OfferKind.DAYS, "Stadtrat", date(2026, 3, 2), people.ada.actor)
        wish = Wish(
            condition="Nur mit Schnittstelle.", reserved=True, reserved_body="Rat", reserved_on=date(2027, 3, 12)
        )
        offers.state(proposal, wish, people.ada.actor)
    make_package(people, number, title="Formular bauen")
    with transaction():
        verbs.write(
            proposals.locked(number), people.pia.actor, version=0,
            questions="- Wer betreibt es?", recommendation="**Annehmen.**",
        )  # fmt: skip
    return number


def body(answer: Any) -> str:
    """What stands on the page itself."""
    return str(answer.text.partition("<main")[2].partition("</main>")[0])


def test_a_sheet_says_all_that_a_committee_needs(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        fill(people)
    page = ada.get("/proposals/FV-1/sheet").text
    for told in (
        "Schäden", "Aalen", "dagegen", "Keine Überschrift", "Dorsten", "Nur mit Schnittstelle.", "Federführung",
        "Stadtrat, 2. März 2026", "Alle Vorbehalte sind bis zum 12. März 2027 geklärt.", "Formular bauen",
        "Wer betreibt es?", "Annehmen.", "Unterschrift", "Keine gültige Schätzung.",
    ):  # fmt: skip
        assert told in page, told
    english = ada.get("/proposals/FV-1/sheet?lang=en", follow_redirects=True).text
    assert "Decision sheet" in english
    assert "All reservations cleared by 12 March 2027." in english


def test_strangers_read_numbers_and_never_who_voted_how_or_why(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        fill(people)
    for path in ("/proposals/FV-1/sheet", "/proposals/FV-1/sheet.md"):
        told = gast.get(path).text
        assert "1 dagegen" in told
        assert "12. März 2027" in told, "by when committees sit is no secret"
        for hidden in ("Celle", "teuer", "Dorsten", "Nur mit", "Ada", "Cleo"):
            assert hidden not in told, (path, hidden)


def test_a_sheet_names_no_person(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        fill(people)
    told = ada.get("/proposals/FV-1/sheet.md").text
    for name in ("Ada", "Cleo", "Pia"):
        assert name not in told


def test_markdown_of_a_sheet_lets_no_text_become_markup(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        fill(people)
    answer = ada.get("/proposals/FV-1/sheet.md")
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert 'filename="FV-1.md"' in answer.headers["Content-Disposition"]
    lines = answer.text.splitlines()
    assert lines[0] == r"# Beschlussvorlage: FV-1 Mängel \| melden"
    assert r"| Celle | dagegen | Zu \*teuer\*. \# Keine Überschrift |" in lines
    assert "- [ ] angenommen" in lines


def test_valid_estimates_stand_on_the_sheet_and_a_wide_range_is_told(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people)
        for who, low, high in ((people.ada, 10, 20), (people.cleo, 30, 50)):
            with transaction():
                estimates.make(proposals.locked(number), who.actor, estimates.Figures(low, high, in_days(30)))
        sheet = queries.live(proposals.whole(number), ANONYMOUS)
        assert sheet.said["effort"] == {"low": 10, "high": 50, "wide": True}


@pytest.mark.parametrize("verb", ["accept", "defer", "decline"])
def test_with_the_decision_the_sheet_is_kept_and_nothing_later_changes_it(
    app: Flask, people: Cast, ada: Browser, pia: Browser, gast: Browser, verb: str
) -> None:
    with app.app_context():
        number = fill(people)
    assert pia.post(f"/proposals/FV-1/{verb}", data=DECISION).status_code == 303
    before = body(ada.get("/decisions/1"))
    assert "Dorsten" in before, "who was absent"
    assert "Lenkungskreis" in before
    with app.app_context():
        with transaction():
            proposals.locked(number).reopen(people.pia.actor, vote_by=in_days(30))
            db.session.flush()
        cast(people, number, "abstain")
        with transaction():
            offers.withdraw(ballots.locked(number, people.ada.actor), OfferKind.DAYS, people.ada.actor)
        with transaction():
            db.session.execute(update(Proposal).values(text="Ganz anders.", title="Anders"))
    assert body(ada.get("/decisions/1")) == before
    assert "Zu *teuer*" in before
    public = gast.get("/decisions/1").text + gast.get("/decisions/1.md").text
    assert "teuer" not in public
    assert "Dorsten" not in public
    assert "Beschlussprotokoll" in pia.get("/proposals/FV-1").text


def test_the_database_refuses_to_change_or_remove_a_record(app: Flask, people: Cast, pia: Browser) -> None:
    with app.app_context():
        fill(people)
    pia.post("/proposals/FV-1/accept", data=DECISION)
    with app.app_context():
        for statement in (
            update(DecisionRecord).values(content={}), update(DecisionRecord).values(made_at=now()),
            delete(DecisionRecord), text("UPDATE decision_record SET words = 'x'"),
        ):  # fmt: skip
            with pytest.raises(DBAPIError, match="append-only"), transaction():
                db.session.execute(statement)


def test_words_of_a_confidential_issue_go_from_the_record_too_and_other_changes_are_found(
    app: Flask, people: Cast, pia: Browser, ada: Browser
) -> None:
    with app.app_context():
        make_proposal(people, title="Ampel", text="Vorher.\n\nGeheimes aus dem Issue.")
    pia.post("/proposals/FV-1/accept", data=DECISION)
    with app.app_context():
        with transaction():
            gone = Withheld([Taken("Hinweis", "Geheimes aus dem Issue.")], "private")
            withhold(proposals.locked(1), FORGE, gone, "")
        assert [f.wrong for f in everything() if not f.ok] == []
    for path in ("/decisions/1", "/decisions/1.md"):
        assert "Geheimes" not in ada.get(path).text
    with app.app_context():
        with transaction():
            db.session.execute(text("UPDATE decision_record SET title = 'Anders', withheld_at = NULL"))
        assert [f.name for f in everything() if not f.ok] == ["decisions"]


def test_silence_is_recorded_as_no_objection(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        number = make_proposal(people)
        cast(people, number, "for")
        with transaction():
            consent.begin(proposals.locked(number), people.pia.actor, last=in_days(14), without_estimate="Klein")
        with at(now() + timedelta(days=15)):
            assert jobs.run_out() == 1
        i18n.set_locale("de")
        told = markdown.written(queries.kept(1, people.ada.actor))
    assert "Kein Einwand: Celle, Dorsten" in told
    page = ada.get("/decisions/1").text
    assert "ohne Einwand angenommen" in page
    assert "Schweigen zählt nicht als Votum." in page


def test_two_product_owners_who_write_at_once_see_each_others_text(app: Flask, people: Cast, pia: Browser) -> None:
    with app.app_context():
        make_proposal(people)
    url, first = "/proposals/FV-1/sheet/edit", {"questions": "A?", "recommendation": "Ja.", "version": "0"}
    assert pia.post(url, data=first).status_code == 303
    answer = pia.post(url, data=first | {"recommendation": "Nein."})
    assert answer.status_code == 409
    assert "Ja." in answer.text
    assert "Nein." in answer.text
    assert pia.post(url, data=first | {"recommendation": "Nein.", "version": "1"}).status_code == 303
    with app.app_context(), pytest.raises(Conflict), transaction():
        verbs.write(proposals.locked(1), people.pia.actor, questions="", recommendation="", version=1)
    with app.app_context(), pytest.raises(Denied), transaction():
        verbs.write(proposals.locked(1), people.ada.actor, questions="", recommendation="", version=2)


def test_a_sheet_costs_the_same_with_many_ballots_offers_and_packages(
    app: Flask, people: Cast, statements: list[str]
) -> None:
    first, second = make_proposal(people), fill(people)
    make_package(people, first)
    for _n in range(10):
        make_package(people, second)
    statements.clear()
    queries.live(proposals.whole(first), people.ada.actor)
    few = len(statements)
    statements.clear()
    queries.live(proposals.whole(second), people.ada.actor)
    assert len(statements) == few


def test_decisions_from_before_sheets_were_kept_have_no_record(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        make_proposal(people, state="accepted")
        assert db.session.scalar(select(DecisionRecord)) is None
    assert ada.get("/decisions/1").status_code == 404
    assert "/decisions/1" not in ada.get("/proposals/FV-1").text
