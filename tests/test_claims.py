"""Claims: one lead per package, seats held for a partner, moves and pauses."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Denied
from board.policy import Actor
from board.proposals.models import Proposal
from board.work import bids, claims, moves, packages
from board.work.models import Claim, Package, Seat
from board.work.packages import Draft, locked
from tests.factories import claim, make_package, make_proposal
from tests.people import Cast


def do(verb: Callable[..., Any], package_id: int, by: Actor, *values: Any) -> None:
    """One verb on one package, in a transaction of its own."""
    with transaction():
        verb(locked(package_id), by, *values)


def verbs(package_id: int) -> list[str]:
    """What the log says about a package."""
    rows = select(Activity.verb).where(Activity.package_id == package_id).order_by(Activity.id)
    return [verb.removeprefix("package.") for verb in db.session.scalars(rows)]


def package(package_id: int) -> Package:
    """The package as it stands."""
    db.session.close()
    return db.session.get_one(Package, package_id)


@pytest.fixture
def ready(app: Flask, people: Cast) -> Any:
    """An app context and a free package."""
    with app.app_context():
        yield make_package(people, effort=Decimal("12.5"))


def test_the_first_to_claim_leads_and_the_second_is_told_who_won(ready: int, people: Cast) -> None:
    claim(ready, people.ada.actor, days=Decimal(5))
    with pytest.raises(Conflict) as caught:
        claim(ready, people.cleo.actor, days=Decimal("3.5"))
    assert "Aalen" in caught.value.message
    assert caught.value.hints == {"winner": "Aalen", "winner_slug": "aalen", "days": Decimal("3.5")}
    assert package(ready).lead_partner_id == people.aalen
    assert package(ready).state == "claimed"


def test_claiming_ones_own_again_is_harmless_and_logs_nothing(ready: int, people: Cast) -> None:
    first = claim(ready, people.ada.actor)
    assert claim(ready, people.ben.actor) == first
    assert verbs(ready) == ["create", "claim"]


def test_a_provider_can_neither_lead_nor_support(ready: int, people: Cast) -> None:
    for seat in Seat:
        with pytest.raises(Denied):
            claim(ready, people.rolf.actor, seat)


def test_somebody_without_a_partner_cannot_claim(ready: int, people: Cast) -> None:
    for who in (people.dora, people.pia):
        with pytest.raises(Denied):
            claim(ready, who.actor)


def test_a_supporter_may_step_up_while_nobody_leads(ready: int, people: Cast) -> None:
    claim(ready, people.cleo.actor, Seat.SUPPORT, days=Decimal(2))
    claim(ready, people.cleo.actor, Seat.LEAD)
    live = db.session.execute(select(Claim.seat, Claim.days).where(Claim.ended_at.is_(None))).all()
    assert [tuple(row) for row in live] == [("lead", Decimal(2))]


def test_a_supporter_who_steps_up_too_late_keeps_the_seat(ready: int, people: Cast) -> None:
    claim(ready, people.cleo.actor, Seat.SUPPORT)
    claim(ready, people.ada.actor)
    with pytest.raises(Conflict):
        claim(ready, people.cleo.actor, Seat.LEAD)
    live = select(Claim.seat).where(Claim.partner_id == people.celle, Claim.ended_at.is_(None))
    assert db.session.scalar(live) == "support"


def test_handing_the_lead_back_frees_the_package_and_keeps_its_supporters(ready: int, people: Cast) -> None:
    claim(ready, people.ada.actor)
    claim(ready, people.cleo.actor, Seat.SUPPORT)
    do(claims.hand_back, ready, people.ada.actor)
    assert package(ready).state == "open"
    assert package(ready).lead_partner_id is None
    assert list(db.session.scalars(select(Claim.partner_id).where(Claim.ended_at.is_(None)))) == [people.celle]
    do(claims.hand_back, ready, people.ada.actor)
    assert verbs(ready) == ["create", "claim", "support", "hand_back"]


def test_the_seat_that_stands_is_handed_back_even_where_a_younger_one_has_ended(ready: int, people: Cast) -> None:
    stands = claim(ready, people.ada.actor)
    other = make_package(people, 1)
    moved = claim(other, people.ada.actor)
    do(claims.hand_back, other, people.ada.actor)
    with transaction():  # As merging packages does.
        db.session.get_one(Claim, moved).package_id = ready
    do(claims.hand_back, ready, people.ada.actor)
    assert db.session.get_one(Claim, stands).end_reason == "handed_back"
    assert package(ready).state == "open"


def test_another_partner_cannot_hand_back_or_renew_mine(ready: int, people: Cast) -> None:
    mine = claim(ready, people.ada.actor)
    for verb in (claims.hand_back, claims.renew):
        with pytest.raises(Denied):
            do(verb, ready, people.cleo.actor)
    with pytest.raises(Denied):
        do(lambda _package, by: claims.give_up(db.session.get_one(Claim, mine), by), ready, people.cleo.actor)
    assert package(ready).lead_partner_id == people.aalen


def test_the_proposal_counts_its_packages_and_the_free_ones(app: Flask, people: Cast) -> None:
    def counts() -> tuple[int, int]:
        db.session.close()
        found = db.session.get_one(Proposal, proposal)
        return found.n_packages, found.n_free

    with app.app_context():
        proposal = make_proposal(people)
        first, _second = make_package(people, proposal), make_package(people, proposal, title="Anderes")
        assert counts() == (2, 2)
        claim(first, people.ada.actor)
        claim(first, people.cleo.actor, Seat.SUPPORT)
        assert counts() == (2, 1)
        do(claims.hand_back, first, people.cleo.actor)
        assert counts() == (2, 1)
        do(claims.hand_back, first, people.ada.actor)
        assert counts() == (2, 2)


def test_the_lead_leads_it_through_review_to_done(ready: int, people: Cast) -> None:
    claim(ready, people.ada.actor)
    for verb, who in (
        (moves.start, people.ben), (moves.submit, people.ada), (moves.send_back, people.pia),
        (moves.submit, people.ben), (moves.finish, people.pia),
    ):  # fmt: skip
        do(verb, ready, who.actor)
    assert package(ready).state == "done"
    assert db.session.scalar(select(Claim.end_reason)) == "done"
    assert verbs(ready) == ["create", "claim", "start", "submit", "return", "submit", "finish"]
    with pytest.raises(Conflict):
        claim(ready, people.cleo.actor, Seat.SUPPORT)


@pytest.mark.parametrize("verb", [moves.start, moves.submit, moves.finish, moves.send_back])
def test_a_move_that_does_not_fit_the_state_is_refused(ready: int, people: Cast, verb: Any) -> None:
    claim(ready, people.ada.actor)
    if verb is moves.start:
        do(verb, ready, people.ada.actor)
    with pytest.raises(Conflict):
        do(verb, ready, people.ada.actor)


@pytest.mark.parametrize("verb", [moves.start, moves.submit, moves.finish, moves.resume])
def test_another_partner_moves_nothing(ready: int, people: Cast, verb: Any) -> None:
    claim(ready, people.ada.actor)
    with pytest.raises(Denied):
        do(verb, ready, people.cleo.actor)


def test_the_lead_records_whom_it_commissioned_among_the_offers(ready: int, people: Cast) -> None:
    do(bids.bid, ready, people.rolf.actor, "In vier Wochen", Decimal(20))
    do(bids.bid, ready, people.rolf.actor, "In vier Wochen", Decimal(20))
    with pytest.raises(Denied):
        do(bids.bid, ready, people.cleo.actor, "Wir auch")
    claim(ready, people.ada.actor)
    with pytest.raises(Denied):
        do(packages.commission, ready, people.rolf.actor, "Werk GmbH")
    do(packages.commission, ready, people.ada.actor, "Werk GmbH")
    assert package(ready).commissioned == "Werk GmbH"
    do(bids.withdraw_bid, ready, people.rolf.actor)
    do(bids.withdraw_bid, ready, people.rolf.actor)
    assert verbs(ready) == ["create", "bid", "claim", "commission", "withdraw_bid"]


def test_packages_sent_twice_are_created_once(app: Flask, people: Cast) -> None:
    with app.app_context():
        proposal = make_proposal(people)
        for _again in range(2):
            with transaction():
                packages.create(proposal, people.ada.actor, [Draft("Erstes"), Draft("Zweites")])
        assert db.session.scalar(select(func.count()).select_from(Package)) == 2


@pytest.mark.parametrize("state", ["declined", "withdrawn"])
def test_a_closed_proposal_gets_no_new_packages(app: Flask, people: Cast, state: str) -> None:
    with app.app_context(), pytest.raises(Conflict):
        make_package(people, make_proposal(people, state=state))


def test_an_edit_on_top_of_anothers_edit_is_refused(ready: int, people: Cast) -> None:
    def edit(who: Actor, version: int, **words: Any) -> None:
        with transaction():
            packages.edit(locked(ready, links=True), who, Draft("Neu", **words), version)

    edit(people.ada.actor, 1, links=(("Quelle", "https://example.org"),))
    edit(people.ada.actor, 1, links=(("Quelle", "https://example.org"),))
    with pytest.raises(Conflict):
        edit(people.cleo.actor, 1, text="Anders")
    assert package(ready).text_version == 2
