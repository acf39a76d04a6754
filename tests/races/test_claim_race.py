"""Rule 3 under fire: four real processes claim the same packages at once; each has one lead, nobody an error."""

import multiprocessing
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
from tests.people import Cast

PROCESSES = 4
BATCH = 50


def attempt(url: str, number: int, packages: list[int], together: Barrier, results: Any) -> None:
    """One process: claims every package for its own partner, in step with the others, and reports."""
    app = create_app(settings(Path(tempfile.mkdtemp()), url))
    won, lost, errors = 0, 0, []
    with app.app_context():
        slug = f"stadt-{number}"
        partner_id = db.session.scalar(select(Partner.id).where(Partner.slug == slug))
        db.session.close()
        by = Actor(person_id=None, partner=Acting(partner_id or 0, slug, slug, "ST", 0, "municipality", True))
        for package_id in packages:
            together.wait(timeout=60)
            try:
                with transaction():
                    claims.claim(locked(package_id), by, Seat.LEAD)
                won += 1
            except Conflict:
                lost += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the race must report it
                errors.append(repr(error))
        db.engine.dispose()
    results.put((won, lost, errors))


def race(app: Flask, url: str, people: Cast, attempts: int) -> None:
    """`attempts` claims by four processes: one lead per package, the rest told so, counters and log exact."""
    n = attempts // PROCESSES
    with app.app_context():
        proposal = make_proposal(people)
        with transaction():
            for number in range(PROCESSES):
                db.session.add(Partner(slug=f"stadt-{number}", name=f"Stadt {number}", sign="ST", kind="municipality"))
        ids: list[int] = []
        for first in range(0, n, BATCH):
            with transaction():
                drafts = [Draft(f"Paket {i}") for i in range(first, min(n, first + BATCH))]
                ids += [package.id for package in create(proposal, people.ada.actor, drafts)]
        db.session.remove()
    context = multiprocessing.get_context("spawn")
    together, results = context.Barrier(PROCESSES), context.Queue()
    workers = [
        context.Process(target=attempt, args=(url, number, ids, together, results)) for number in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    told = [results.get(timeout=60 + attempts / 10) for _worker in workers]
    for worker in workers:
        worker.join(timeout=30)
    assert [error for _won, _lost, errors in told for error in errors] == []
    assert sum(won for won, _lost, _errors in told) == n
    assert sum(lost for _won, lost, _errors in told) == attempts - n
    with app.app_context():
        leads = select(func.count(), func.count(func.distinct(Claim.package_id))).where(Claim.ended_at.is_(None))
        assert tuple(db.session.execute(leads).one()) == (n, n)
        right = select(func.count()).select_from(Package).join(Claim, Claim.package_id == Package.id)
        assert db.session.scalar(right.where(Package.lead_partner_id == Claim.partner_id)) == n
        logged = select(func.count()).where(Activity.verb == "package.claim")
        assert db.session.scalar(logged) == n
        assert db.session.get_one(Proposal, proposal).n_free == 0


def test_two_hundred_claims_by_four_processes_leave_one_lead_each(app: Flask, database_url: str, people: Cast) -> None:
    race(app, database_url, people, 200)


@pytest.mark.long
def test_ten_thousand_claims_by_four_processes_leave_one_lead_each(app: Flask, database_url: str, people: Cast) -> None:
    race(app, database_url, people, 10_000)
