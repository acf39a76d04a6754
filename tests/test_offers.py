"""Offers and conditions: declared, confirmed by the partner's own body, withdrawn; they outlive the decision."""

import json
import re
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from board import i18n
from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Denied
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting import ballots, offers, tallies
from board.voting.models import Ballot, Condition, Offer, OfferKind
from tests.conftest import Browser
from tests.factories import cast, make_proposal, offer
from tests.people import Cast

EVERYTHING = {
    "offers": "1", "lead": "1", "pilot": "1", "co_fund": "1", "use": "1", "days": "34",
    "condition": "Nur mit Anbindung", "reserved": "1", "reserved_body": "Hauptausschuss", "reserved_on": "2026-12-14",
}  # fmt: skip


@pytest.fixture
def proposal_id(app: Flask, people: Cast) -> int:
    """An open proposal."""
    with app.app_context():
        return make_proposal(people)


def coalition(app: Flask, proposal_id: int) -> dict[str, object]:
    """The coalition kept on the proposal's row; asserts that it is what the rows say."""
    with app.app_context():
        assert tallies.check_tallies() == []
        told = db.session.get_one(Proposal, proposal_id).coalition
        return json.loads(told) if told else {}


def verbs(app: Flask) -> list[str]:
    """What the log says of offers and conditions."""
    with app.app_context():
        rows = db.session.scalars(select(Activity.verb).order_by(Activity.id))
        return [verb for verb in rows if verb.startswith(("offer.", "condition."))]


def send(client: Browser, proposal_id: int, **data: str) -> object:
    target = f"offers-{proposal_id}"
    return client.post(f"/proposals/FV-{proposal_id}/ballot", data=data, partial=True, target=target)


def confirm(client: Browser, proposal_id: int, **data: str) -> object:
    path = f"/proposals/FV-{proposal_id}/offers/confirm"
    return client.post(path, data=data, partial=True, target=f"offers-{proposal_id}")


def test_a_delegate_offers_all_at_once_and_the_coalition_tells(app: Flask, ada: Browser, proposal_id: int) -> None:
    answer = send(ada, proposal_id, **EVERYTHING)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section class="card offers"')
    assert f'id="coalition-{proposal_id}"' in answer.text
    assert "Federführung angeboten: Aalen" in answer.text
    assert "34 PT angeboten" in answer.text
    assert coalition(app, proposal_id) == {
        "lead": ["Aalen"], "pilot": 1, "co_fund": 1, "use": 1, "days": 34, "conditions": 1, "reserved": 1,
    }  # fmt: skip
    assert verbs(app) == ["offer.declare"] * 5 + ["condition.state"]
    with app.app_context():
        assert db.session.scalar(select(Ballot.id)) is None, "an offer is no ballot"


def test_a_form_without_offers_1_leaves_the_offers_alone(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, **EVERYTHING)
    ada.post(f"/proposals/FV-{proposal_id}/ballot", data={"choice": "for", "lead": ""}, partial=True)
    assert coalition(app, proposal_id)["lead"] == ["Aalen"]


def test_choice_and_offers_go_in_one_transaction(app: Flask, ada: Browser, people: Cast, proposal_id: int) -> None:
    assert send(ada, proposal_id, choice="for", offers="1", pilot="1").status_code == 200
    with app.app_context():
        assert db.session.scalar(select(Ballot.choice)) == "for"
        closed = make_proposal(people, state=State.ACCEPTED)
    assert send(ada, closed, choice="for", offers="1", pilot="1").status_code == 409
    assert coalition(app, closed) == {}


def test_what_is_unticked_is_withdrawn_and_can_be_put_back(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, **EVERYTHING)
    answer = send(ada, proposal_id, offers="1", use="1")
    assert coalition(app, proposal_id) == {"use": 1}
    assert f'id="offers-{proposal_id}-undo"' in answer.text
    assert '<input type="hidden" name="days" value="34">' in answer.text
    assert '<input type="hidden" name="condition" value="Nur mit Anbindung">' in answer.text
    assert "hx-trigger" not in answer.text.split("<hx-partial")[0], "a live refresh would take the undo away"
    send(ada, proposal_id, **EVERYTHING)
    assert coalition(app, proposal_id)["days"] == 34
    with app.app_context():
        assert len(db.session.scalars(select(Offer)).all()) == 5, "one row per kind"


