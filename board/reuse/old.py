"""Entries that have grown old: nobody has confirmed them for half a year, so they are marked and a partner is asked."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from board.i18n import today
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting.models import Reuse, ReuseStatus

STALE = timedelta(days=183)
"""A record that nobody has confirmed for so long is shown as old, and its partner is asked."""


def is_old() -> Any:
    """The condition that a record waits for its partner's confirmation; nobody asks about a merged proposal's."""
    merged = select(Proposal.id).where(Proposal.state == State.MERGED)
    return and_(waits(), Reuse.proposal_id.not_in(merged))


def waits() -> ColumnElement[bool]:
    """The same without a look at the proposal: where it is known to stand on its own."""
    seen = func.coalesce(Reuse.confirmed_on, func.date(Reuse.changed_at))
    return and_(Reuse.status != ReuseStatus.ENDED, seen < today() - STALE)


def has_waited(entry: Reuse) -> bool:
    """Whether one entry that was read already is old. An ended one needs no confirmation."""
    seen = entry.confirmed_on or entry.changed_at.date()
    return entry.status != ReuseStatus.ENDED and seen < today() - STALE
