"""Casting, changing and withdrawing a ballot. A ballot informs; it commits nobody and blocks nothing."""

from dataclasses import dataclass

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal
from board.voting import rights, tallies
from board.voting.models import Ballot, Choice


@dataclass(frozen=True)
class Said:
    """What a ballot said before it was changed: enough to put it back."""

    choice: str
    reason: str


def locked(proposal_id: int, by: Actor) -> Proposal:
    """The proposal for a change in this transaction: nobody else changes it, or pauses the partner, meanwhile.

    The partner comes first: pausing it also takes the partner before its proposals, so nobody waits in a circle.
    Raises Missing.
    """
    if by.partner_id:
        db.session.get(Partner, by.partner_id, with_for_update={"read": True})
    query = select(Proposal).where(Proposal.id == proposal_id).with_for_update(key_share=True)
    proposal = db.session.scalar(query)
    if proposal is None:
        raise Missing(_("There is no proposal FV-%(id)s.", id=proposal_id))
    return proposal


def cast(proposal: Proposal, choice: str, reason: str | None, by: Actor) -> Said | None:
    """Cast or change the ballot of the partner acted for; returns what it said before, if there was one.

    `proposal` comes from `locked`. Reason None keeps the reason while the choice stays. The same ballot on the same
    text again changes nothing and is not logged. Raises Denied, Conflict when closed or when `against` has no reason.
    """
    ballot = _of(proposal, by)
    new = ballot or Ballot(proposal_id=proposal.id, partner_id=by.partner_id or 0)
    rights.permit(by, "ballot.cast", new)
    rights.permit_voting(by)
    rights.require_open(proposal)
    before = Said(ballot.choice, ballot.reason) if ballot else None
    if reason is None:
        reason = before.reason if before and before.choice == choice else ""
    if choice == Choice.AGAINST and not reason:
        raise Conflict(_("A ballot against needs a reason."))
    if before == Said(choice, reason) and new.text_version == proposal.text_version:
        return before
    new.choice, new.reason, new.text_version = Choice(choice).value, reason, proposal.text_version
    new.person_id, new.cast_at = by.person_id, now()
    new.version = (new.version or 0) + 1
    was = before.choice if before else None
    counted_as, new.counted = was if new.counted else None, True
    db.session.add(new)
    act(by, "ballot.cast", new, **{"from": was, "to": new.choice})
    tallies.move(new, counted_as, new.choice)
    return before


def withdraw(proposal: Proposal, by: Actor) -> Said | None:
    """Take the partner's ballot back, as if it had not been cast; repeating it is harmless. Returns what it said.

    `proposal` comes from `locked`. Raises Denied, Conflict when the proposal is not open.
    """
    ballot = _of(proposal, by)
    rights.permit(by, "ballot.withdraw", ballot or Ballot(partner_id=by.partner_id or 0))
    rights.require_open(proposal)
    if ballot is None:
        return None
    act(by, "ballot.withdraw", ballot, **{"from": ballot.choice, "to": None})
    tallies.move(ballot, ballot.choice, None)
    db.session.delete(ballot)
    return Said(ballot.choice, ballot.reason)


def _of(proposal: Proposal, by: Actor) -> Ballot | None:
    return db.session.scalar(
        select(Ballot).where(Ballot.proposal_id == proposal.id, Ballot.partner_id == by.partner_id)
    )
