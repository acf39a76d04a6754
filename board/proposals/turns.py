"""How many proposals came into each state month by month, and how long first decisions took: kept as slips.

What one proposal adds follows from when it was made, where it stands and what the log tells of its steps (`of`).
Whoever changes one of these writes what it adds now, less what it added before; one that was merged adds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Date, bindparam, column, func, select
from sqlalchemy import table as named

from board.activity.models import Activity
from board.db import db, fenced, run
from board.i18n import BERLIN
from board.proposals.slips import MONTH, TOOK, Key, add
from board.proposals.states import MOVES, State

if TYPE_CHECKING:
    from board.proposals.models import Proposal

STEPS = (*(f"proposal.{verb}" for verb in MOVES), "consent.pass", "proposal.take_back")
"""The verbs that lead a proposal to another state and say to which."""
FROM = {f"proposal.{verb}": sources[0].value for verb, (sources, _to) in MOVES.items()}
"""Where a first step came from: imported proposals do not tell in which state they began."""


@dataclass(frozen=True)
class Step:
    """A step that the log tells of."""

    verb: str
    at: datetime
    to: str


_TOLD = (
    select(Activity.proposal_id, Activity.verb, Activity.at, Activity.details)
    .where(Activity.proposal_id.between(bindparam("first"), bindparam("last")), fenced(Activity.verb.in_(STEPS)))
    .order_by(Activity.id)
)
_DECISION = named("decision", column("proposal_id"), column("decided_on", Date), column("taken_back_at"))
_FIRST = (
    select(_DECISION.c.proposal_id, func.min(_DECISION.c.decided_on, type_=Date))
    .where(_DECISION.c.proposal_id.between(bindparam("first"), bindparam("last")), _DECISION.c.taken_back_at.is_(None))
    .group_by(_DECISION.c.proposal_id)
)


def month(moment: datetime) -> int:
    """The month in which a moment lies in Germany: 12 · year + month - 1."""
    there = moment.astimezone(BERLIN)
    return there.year * 12 + there.month - 1


def of(created_at: datetime, state: str, steps: Iterable[Step]) -> Counter[Key]:
    """What one proposal adds: it came in one state, and each step led it from one to another."""
    found: Counter[Key] = Counter()
    before = ""
    for step in steps:
        left = before or FROM.get(step.verb, State.OPEN.value)
        if not before:
            found[MONTH, month(created_at), left] += 1
        found[MONTH, month(step.at), left] -= 1
        found[MONTH, month(step.at), step.to] += 1
        before = step.to
    if not before:
        found[MONTH, month(created_at), str(state)] += 1
    return found


def took(created_at: datetime, imported: bool, decided_on: date | None) -> Counter[Key]:
    """What its first decision adds; imported proposals have no such time."""
    if imported or decided_on is None:
        return Counter()
    return Counter({(TOOK, (decided_on - created_at.astimezone(UTC).date()).days, ""): 1})


def told(first: int, last: int) -> dict[int, list[Step]]:
    """Proposal → its steps, for a range of proposals."""
    found: dict[int, list[Step]] = {}
    for proposal_id, verb, at, details in run(_TOLD, first=first, last=last):
        if to := details.get("to"):
            found.setdefault(proposal_id, []).append(Step(verb, at, to))
    return found


def first_decisions(first: int, last: int) -> dict[int, date]:
    """Proposal → the day of the first decision on it that was not taken back, for a range of proposals."""
    db.session.flush()
    return {row[0]: row[1] for row in run(_FIRST, first=first, last=last)}


def first_decision(proposal: Proposal) -> date | None:
    """The same for one proposal."""
    return first_decisions(proposal.id, proposal.id).get(proposal.id)


def came(proposal: Proposal) -> None:
    """A proposal has come onto the board; its row is written."""
    add(of(proposal.created_at, proposal.state, ()))


def moved(proposal: Proposal, before: str) -> None:
    """It stands in another state than `before`, and the log tells of it already."""
    steps: Sequence[Step] = told(proposal.id, proposal.id).get(proposal.id, [])
    change: Counter[Key] = Counter()
    if proposal.state == State.MERGED:
        change.subtract(_all(proposal, before, steps))
    elif before == State.MERGED:
        change.update(_all(proposal, proposal.state, steps))
    else:
        change.update(of(proposal.created_at, proposal.state, steps))
        change.subtract(of(proposal.created_at, before, steps[:-1]))
    add(change)


def _all(proposal: Proposal, state: str, steps: Sequence[Step]) -> Counter[Key]:
    found = of(proposal.created_at, state, steps)
    found.update(took(proposal.created_at, proposal.imported, first_decision(proposal)))
    return found


def decided(proposal: Proposal, before: date | None) -> None:
    """The first decision on it may be another one now than `before`."""
    change = took(proposal.created_at, proposal.imported, first_decision(proposal))
    change.subtract(took(proposal.created_at, proposal.imported, before))
    add(change)
