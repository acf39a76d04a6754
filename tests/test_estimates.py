"""Estimates: several coexist, valid ones make the range on the row, expired ones ask; and the right to make them."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Denied
from board.estimates import effort, queries, verbs
from board.estimates.models import Estimate
from board.estimates.verbs import Figures
from board.i18n import in_days, today
from board.policy import ANONYMOUS, Actor
from board.proposals import queries as proposals
from board.proposals.models import Proposal
from board.record import checks
from board.voting import tallies
from tests.factories import make_proposal, offer
from tests.people import Cast


def estimate(by: Actor, low: int, high: int, until: date | None = None, *, provider: str = "") -> int:
    """An estimate of that person's partner (or of the provider); returns its id."""
    with transaction():
        figures = Figures(low, high, until or in_days(90))
        return verbs.make(proposals.locked(1), by, figures, provider=provider).id


def row(proposal_id: int = 1) -> tuple[int, int, date | None]:
    """The range on the proposal's row; asserts that a recount says the same."""
    assert effort.check_efforts() == []
    assert tallies.check_tallies() == []
    db.session.expire_all()
    kept = db.session.get_one(Proposal, proposal_id)
    return kept.effort_low, kept.effort_high, kept.effort_until


@pytest.fixture(autouse=True)
def _context(app: Flask, people: Cast) -> object:
    with app.app_context():
        make_proposal(people)
        yield


def test_several_estimates_coexist_and_make_one_range(people: Cast) -> None:
    estimate(people.ben.actor, 10, 15, in_days(30))
    estimate(people.cleo.actor, 14, 30, in_days(60))
    estimate(people.pia.actor, 12, 18, in_days(10), provider="Nordlicht IT")
    assert row() == (10, 30, in_days(60))
    valid, found = queries.valid(1, ANONYMOUS)
    assert [line.author for line in valid] == ["Nordlicht IT", "Celle", "Aalen"]
    assert (found.low, found.high, found.n, found.wide) == (10, 30, 3, True)


def test_a_spread_above_factor_two_is_flagged_and_exactly_two_is_not(people: Cast) -> None:
    estimate(people.ada.actor, 10, 12)
    assert not queries.valid(1, ANONYMOUS)[1].wide
    estimate(people.cleo.actor, 15, 20)
    assert not queries.valid(1, ANONYMOUS)[1].wide
    estimate(people.rolf.actor, 15, 21)
    assert queries.valid(1, ANONYMOUS)[1].wide


def test_an_expired_estimate_leaves_the_range_while_another_is_valid(people: Cast) -> None:
    first = estimate(people.ada.actor, 5, 50, today())
    estimate(people.cleo.actor, 10, 12, in_days(5))
    with transaction():
        _proposal, row_ = verbs.locked(first)
        row_.valid_until = today() - timedelta(days=1)  # The night has passed.
    verbs.expire_due()
    assert row() == (10, 12, in_days(5))
    told = db.session.scalars(select(Activity).where(Activity.verb == "estimate.expire")).one()
    assert (told.source, told.about_id, told.proposal_id) == ("system", people.aalen, 1)
    verbs.expire_due()
    assert db.session.scalars(select(Activity.id).where(Activity.verb == "estimate.expire")).all() == [told.id]
    assert [e.id for e in queries.expired(people.aalen)] == [first]
    assert queries.expired(people.celle) == []


def test_where_none_is_valid_the_last_ones_still_show_with_their_date(people: Cast) -> None:
    yesterday = today() - timedelta(days=1)
    estimate(people.ada.actor, 5, 8, yesterday)
    assert row() == (5, 8, yesterday)
    assert queries.valid(1, ANONYMOUS) == ((), effort.Range())
    assert queries.of_proposal(1, ANONYMOUS).range.n == 1


def test_editing_withdrawing_and_putting_back_move_the_range(people: Cast) -> None:
    number = estimate(people.ada.actor, 5, 8)
    with transaction():
        verbs.edit(verbs.locked(number)[1], people.ben.actor, Figures(6, 9, in_days(20), "Ohne *Betrieb*"), 1)
    assert row() == (6, 9, in_days(20))
    with transaction():
        verbs.withdraw(verbs.locked(number)[1], people.ada.actor)
    assert row() == (0, 0, None)
    with transaction():
        verbs.restore(verbs.locked(number)[1], people.ada.actor)
    assert row() == (6, 9, in_days(20))
    assert checks.counters() == []


def test_one_estimate_per_author_stands_and_the_same_again_is_harmless(people: Cast) -> None:
    first = estimate(people.ada.actor, 5, 8)
    assert estimate(people.ada.actor, 5, 8) == first
    with pytest.raises(Conflict):
        estimate(people.ben.actor, 6, 8)
    with transaction():
        verbs.withdraw(verbs.locked(first)[1], people.ada.actor)
    estimate(people.ben.actor, 6, 8)
    with pytest.raises(Conflict), transaction():
        verbs.restore(verbs.locked(first)[1], people.ada.actor)
    assert row()[:2] == (6, 8)


def test_nobody_estimates_for_another_and_changes_are_not_lost(people: Cast) -> None:
    number = estimate(people.ada.actor, 5, 8)
    for other in (people.cleo.actor, people.rolf.actor, people.pia.actor):
        with pytest.raises(Denied), transaction():
            verbs.edit(verbs.locked(number)[1], other, Figures(1, 2, in_days(5)), 1)
        with pytest.raises(Denied), transaction():
            verbs.withdraw(verbs.locked(number)[1], other)
    with pytest.raises(Denied):
        estimate(people.ada.actor, 1, 2, provider="Nordlicht IT")
    with pytest.raises(Denied):
        estimate(people.dora.actor, 1, 2)
    with transaction():
        verbs.edit(verbs.locked(number)[1], people.ben.actor, Figures(6, 9, in_days(20)), 1)
    with pytest.raises(Conflict), transaction():
        verbs.edit(verbs.locked(number)[1], people.ada.actor, Figures(7, 9, in_days(20)), 1)
    assert db.session.scalars(select(Estimate.low)).all() == [6]


def test_days_on_offer_count_against_the_effort_in_the_coalitions_strength(people: Cast) -> None:
    offer(people, 1, "lead")
    offer(people, 1, "days", days=5)
    offer(people, 1, "pilot", by=people.cleo.actor)
    assert kept_strength() == (125, 5)
    number = estimate(people.ada.actor, 5, 20)
    assert kept_strength() == (150, 5)
    with transaction():
        verbs.withdraw(verbs.locked(number)[1], people.ada.actor)
    assert kept_strength() == (125, 5)


def kept_strength() -> tuple[int, int]:
    """What the row shows of it."""
    row()
    kept = db.session.get_one(Proposal, 1)
    return kept.strength, kept.days_offered