def test_undo_brings_a_withdrawn_promise_back_as_a_promise(app: Flask, ada: Browser, proposal_id: int) -> None:
    page = f"/proposals/FV-{proposal_id}"
    ada.post(f"{page}/ballot", data={"offers": "1", "lead": "1"})
    assert 'name="again" value="1"' in ada.get(page).text, "without JavaScript the message has the undo"
    confirm(ada, proposal_id, kind="lead", body="Gemeinderat", date="2026-11-03")
    answer = send(ada, proposal_id, offers="1", use="1")
    assert 'name="again" value="1"' in answer.text
    assert coalition(app, proposal_id) == {"use": 1}
    send(ada, proposal_id, offers="1", again="1", lead="1")
    told = coalition(app, proposal_id)
    assert (told["lead_confirmed"], told["confirmed"]) == (["Aalen"], 1)
    send(ada, proposal_id, offers="1", use="1")
    send(ada, proposal_id, offers="1", lead="1")
    assert "lead_confirmed" not in coalition(app, proposal_id), "offered anew it has to be confirmed anew"


def test_the_same_form_again_is_harmless(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, **EVERYTHING)
    before = verbs(app)
    assert send(ada, proposal_id, **EVERYTHING).status_code == 200
    assert verbs(app) == before


def test_an_offer_is_confirmed_by_body_and_date(app: Flask, ada: Browser, gast: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, offers="1", lead="1", days="12")
    answer = confirm(ada, proposal_id, kind="lead", body="Gemeinderat", date="2026-11-03")
    assert answer.status_code == 200
    assert "Gemeinderat, 3. November 2026" in answer.text
    assert confirm(ada, proposal_id, kind="days", body="Gemeinderat", date="3.11.2026").status_code == 200
    told = coalition(app, proposal_id)
    assert (told["lead_confirmed"], told["days_confirmed"], told["confirmed"]) == (["Aalen"], 12, 2)
    text = gast.get(f"/proposals/FV-{proposal_id}/tally", partial=True).text
    assert re.sub("<[^>]+>", "", text).strip().endswith("federführend: Aalen · 12 PT zugesagt")


def test_another_number_of_days_has_to_be_confirmed_anew(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, offers="1", days="12")
    confirm(ada, proposal_id, kind="days", body="Gemeinderat", date="2026-11-03")
    send(ada, proposal_id, offers="1", days="20")
    assert coalition(app, proposal_id) == {"days": 20}


def test_a_confirmation_can_be_undone(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, offers="1", pilot="1")
    confirm(ada, proposal_id, kind="pilot", body="Gemeinderat", date="2026-11-03")
    assert confirm(ada, proposal_id, kind="pilot", undo="1").status_code == 200
    assert coalition(app, proposal_id) == {"pilot": 1}
    assert verbs(app) == ["offer.declare", "offer.confirm", "offer.declare"]


def test_a_bad_confirmation_keeps_what_was_typed(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, offers="1", pilot="1")
    tomorrow = (i18n.today() + timedelta(days=1)).isoformat()
    answer = confirm(ada, proposal_id, kind="pilot", body="Gemeinderat", date=tomorrow)
    assert answer.status_code == 422
    assert "Dieser Tag liegt noch in der Zukunft." in answer.text
    assert 'value="Gemeinderat"' in answer.text
    assert confirm(ada, proposal_id, kind="pilot", body="", date="").status_code == 422
    assert confirm(ada, proposal_id, kind="throne", body="Rat", date="2026-11-03").status_code == 422
    assert confirm(ada, proposal_id, kind="throne", undo="1").status_code == 422
    assert confirm(ada, proposal_id, kind="lead", body="Rat", date="2026-11-03").status_code == 409
    assert coalition(app, proposal_id) == {"pilot": 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("days", "viele"),
        ("days", "0"),
        ("days", "10000"),
        ("days", "1" * 400),
        ("reserved_on", "31.02.2026"),
        ("reserved_on", "0001-01-01"),
        ("condition", "x" * 1001),
        ("reserved_body", "y" * 161),
    ],
)
def test_a_bad_form_keeps_what_was_typed_and_changes_nothing(
    app: Flask, ada: Browser, proposal_id: int, field: str, value: str
) -> None:
    answer = send(ada, proposal_id, **{**EVERYTHING, field: value})
    assert answer.status_code == 422
    assert value in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'name="pilot" value="1" checked' in answer.text
    assert coalition(app, proposal_id) == {}


@pytest.mark.parametrize("who", ["ben", "rolf", "dora", "pia"])
def test_only_delegates_offer(app: Flask, request: pytest.FixtureRequest, proposal_id: int, who: str) -> None:
    assert send(request.getfixturevalue(who), proposal_id, offers="1", lead="1").status_code == 403
    assert coalition(app, proposal_id) == {}


