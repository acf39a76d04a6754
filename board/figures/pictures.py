"""Pictures that more than one page shows, counted again only when something in them has changed."""

from collections.abc import Hashable
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from board import i18n
from board.activity.models import Activity
from board.db import run
from board.figures import queries
from board.proposals.counts import ProposalCount
from board.proposals.models import Proposal
from board.proposals.states import MOVES

_NEWEST = select(
    select(func.max(Proposal.id)).scalar_subquery(),
    *(select(func.max(Activity.id)).where(Activity.verb == f"proposal.{verb}").scalar_subquery() for verb in MOVES),
)
_STANDING = select(ProposalCount.state, func.sum(ProposalCount.n)).group_by(ProposalCount.state)


def states(months: int) -> dict[str, Any]:
    """The months, and the states that occur in any of them: an empty one needs no colour."""
    kept: dict[int, tuple[Hashable, dict[str, Any]]] = current_app.extensions.setdefault("state_pictures", {})
    mark = _mark()  # Before it is counted: what is kept is never older than its mark.
    if months not in kept or kept[months][0] != mark:
        kept[months] = mark, _counted(months)
    return kept[months][1]


def _mark() -> Hashable:
    """What the picture is made of: the newest proposal, the newest step of each kind, how many stand where, the month.

    A dozen steps into an index; counting goes through every proposal.
    """
    return (*run(_NEWEST).one(), *sorted(map(tuple, run(_STANDING))), i18n.today().replace(day=1))


def _counted(months: int) -> dict[str, Any]:
    rows = queries.by_state(months)
    names = [state.value for state in queries.STATES if any(row.parts[state] for row in rows)]
    return {"rows": rows, "parts": names or [queries.STATES[0].value]}
