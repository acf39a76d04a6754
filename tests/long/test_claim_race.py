"""Rule 3 under fire: four real processes claim the same packages at once; each has one lead, nobody an error."""

import tempfile
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import create_app
from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict
from board.partners.models import Partner
from board.policy import Acting, Actor
from board.proposals.models import Proposal
from board.work import claims
from board.work.models import Claim, Package, Seat
from board.work.packages import Draft, create, locked
from tests.conftest import settings
from tests.factories import make_proposal
from tests.long.together import at_once
from tests.long.trials import Trial
from tests.people import Cast

PROCESSES = 4
BATCH = 50
PART = 2_000


def attempt(url: str, number: int, packages: list[int], together: Barrier, results: Any) -> None:
    """One process: claims every package for its own partner, in step with the others, and reports."""
    app = create_app(settings(Path(tempfile.mkdtemp()), url))
    won, told, errors = [], {}, []
    with app.app_context():
        slug = f"stadt-{number}"
        partner_id = db.session.scalar(select(Partner.id).where(Partner.slug == slug))
        db.session.close()
        by = Actor(person_id=None, partner=Acting(partner_id or 0, slug, slug, "ST", 0, "municipality", True))
        for package_id in packages:
            together.wait(timeout=60)
            try:
                _claim(package_id, by)
                won.append(package_id)
            except Conflict as conflict:
                told[package_id] = conflict.hints.get("winner_slug")
            except Exception as error:  # noqa: BLE001 - whatever it is, the race must report it
                errors.append(repr(error))
        db.engine.dispose()
    results.put((slug, won, told, errors))


def _claim(package_id: int, by: Actor) -> None:
    with transaction():
        claims.claim(locked(package_id), by, Seat.LEAD)


def race(app: Flask, url: str, people: Cast, attempts: int) -> tuple[int, int]:
    """`attempts` claims by four processes: one lead per package, the rest told who, counters and log exact; returns how
    many won and were told who did.
    """
    n = attempts // PROCESSES
    with app.app_context():
        proposal = make_proposal(people)
        ids: list[int] = []
        for first in range(0, n, BATCH):
            with transaction():
                drafts = [Draft(f"Paket {i}") for i in range(first, min(n, first + BATCH))]
                ids += [package.id for package in create(proposal, people.ada.actor, drafts)]
        db.session.remove()
    told = at_once(attempt, [(url, number, ids) for number in range(PROCESSES)], attempts / 4)
    assert [error for *_, errors in told for error in errors] == []
    winners = [(package_id, slug) for slug, won, _lost, _errors in told for package_id in won]
    losers = [(package_id, winner) for _slug, _won, lost, _errors in told for package_id, winner in lost.items()]
    assert len(winners) == len(dict(winners)) == n, "one lead each"
    assert len(losers) == attempts - n
    assert {dict(winners)[package_id] == winner for package_id, winner in losers} == {True}, "told who leads, rightly"
    with app.app_context():
        leads = select(func.count(), func.count(func.distinct(Claim.package_id))).where(Claim.ended_at.is_(None))
        assert tuple(db.session.execute(leads.where(Claim.package_id >= ids[0])).one()) == (n, n)
        right = select(Package.id, Partner.slug).join(Claim, Claim.package_id == Package.id)
        right = right.join(Partner, Partner.id == Claim.partner_id)
        right = right.where(Package.proposal_id == proposal, Package.lead_partner_id == Claim.partner_id)
        assert sorted(map(tuple, db.session.execute(right))) == sorted(winners), "who was told to lead leads"
        logged = select(func.count()).where(Activity.verb == "package.claim", Activity.proposal_id == proposal)
        assert db.session.scalar(logged) == n
        assert db.session.get_one(Proposal, proposal).n_free == 0
    return len(winners), len(losers)


@pytest.mark.trial("claims", short=200, long=10_000)
def test_claims_by_four_processes_leave_one_lead_each(
    app: Flask, database_url: str, people: Cast, trial: Trial
) -> None:
    with app.app_context(), transaction():
        for number in range(PROCESSES):
            db.session.add(Partner(slug=f"stadt-{number}", name=f"Stadt {number}", sign="ST", kind="municipality"))
    for part in trial.parts(PART):
        won, lost = race(app, database_url, people, part)
        trial.count(won=won, told_who_won=lost, errors=0)
