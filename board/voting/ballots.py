"""Casting, changing and withdrawing a ballot. A ballot informs; it commits nobody and blocks nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, Protocol
from typing import cast as cast_type

from sqlalchemy import bindparam, delete, insert, select, update

from board.activity.models import Held, act
from board.db import db, now, on_postgres, run
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


class Ground(Protocol):
    """What of a proposal a ballot stands on; a locked `Proposal` has it too."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def closed_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def text_version(self) -> int: ...  # noqa: D102
    @property
    def consent_until(self) -> datetime | None: ...  # noqa: D102


@dataclass(frozen=True)
class Stance(Held):
    """The ballot of one partner as it stands on the locked proposal; without a choice there is none yet."""

    proposal_id: int
    partner_id: int
    id: int = 0
    choice: str | None = None
    reason: str = ""
    text_version: int = 0
    counted: bool = True
    version: int = 0

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}


_PARTNER = select(Partner.id).where(Partner.id == bindparam("partner")).with_for_update(read=True)
_GROUND = (
    select(Proposal.id, Proposal.state, Proposal.closed_at, Proposal.text_version, Proposal.consent_until)
    .where(Proposal.id == bindparam("proposal"))
    .with_for_update(key_share=True)
)
_STANCE = (
    select(
        Partner.name, Partner.votes, Partner.paused_at, Ballot.id, Ballot.choice, Ballot.reason, Ballot.text_version,
        Ballot.counted, Ballot.version,
    )
    .outerjoin(Ballot, (Ballot.partner_id == Partner.id) & (Ballot.proposal_id == bindparam("proposal")))
    .where(Partner.id == bindparam("partner"))
)  # fmt: skip
_CAST = insert(Ballot)
_CHANGE = update(Ballot).where(Ballot.id == bindparam("stance"))
_WITHDRAW = delete(Ballot).where(Ballot.id == bindparam("stance"))


def ground(proposal_id: int, by: Actor) -> Ground:
    """Like `locked`, with only what a ballot needs, for the most frequent change of all. Raises Missing."""
    if by.partner_id and on_postgres():
        run(_PARTNER, partner=by.partner_id)
    found = run(_GROUND, proposal=proposal_id).one_or_none()
    return cast_type("Ground", found) if found is not None else _missing(proposal_id)


def locked(proposal_id: int, by: Actor) -> Proposal:
    """The proposal for a change in this transaction: nobody else changes it, or pauses the partner, meanwhile.

    The partner comes first: pausing it also takes the partner before its proposals, so nobody waits in a circle.
    Raises Missing.
    """
    if by.partner_id:
        db.session.get(Partner, by.partner_id, with_for_update={"read": True})
    query = select(Proposal).where(Proposal.id == proposal_id).with_for_update(key_share=True)
    proposal = db.session.scalar(query)
    return proposal if proposal is not None else _missing(proposal_id)


def _missing(proposal_id: int) -> NoReturn:
    raise Missing(_("There is no proposal FV-%(id)s.", id=proposal_id))


def cast(proposal: Ground, choice: str, reason: str | None, by: Actor) -> Said | None:
    """Cast or change the ballot of the partner acted for; returns what it said before, if there was one.

    `proposal` comes from `ground` or `locked`. Reason None keeps the reason while the choice stays. The same ballot on
    the same text again changes nothing and is not logged. Raises Denied, Conflict when closed or when `against` has no
    reason.
    """
    old, partner = _stance(proposal, by)
    rights.permit(by, "ballot.cast", old)
    rights.permit_voting(by, partner)
    rights.require_open(proposal)
    before = Said(old.choice, old.reason) if old.choice else None
    if reason is None:
        reason = before.reason if before and before.choice == choice else ""
    if choice == Choice.AGAINST and not reason:
        raise Conflict(_("A ballot against needs a reason."))
    if before == Said(choice, reason) and old.text_version == proposal.text_version:
        return before
    new = {
        "choice": Choice(choice).value, "reason": reason, "text_version": proposal.text_version, "counted": True,
        "person_id": by.person_id, "cast_at": now(), "version": old.version + 1,
    }  # fmt: skip
    act(by, "ballot.cast", old, **{"from": old.choice, "to": new["choice"]})
    if before:
        run(_CHANGE, stance=old.id, **new)
    else:
        run(_CAST, proposal_id=old.proposal_id, partner_id=old.partner_id, **new)
    tallies.move(proposal.id, old.choice if old.counted else None, choice)
    return before


def withdraw(proposal: Ground, by: Actor) -> Said | None:
    """Take the partner's ballot back, as if it had not been cast; repeating it is harmless. Returns what it said.

    `proposal` comes from `ground` or `locked`. Raises Denied, Conflict when the proposal is not open.
    """
    old, _partner = _stance(proposal, by)
    rights.permit(by, "ballot.withdraw", old)
    rights.require_open(proposal)
    if old.choice is None:
        return None
    act(by, "ballot.withdraw", old, **{"from": old.choice, "to": None})
    tallies.move(proposal.id, old.choice if old.counted else None, None)
    run(_WITHDRAW, stance=old.id)
    return Said(old.choice, old.reason)


def _stance(proposal: Ground, by: Actor) -> tuple[Stance, rights.Voter | None]:
    """The ballot as it stands, and the partner as it is now; None for somebody who acts for none."""
    db.session.flush()
    row = run(_STANCE, proposal=proposal.id, partner=by.partner_id).one_or_none() if by.partner_id else None
    if row is None:
        return Stance(proposal.id, 0), None
    name, votes, paused_at, *ballot = row
    stance = Stance(proposal.id, by.partner_id or 0, *(ballot if ballot[0] else ()))
    return stance, rights.Voter(name, votes, paused_at)
