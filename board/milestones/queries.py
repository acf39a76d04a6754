"""Every way to read milestones."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Integer, bindparam, func, select

from board.db import db, run
from board.errors import Missing
from board.i18n import gettext as _
from board.milestones.models import Milestone
from board.proposals.models import Proposal
from board.proposals.states import State

MOST = 200


_ALL = (
    select(Milestone.id, Milestone.name, Milestone.due_on, Milestone.ended_at)
    .order_by(Milestone.due_on.is_(None), Milestone.due_on, Milestone.id)
    .limit(MOST)
)
_RUNNING = _ALL.where(Milestone.ended_at.is_(None) | (Milestone.id == bindparam("keep", type_=Integer)))


@dataclass(frozen=True)
class Goal:
    """A milestone as pages show it."""

    id: int
    name: str
    due_on: date | None
    ended: bool


def milestones(*, running: bool = False, keep: int | None = None) -> list[Goal]:
    """All of them, the next due first, those without a day last; `running`: without ended ones, except `keep`."""
    found = run(_RUNNING, keep=keep) if running else run(_ALL)
    return [Goal(row.id, row.name, row.due_on, row.ended_at is not None) for row in found]


def locked(milestone_id: int) -> Milestone:
    """The milestone for a verb, inside a transaction. Raises Missing."""
    found = db.session.scalar(
        select(Milestone)
        .where(Milestone.id == milestone_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise Missing(_("There is no such milestone."))
    return found


def goal(milestone_id: int) -> Goal:
    """One milestone as pages show it. Raises Missing."""
    found = db.session.get(Milestone, milestone_id)
    if found is None:
        raise Missing(_("There is no such milestone."))
    return Goal(found.id, found.name, found.due_on, found.ended_at is not None)


def planned() -> list[tuple[Goal, int]]:
    """All milestones, each with the number of proposals that are planned for it: two statements."""
    counted = select(Proposal.milestone_id, func.count()).where(
        Proposal.milestone_id.is_not(None), Proposal.state != State.MERGED
    )
    numbers = {row[0]: row[1] for row in db.session.execute(counted.group_by(Proposal.milestone_id))}
    return [(one, numbers.get(one.id, 0)) for one in milestones()]
