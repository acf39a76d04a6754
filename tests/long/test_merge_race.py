"""Mergers under fire: product owners merge the same proposals into each other at once, while partners vote on them.

Each proposal is merged once at most, never in a circle; taken back by two at once, it comes back once.
"""

import tempfile
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import create_app
from board.db import db, transaction
from board.duplicates import verbs
from board.duplicates.models import Merger
from board.errors import Conflict
from board.policy import Acting, Actor
from board.proposals.models import Proposal
from board.record.checks import everything
from board.voting import ballots
from tests.conftest import settings
from tests.factories import cast, make_proposal
from tests.long.together import at_once
from tests.long.trials import Trial
from tests.people import Cast

PIA = Actor(is_product_owner=True)
ROLES = ("there", "back", "vote")
PART = 50


def attempt(url: str, role: str, pairs: list[tuple[int, int]], partner: int, together: Barrier, results: Any) -> None:
    """One process: merges each pair its way round, or votes; then takes back what was merged."""
    app = create_app(settings(Path(tempfile.mkdtemp()), url))
    won, errors = 0, []
    with app.app_context():
        for step in ("merge", "unmerge"):
            for one, other in pairs:
                together.wait(timeout=60)
                try:
                    with transaction():
                        _do(step, role, one, other, partner)
                    won += role != "vote"
                except Conflict:
                    pass
                except Exception as error:  # noqa: BLE001 - whatever it is, the race must report it
                    errors.append(repr(error))
        db.engine.dispose()
    results.put((role, won, errors))


def _do(step: str, role: str, one: int, other: int, partner: int) -> None:
    if role == "vote":
        by = Actor(role="delegate", partner=Acting(partner, "celle", "Celle", "CE", 0, "municipality", True))
        ballots.cast(ballots.locked(one, by), "abstain" if step == "merge" else "for", None, by)
    elif step == "merge":
        verbs.merge(*(verbs.locked(one, other) if role == "there" else verbs.locked(other, one)), PIA)
    else:
        gone = db.session.scalar(select(Proposal.id).where(Proposal.id.in_((one, other)), Proposal.state == "merged"))
        verbs.unmerge(*verbs.locked(gone or one), PIA)


def race(app: Flask, database_url: str, people: Cast, n: int, before: int) -> None:
    """So many pairs are merged and come back, once each; `before` were merged in earlier parts."""
    with app.app_context():
        pairs = [(make_proposal(people), make_proposal(people)) for _n in range(n)]
        for one, other in pairs:
            cast(people, one, "for")
            cast(people, other, "against")
        db.session.remove()
    told = at_once(attempt, [(database_url, role, pairs, people.celle) for role in ROLES], 2 * n)
    assert [error for _role, _won, errors in told for error in errors] == []
    with app.app_context():
        assert sum(won for _role, won, _errors in told) == 2 * len(pairs), "each was merged once and came back once"
        assert db.session.scalar(select(func.count(Merger.id))) == before + len(pairs)
        assert db.session.scalar(select(func.count()).where(Proposal.merged_into_id.is_not(None))) == 0
        assert [finding.wrong for finding in everything() if not finding.ok] == []


@pytest.mark.trial("mergers", short=6, long=1_000)
def test_two_product_owners_who_merge_each_way_round_at_once_end_with_one_merger(
    app: Flask, database_url: str, people: Cast, trial: Trial
) -> None:
    before = 0
    for part in trial.parts(PART):
        race(app, database_url, people, part, before)
        before += part
        trial.count(merged_and_taken_back=part, errors=0)
