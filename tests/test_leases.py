"""Leases: they ask, then free, and rest while a package is on hold."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.db import at, db, transaction
from board.i18n import end_of, in_days, today
from board.proposals.models import Proposal
from board.work import claims, leases, moves, queries
from board.work.claims import Terms
from board.work.models import Claim, Package, Seat
from board.work.packages import locked
from tests.factories import claim, make_package
from tests.people import Cast

TERMS = Terms(lease_days=60, grace_days=14)


@pytest.fixture
def held(app: Flask, people: Cast) -> Any:
    """A package that Aalen leads and Celle supports since today."""
    with app.app_context():
        package_id = make_package(people)
        claim(package_id, people.ada.actor)
        claim(package_id, people.cleo.actor, Seat.SUPPORT)
        yield package_id


def later(days: int) -> Any:
    """The board's clock, that many days on: of days, since between the hours of two a clock may have been changed."""
    return at(end_of(in_days(days)) - timedelta(hours=1))


def state(package_id: int) -> str:
    """Where the package stands."""
    db.session.close()
    return db.session.get_one(Package, package_id).state


def test_a_lease_asks_at_its_end_and_frees_after_the_grace(held: int, people: Cast) -> None:
    with later(59):
        assert not queries.due_leases(people.ada.actor)
    with later(60):
        assert [card.own.left for card in queries.due_leases(people.ada.actor) if card.own] == [0]
        assert leases.sweep(today(), TERMS) == 0
    with later(73):
        assert leases.sweep(today(), TERMS) == 0
    assert state(held) == "claimed"
    with later(74):
        assert leases.sweep(today(), TERMS) == 2
        assert leases.sweep(today(), TERMS) == 0
    assert state(held) == "open"
    rows = db.session.execute(select(Activity).where(Activity.verb == "package.lapse")).scalars().all()
    assert [(r.source, r.person_id, r.details["seat"]) for r in rows] == [
        ("system", None, "lead"),
        ("system", None, "support"),
    ]
    assert {r.about_id for r in rows} == {people.aalen, people.celle}
    assert db.session.scalar(select(Proposal.n_free)) == 1


def test_renewing_keeps_the_seat(held: int, people: Cast) -> None:
    with later(70), transaction():
        claims.renew(locked(held), people.ben.actor, None, TERMS)
    with later(74):
        assert leases.sweep(today(), TERMS) == 1
    assert state(held) == "claimed"


def test_who_moves_the_package_is_not_silent(held: int, people: Cast) -> None:
    with later(65), transaction():
        moves.start(locked(held), people.ada.actor, TERMS)
    with later(80):
        leases.sweep(today(), TERMS)
    assert state(held) == "in_progress"


def test_on_hold_the_clock_stops_and_the_days_are_added(held: int, people: Cast) -> None:
    def until() -> Any:
        db.session.close()
        return db.session.scalar(select(Claim.lease_until).where(Claim.seat == Seat.LEAD))

    before = until()
    with later(50), transaction():
        began = today()
        moves.hold(locked(held), people.ada.actor, "in Vergabe")
    with later(200):
        ended = today()
        assert leases.sweep(today(), TERMS) == 0
        assert not queries.due_leases(people.ada.actor)
        with transaction():
            moves.resume(locked(held), people.pia.actor)
    assert until() == before + (ended - began)


def test_renewing_while_on_hold_gives_a_whole_lease_and_not_more(held: int, people: Cast) -> None:
    with transaction():
        moves.hold(locked(held), people.ada.actor, "in Vergabe")
    with later(40), transaction():
        claims.renew(locked(held), people.ada.actor, None, TERMS)
    with later(50):
        with transaction():
            moves.resume(locked(held), people.ada.actor)
        db.session.close()
        lease = db.session.scalar(select(Claim.lease_until).where(Claim.seat == Seat.LEAD))
        assert lease == today() + timedelta(days=60)


def test_claiming_ends_the_lapsed_lead_in_the_same_transaction(held: int, people: Cast) -> None:
    with later(74):
        claim(held, people.cleo.actor, terms=TERMS)
    db.session.close()
    assert db.session.get_one(Package, held).lead_partner_id == people.celle
    ended = select(Claim.partner_id, Claim.end_reason).where(Claim.ended_at.is_not(None)).order_by(Claim.id)
    assert [tuple(r) for r in db.session.execute(ended)] == [(people.aalen, "lapsed"), (people.celle, "lapsed")]
    assert db.session.scalar(select(Proposal.n_free)) == 0


def test_a_lapsed_partner_may_claim_anew(held: int, people: Cast) -> None:
    with later(74):
        claim(held, people.ada.actor, terms=TERMS)
    assert state(held) == "claimed"


def test_the_sweep_takes_its_terms_from_the_settings(held: int) -> None:
    with later(74):
        assert leases.sweep_due() == 2


def test_a_finished_package_asks_nobody(held: int, people: Cast) -> None:
    for verb in (moves.start, moves.submit, moves.finish):
        with transaction():
            verb(locked(held), people.ada.actor, TERMS)
    with later(200):
        assert not queries.due_leases(people.ada.actor)
        assert leases.sweep(today(), TERMS) == 0
    assert state(held) == "done"
