"""Estimates on a proposal's page, on the desk and in the mail; and the decision that needs one."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.db import at, db, now, transaction
from board.estimates import queries, verbs
from board.estimates.models import Estimate
from board.i18n import in_days, today
from board.notifications import queries as notifications
from board.proposals import queries as proposals
from board.proposals.models import Decision, Proposal
from tests.conftest import Browser
from tests.factories import estimate, make_proposal
from tests.people import Cast

PAGE = "/proposals/FV-1"
WORDS = {"body": "Lenkungskreis", "decided_on": today().isoformat(), "reason": "Beschluss"}


@pytest.fixture(autouse=True)
def _proposal(app: Flask, people: Cast) -> None:
    with app.app_context():
        make_proposal(people)


def form(**changes: str) -> dict[str, str]:
    """An estimate as it is sent."""
    return {
        "low": "10",
        "high": "25",
        "valid_until": in_days(60).isoformat(),
        "assumptions": "Ohne **Betrieb**",
    } | changes


def make(browser: Browser, **changes: str) -> Any:
    return browser.post(f"{PAGE}/estimates", data=form(**changes), partial=True, target="estimating-1")


def expire(app: Flask, number: int = 1) -> None:
    """The night has passed."""
    with app.app_context(), transaction():
        row = db.session.get_one(Estimate, number)
        row.valid_until = db.session.get_one(Proposal, 1).effort_until = today() - timedelta(days=1)


def test_a_member_estimates_for_the_partner_and_everybody_sees_it(ben: Browser, gast: Browser) -> None:
    answer = make(ben)
    assert answer.status_code == 200
    assert "Schätzung eingetragen" in answer.text
    page = gast.get(PAGE).text
    assert "10–25 PT" in page
    assert "<strong>Betrieb</strong>" in page
    assert "mehr als das Doppelte" in page
    assert "Ben" not in page
    assert "Für Aalen schätzen" not in ben.get(PAGE).text


def test_a_product_owner_records_that_of_a_provider(pia: Browser, gast: Browser) -> None:
    assert make(pia, provider="Nordlicht IT").status_code == 200
    assert "Nordlicht IT" in gast.get(PAGE).text
    assert make(pia, provider="Nordlicht IT", low="11").status_code == 409
    assert make(pia).status_code == 403, "she acts for no partner"


@pytest.mark.parametrize(
    "bad", [{"low": ""}, {"high": "9"}, {"low": "0"}, {"valid_until": "2020-01-01"}, {"high": "1e5"}]
)
def test_a_bad_form_comes_back_with_what_was_typed(ben: Browser, bad: dict[str, str]) -> None:
    answer = make(ben, **bad)
    assert answer.status_code == 422
    assert "Ohne **Betrieb**" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_an_estimate_is_changed_withdrawn_and_put_back(app: Flask, people: Cast, ada: Browser, cleo: Browser) -> None:
    make(ada)
    assert cleo.get("/estimates/1/edit").status_code == 403
    assert 'value="10"' in ada.get("/estimates/1/edit").text
    assert ada.post("/estimates/1/edit", data=form(low="12", version="1")).status_code == 303
    stale = ada.post("/estimates/1/edit", data=form(low="13", version="1"))
    assert (stale.status_code, 'value="13"' in stale.text, "12–25 PT" in stale.text) == (409, True, True)
    gone = ada.post("/estimates/1/withdraw", partial=True, target="estimating-1").text
    assert "/estimates/1/restore" in gone
    assert "Noch keine Schätzung" in gone
    assert "12–25 PT" in ada.post("/estimates/1/restore", partial=True, target="estimating-1").text


def test_nothing_is_accepted_without_an_estimate_unless_a_reason_is_given(
    app: Flask, people: Cast, pia: Browser
) -> None:
    asked = pia.post(f"{PAGE}/accept", data=WORDS, partial=True, target="state-1")
    assert asked.status_code == 422
    assert "Bitte begründen Sie, warum ohne Schätzung angenommen wird." in asked.text
    assert "Beschluss" in asked.text, "what was typed is kept"
    with app.app_context():
        assert db.session.get_one(Proposal, 1).state == "open"
    told = pia.post(f"{PAGE}/accept", data=WORDS | {"without_estimate": "Nur Text"}, partial=True, target="state-1")
    assert told.status_code == 200
    assert "Ohne gültige Schätzung angenommen: Nur Text" in told.text


def test_an_expired_estimate_is_none_and_a_valid_one_stands_in_the_decision(
    app: Flask, people: Cast, pia: Browser
) -> None:
    with app.app_context():
        estimate(people, 1, 7, 9)
    expire(app)
    assert pia.post(f"{PAGE}/accept", data=WORDS, partial=True, target="state-1").status_code == 422
    with app.app_context():
        estimate(people, 1, 20, 30, by=people.cleo.actor)
    assert pia.post(f"{PAGE}/accept", data=WORDS, partial=True, target="state-1").status_code == 200
    with app.app_context():
        kept = db.session.scalars(select(Decision)).one()
        assert (kept.effort_low, kept.effort_high, kept.without_estimate) == (7, 30, "")


def test_deferring_and_declining_need_no_estimate(pia: Browser) -> None:
    assert pia.post(f"{PAGE}/defer", data=WORDS, partial=True, target="state-1").status_code == 200


def test_an_expired_estimate_turns_amber_and_asks_its_author(
    app: Flask, people: Cast, ada: Browser, cleo: Browser
) -> None:
    make(ada)
    expire(app)
    assert "abgelaufen am" in ada.get(PAGE).text
    assert "Abgelaufene Schätzungen" in ada.get("/").text
    assert "Abgelaufene Schätzungen" not in cleo.get("/").text
    with app.app_context():
        waiting = notifications.waiting(people.ada.person_id)
        assert [one.proposal_id for one in waiting[0].estimates] == [1]
        assert not any(one.estimates for one in notifications.waiting(people.cleo.person_id))


def test_the_estimates_cost_the_same_whether_one_or_twenty(app: Flask, people: Cast, statements: list[str]) -> None:
    with at(now()):
        estimate(people, 1)
    statements.clear()
    with app.test_request_context():
        queries.of_proposal(1, people.ada.actor)
        one = len(statements)
    with transaction():
        for number in range(19):
            figures = verbs.Figures(1, 2, in_days(9))
            verbs.make(proposals.locked(1), people.pia.actor, figures, provider=f"Werk {number}")
    statements.clear()
    with app.test_request_context():
        assert len(queries.of_proposal(1, people.ada.actor).lines) == 20
    assert len(statements) == one == 1
