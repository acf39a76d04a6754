"""The range of a proposal's valid estimates, kept on its row in the transaction that changes them, and recounted.

Where none is valid any more, the last ones give the range, and `effort_until` says since when it is out of date.
Whoever offers days, or estimates anew, changes what the coalition's days cover: its strength is written with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, update

from board.db import db, now, run
from board.estimates.models import Estimate
from board.proposals.models import Proposal
from board.spans import spans
from board.voting.tallies import renew_strength

WIDE = 2
"""A highest high of more than this many times the lowest low asks to be talked about."""

_SHOWN = (
    select(Proposal.id, Proposal.effort_low, Proposal.effort_high, Proposal.effort_until)
    .where(Proposal.id.between(bindparam("first"), bindparam("last")))
    .order_by(Proposal.id)
)
_ESTIMATED = select(Estimate.proposal_id, Estimate.low, Estimate.high, Estimate.valid_until, Estimate.expired_at).where(
    Estimate.proposal_id.between(bindparam("first"), bindparam("last")), Estimate.withdrawn_at.is_(None)
)


@dataclass(frozen=True)
class Range:
    """Person-days from the lowest low to the highest high of `n` estimates; `until`: the last of them is valid till."""

    low: int = 0
    high: int = 0
    until: date | None = None
    n: int = 0

    @property
    def wide(self) -> bool:
        """Whether the estimates lie further apart than factor two."""
        return is_wide(self.low, self.high)


def is_wide(low: int, high: int) -> bool:
    """Whether a range spreads above factor two."""
    return high > WIDE * low > 0


def range_of(estimates: Iterable[Any]) -> Range:
    """The range of some estimates (rows with low, high, valid_until)."""
    found: Sequence[Any] = list(estimates)
    if not found:
        return Range()
    lows, highs, untils = zip(*((e.low, e.high, e.valid_until) for e in found), strict=True)
    return Range(min(lows), max(highs), max(untils), len(found))


def standing(proposal_id: int) -> Range:
    """The range that the proposal's row must show, counted from the estimates that are not withdrawn."""
    rows = db.session.execute(
        select(Estimate.low, Estimate.high, Estimate.valid_until, Estimate.expired_at).where(
            Estimate.proposal_id == proposal_id, Estimate.withdrawn_at.is_(None)
        )
    ).all()
    return range_of([row for row in rows if row.expired_at is None] or rows)


def renew(proposal_id: int) -> None:
    """Write the range on the proposal's row again, its strength with it. The proposal is locked by the caller."""
    found = standing(proposal_id)
    db.session.execute(
        update(Proposal)
        .where(Proposal.id == proposal_id)
        .values(
            effort_low=found.low, effort_high=found.high, effort_until=found.until, version=Proposal.version + 1,
            active_at=now(),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    renew_strength(proposal_id)


def check_efforts() -> list[int]:
    """The proposals whose row shows another range than their estimates, for `flask check`."""
    db.session.flush()
    return [number for first, last in spans(Proposal.id) for number in _check(first, last)]


def _check(first: int, last: int) -> list[int]:
    rows = run(_SHOWN, first=first, last=last)
    by_proposal: dict[int, list[Any]] = {}
    for made in run(_ESTIMATED, first=first, last=last):
        by_proposal.setdefault(made.proposal_id, []).append(made)
    wrong = []
    for row in rows:
        mine = by_proposal.get(row.id, [])
        found = range_of([e for e in mine if e.expired_at is None] or mine)
        if (found.low, found.high, found.until) != (row.effort_low, row.effort_high, row.effort_until):
            wrong.append(row.id)
    return wrong
