"""Recording who uses a feature, how far they are, and whom to ask."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.policy import Actor
from board.proposals.models import Proposal, touch
from board.voting import rights
from board.voting.models import Reuse, ReuseStatus


@dataclass(frozen=True)
class Record:
    """What a partner says about its use; `contact` is functional (an office, not a person)."""

    status: ReuseStatus
    variant: str = ""
    release: str = ""
    contact: str = ""
    confirmed_on: date | None = None
    planned_for: str = ""
    link: str = ""

    def values(self) -> dict[str, Any]:
        """The columns it fills; a quarter means something only while the use is planned."""
        planned = self.planned_for if self.status == ReuseStatus.PLANNED else ""
        return vars(self) | {"status": self.status.value, "planned_for": planned}


def record(proposal: Proposal, new: Record, by: Actor) -> None:
    """Say how far the partner acted for is with using it; `n_live` follows. Repeating is harmless.

    `proposal` comes from `ballots.locked`. Raises Denied, Conflict when the proposal was withdrawn or merged.
    """
    found = _of(proposal, by)
    row = found or Reuse(proposal_id=proposal.id, partner_id=by.partner_id or 0)
    rights.permit(by, "reuse.record", row)
    rights.require_alive(proposal)
    values = new.values()
    if found and {name: getattr(row, name) for name in values} == values:
        return
    before = found.status if found else None
    for name, value in values.items():
        setattr(row, name, value)
    row.person_id, row.changed_at, row.version = by.person_id, now(), (row.version or 0) + 1
    db.session.add(row)
    act(by, "reuse.record", row, **{"from": before, "to": row.status})
    _follow(proposal, before, row.status)


def remove(proposal: Proposal, by: Actor) -> None:
    """Undo: the partner's record was a mistake and goes; the log keeps that it was there. Harmless without one."""
    row = _of(proposal, by)
    rights.permit(by, "reuse.record", row or Reuse(partner_id=by.partner_id or 0))
    rights.require_alive(proposal)
    if row is None:
        return
    act(by, "reuse.record", row, **{"from": row.status, "to": None})
    _follow(proposal, row.status, None)
    db.session.delete(row)


def _follow(proposal: Proposal, before: str | None, after: str | None) -> None:
    touch(proposal.id, n_live=(after == ReuseStatus.LIVE) - (before == ReuseStatus.LIVE))


def _of(proposal: Proposal, by: Actor) -> Reuse | None:
    return db.session.scalar(select(Reuse).where(Reuse.proposal_id == proposal.id, Reuse.partner_id == by.partner_id))
