"""What a partner brings in: offers, declared until its own body confirms them, and what its stance depends on.

They outlive the decision. Once the feature is available only `use` is offered anew.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting import rights, tallies
from board.voting.models import Condition, Offer, OfferKind


@dataclass(frozen=True)
class Wish:
    """The whole of what a partner offers and asks, as its form says; `days` None means no days."""

    kinds: frozenset[OfferKind] = frozenset()
    days: int | None = None
    condition: str = ""
    reserved: bool = False
    reserved_body: str = ""
    reserved_on: date | None = None
    again: bool = False
    """Whether this undoes a withdrawal: what the partner's body had confirmed is confirmed again."""


def apply(proposal: Proposal, wish: Wish, by: Actor) -> None:
    """Make the partner's offers what the form says: what is not in it is withdrawn. `proposal` is locked."""
    rights.permit(by, "offer.declare", Offer(partner_id=by.partner_id or 0))
    held = {offer.kind for offer in _of(proposal, by) if offer.withdrawn_at is None}
    for kind in OfferKind:
        wanted = wish.days is not None if kind == OfferKind.DAYS else kind in wish.kinds
        if wanted:
            declare(proposal, kind, wish.days if kind == OfferKind.DAYS else None, by, again=wish.again)
        elif kind in held:
            withdraw(proposal, kind, by)
    if wish.condition or wish.reserved:
        state(proposal, wish, by)
    else:
        clear(proposal, by)


def declare(proposal: Proposal, kind: OfferKind, days: int | None, by: Actor, *, again: bool = False) -> None:
    """Offer something on behalf of the partner; another number of days has to be confirmed anew.

    `again` puts back what was withdrawn as it was, confirmed if it was. Repeating is harmless.
    Raises Denied, Conflict when the proposal takes no such offer any more.
    """
    offer = _find(proposal, kind, by)
    held = offer is not None and offer.withdrawn_at is None
    if offer is not None and held and offer.days == days:
        return
    offer = offer or Offer(proposal_id=proposal.id, partner_id=by.partner_id or 0, kind=kind.value)
    rights.permit(by, "offer.declare", offer)
    rights.require_alive(proposal)
    if proposal.state == State.AVAILABLE and kind != OfferKind.USE and not held:
        raise Conflict(_("The feature is available: now it can be used, but no longer built together."))
    before = _standing(offer)
    promised = offer.confirmed_on if again and offer.withdrawn_at and offer.days == days else None
    offer.days, offer.declared_at, offer.withdrawn_at, offer.confirmed_on = days, now(), None, promised
    _sign(offer, by)
    db.session.add(offer)
    verb = "offer.confirm" if promised else "offer.declare"
    act(by, verb, offer, kind=kind.value, days=days, **{"from": before, "to": _standing(offer)})
    tallies.renew_coalition(proposal.id)


def confirm(proposal: Proposal, kind: OfferKind, body: str, on: date, by: Actor) -> None:
    """Record that the partner's own body confirmed the offer on that date. Raises Denied, Conflict without an offer."""
    offer = _held(proposal, kind, by, "offer.confirm")
    if (offer.confirmed_body, offer.confirmed_on) == (body, on):
        return
    before, offer.confirmed_body, offer.confirmed_on = _standing(offer), body, on
    _sign(offer, by)
    act(by, "offer.confirm", offer, kind=kind.value, days=offer.days, **{"from": before, "to": "confirmed"})
    tallies.renew_coalition(proposal.id)


def unconfirm(proposal: Proposal, kind: OfferKind, by: Actor) -> None:
    """Undo a confirmation that was recorded by mistake: the offer is declared again. Harmless when it was not."""
    offer = _held(proposal, kind, by, "offer.declare")
    if offer.confirmed_on is None:
        return
    offer.confirmed_on = None
    _sign(offer, by)
    act(by, "offer.declare", offer, kind=kind.value, days=offer.days, **{"from": "confirmed", "to": "declared"})
    tallies.renew_coalition(proposal.id)


def withdraw(proposal: Proposal, kind: OfferKind, by: Actor) -> None:
    """Take an offer back, a confirmed one too; the log keeps it. Harmless when there is none. Raises Denied.

    The row remembers its confirmation, so that a withdrawal by mistake can be undone whole.
    """
    offer = _find(proposal, kind, by)
    if offer is None or offer.withdrawn_at is not None:
        return
    rights.permit(by, "offer.withdraw", offer)
    rights.require_alive(proposal)
    before, offer.withdrawn_at = _standing(offer), now()
    _sign(offer, by)
    act(by, "offer.withdraw", offer, kind=kind.value, days=offer.days, **{"from": before, "to": None})
    tallies.renew_coalition(proposal.id)


def state(proposal: Proposal, wish: Wish, by: Actor) -> None:
    """State what the partner's stance depends on: a text, or its committee that has yet to sit. Raises Denied."""
    found = _condition(proposal, by)
    row = found or Condition(proposal_id=proposal.id, partner_id=by.partner_id or 0)
    body, on = (wish.reserved_body, wish.reserved_on) if wish.reserved else ("", None)
    new = (wish.condition, wish.reserved, body, on)
    if found and (row.text, row.reserved, row.reserved_body, row.reserved_on) == new:
        return
    rights.permit(by, "condition.state", row)
    rights.require_alive(proposal)
    row.text, row.reserved, row.reserved_body, row.reserved_on = new
    row.person_id, row.changed_at = by.person_id, now()
    db.session.add(row)
    act(by, "condition.state", row, reserved=row.reserved, text=bool(row.text))
    tallies.renew_coalition(proposal.id)


def clear(proposal: Proposal, by: Actor) -> None:
    """Nothing is in the way any more. Harmless when nothing was. Raises Denied."""
    row = _condition(proposal, by)
    if row is None:
        return
    rights.permit(by, "condition.clear", row)
    rights.require_alive(proposal)
    act(by, "condition.clear", row)
    db.session.delete(row)
    db.session.flush()
    tallies.renew_coalition(proposal.id)


def _standing(offer: Offer) -> str | None:
    """declared, confirmed or None, before the change."""
    if offer.id is None or offer.withdrawn_at is not None:
        return None
    return "confirmed" if offer.confirmed_on else "declared"


def _sign(offer: Offer, by: Actor) -> None:
    offer.person_id = by.person_id
    offer.version = (offer.version or 0) + 1


def _held(proposal: Proposal, kind: OfferKind, by: Actor, verb: str) -> Offer:
    """The partner's living offer of that kind, when the actor may do this to it."""
    offer = _find(proposal, kind, by)
    rights.permit(by, verb, offer or Offer(partner_id=by.partner_id or 0))
    rights.require_alive(proposal)
    if offer is None or offer.withdrawn_at is not None:
        raise Conflict(_("This is not on offer any more."))
    return offer


def _find(proposal: Proposal, kind: OfferKind, by: Actor) -> Offer | None:
    return next((offer for offer in _of(proposal, by) if offer.kind == kind), None)


def _of(proposal: Proposal, by: Actor) -> list[Offer]:
    query = select(Offer).where(Offer.proposal_id == proposal.id, Offer.partner_id == by.partner_id)
    return list(db.session.scalars(query))


def _condition(proposal: Proposal, by: Actor) -> Condition | None:
    query = select(Condition).where(Condition.proposal_id == proposal.id, Condition.partner_id == by.partner_id)
    return db.session.scalar(query)
