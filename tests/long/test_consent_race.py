"""Consent under fire: time runs out in the very moment in which a partner objects and a product owner decides.

Five real processes meet at each proposal: two workers whose job ends what is over, a delegate who objects, and two
product owners who record opposite decisions. Exactly one of them wins each time; the others are told so.
"""

import tempfile
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import create_app
from board.consent import verbs
from board.consent.models import Objection
from board.db import at, db, now, transaction
from board.errors import Conflict
from board.i18n import in_days, today
from board.policy import SYSTEM, Acting, Actor
from board.proposals import queries
from board.proposals.models import Decision, Proposal
from board.record.checks import everything
from board.voting import ballots
from tests.conftest import settings
from tests.factories import make_proposal
from tests.long.together import at_once
from tests.long.trials import Trial
from tests.people import Cast

ROLES = ("job", "job", "object", "accept", "decline")
ENDS = {"job": "ran_out", "object": "objected", "accept": "accepted", "decline": "declined"}
PART = 100


def attempt(url: str, role: str, proposals: list[int], partner: int, together: Barrier, results: Any) -> None:
    """One process: does its part to every proposal, in step with the others, and reports what it won."""
    app = create_app(settings(Path(tempfile.mkdtemp()), url))
    won, errors = [], []
    with app.app_context():
        for proposal_id in proposals:
            together.wait(timeout=60)
            try:
                with transaction():
                    _do(role, proposal_id, partner)
                won.append(proposal_id)
            except Conflict:
                pass
            except Exception as error:  # noqa: BLE001 - whatever it is, the race must report it
                errors.append(repr(error))
        db.engine.dispose()
    results.put((role, won, errors))


def _do(role: str, proposal_id: int, partner: int) -> None:
    if role == "job":
        verbs.pass_(queries.locked(proposal_id), SYSTEM)
    elif role == "object":
        by = Actor(role="delegate", partner=Acting(partner, "celle", "Celle", "CE", 0, "municipality", True))
        verbs.object_(ballots.locked(proposal_id, by), "Zu früh.", by, vote_days=42)
    else:
        pia = Actor(is_product_owner=True)
        words = {"body": "Rat", "decided_on": today(), "reason": "Beschluss"}
        words |= {"without_estimate": "Klein"} if role == "accept" else {}
        getattr(queries.locked(proposal_id), role)(pia, **words)


def race(app: Flask, url: str, people: Cast, rounds: int) -> dict[str, int]:
    """So many proposals whose consent is over; each is ended once, and the board says the same everywhere. Returns who
    won how many.
    """
    with app.app_context():
        numbers = []
        with at(now() - timedelta(days=20)):
            for _round in range(rounds):
                numbers.append(make_proposal(people))
                with transaction():
                    verbs.begin(
                        queries.locked(numbers[-1]), people.pia.actor, last=in_days(5), without_estimate="Klein"
                    )
        db.session.remove()
    told = at_once(attempt, [(url, role, numbers, people.celle) for role in ROLES], rounds)
    assert [error for _role, _won, errors in told for error in errors] == []
    with app.app_context():
        _agree(numbers, [(role, set(won)) for role, won, _errors in told])
    return {end: sum(len(won) for role, won, _errors in told if role == part) for part, end in ENDS.items()}


def _agree(numbers: list[int], told: list[tuple[str, set[int]]]) -> None:
    passed = [won for role, won in told if role == "job"]
    assert passed[0] & passed[1] == set(), "a consent runs out once"
    (objected,) = (won for role, won in told if role == "object")
    decided = {role: won for role, won in told if role in {"accept", "decline"}}
    assert decided["accept"] & decided["decline"] == set(), "one decision holds"
    assert objected & (passed[0] | passed[1]) == set(), "an objection wins or loses"
    silent = set(db.session.scalars(select(Decision.proposal_id).where(Decision.silent.is_not(None))))
    assert silent & set(numbers) == passed[0] | passed[1]
    assert set(db.session.scalars(select(Objection.proposal_id))) & set(numbers) == objected
    states = {row.id: row.state for row in db.session.execute(select(Proposal.id, Proposal.state))}
    for number in numbers:
        expected = "declined" if number in decided["decline"] else "accepted"
        assert states[number] == expected, "whoever came last or first, the owners end what an objection opened"
    one_each = select(func.count()).select_from(Decision).group_by(Decision.proposal_id)
    assert set(db.session.scalars(one_each)) == {1}
    assert db.session.scalar(select(func.count()).where(Proposal.consent_until.is_not(None))) == 0
    assert [finding.wrong for finding in everything() if not finding.ok] == []


@pytest.mark.trial("consents", short=12, long=2_000)
def test_a_consent_ends_once_however_many_end_it_at_once(
    app: Flask, database_url: str, people: Cast, trial: Trial
) -> None:
    for part in trial.parts(PART):
        trial.count(**race(app, database_url, people, part), errors=0)