def test_the_verbs_refuse_members_providers_and_nobody(app: Flask, people: Cast, proposal_id: int) -> None:
    wish = offers.Wish(kinds=frozenset({OfferKind.LEAD}))
    for by in (people.ben.actor, people.rolf.actor, people.dora.actor):
        with app.app_context(), pytest.raises(Denied), transaction():
            offers.apply(ballots.locked(proposal_id, by), wish, by)


def test_nobody_touches_another_partners_offer(app: Flask, ada: Browser, cleo: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, offers="1", lead="1")
    send(cleo, proposal_id, offers="1")
    assert confirm(cleo, proposal_id, kind="lead", body="Rat", date="2026-11-03").status_code == 409
    assert coalition(app, proposal_id) == {"lead": ["Aalen"]}


@pytest.mark.parametrize("state", [s for s in State if s not in {State.WITHDRAWN, State.MERGED, State.AVAILABLE}])
def test_offers_outlive_the_decision(app: Flask, ada: Browser, people: Cast, state: State) -> None:
    with app.app_context():
        id_ = make_proposal(people, state=state)
    assert send(ada, id_, offers="1", pilot="1").status_code == 200
    assert coalition(app, id_) == {"pilot": 1}


def test_once_it_is_available_only_use_is_offered_anew(app: Flask, ada: Browser, people: Cast) -> None:
    with app.app_context():
        id_ = make_proposal(people, state=State.PILOTING)
        offer(people, id_, "pilot")
        with transaction():
            db.session.get_one(Proposal, id_).publish(people.pia.actor)
    panel = ada.get(f"/proposals/FV-{id_}/offers", partial=True).text
    assert 'name="use"' in panel
    assert 'name="pilot"' in panel
    assert 'name="lead"' not in panel
    assert send(ada, id_, offers="1", use="1", pilot="1").status_code == 200
    assert send(ada, id_, offers="1", use="1", lead="1").status_code == 409
    assert coalition(app, id_) == {"use": 1, "pilot": 1}
    assert send(ada, id_, offers="1", use="1").status_code == 200
    assert coalition(app, id_) == {"use": 1}


def test_a_withdrawn_proposal_takes_no_offers(app: Flask, ada: Browser, people: Cast) -> None:
    with app.app_context():
        id_ = make_proposal(people, state=State.WITHDRAWN)
    answer = send(ada, id_, offers="1", lead="1")
    assert answer.status_code == 409
    assert "zurückgezogen" in answer.text
    assert coalition(app, id_) == {}


def test_conditions_are_for_partners_the_coalition_for_everybody(
    app: Flask, ada: Browser, ben: Browser, gast: Browser, proposal_id: int
) -> None:
    send(ada, proposal_id, **EVERYTHING)
    path = f"/proposals/FV-{proposal_id}/coalition"
    assert "Nur mit Anbindung" in ben.get(path, partial=True).text
    assert "Hauptausschuss, 14. Dezember 2026" in ben.get(path, partial=True).text
    public = gast.get(path, partial=True).text
    assert "Aalen" in public
    assert "Federführung" in public
    assert "Nur mit Anbindung" not in public
    assert "Hauptausschuss" not in public


def test_a_condition_is_lifted_by_emptying_it(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, offers="1", condition="Nur mit Anbindung")
    send(ada, proposal_id, offers="1")
    assert verbs(app) == ["condition.state", "condition.clear"]
    assert coalition(app, proposal_id) == {}
    with app.app_context():
        assert db.session.scalar(select(Condition.id)) is None


def test_offers_of_two_partners_add_up(app: Flask, people: Cast, proposal_id: int) -> None:
    with app.app_context():
        offer(people, proposal_id, "days", days=8)
        offer(people, proposal_id, "days", people.cleo.actor, days=6)
        offer(people, proposal_id, "lead", people.cleo.actor)
        cast(people, proposal_id, "for")
        with transaction():
            held = ballots.locked(proposal_id, people.cleo.actor)
            offers.confirm(held, OfferKind.DAYS, "Rat", date(2026, 11, 3), people.cleo.actor)
    assert coalition(app, proposal_id) == {"lead": ["Celle"], "days": 14, "days_confirmed": 6, "confirmed": 1}


def test_without_an_offer_there_is_nothing_to_confirm(app: Flask, people: Cast, proposal_id: int) -> None:
    by = people.ada.actor
    with app.app_context(), pytest.raises(Conflict), transaction():
        offers.confirm(ballots.locked(proposal_id, by), OfferKind.LEAD, "Rat", date(2026, 11, 3), by)
