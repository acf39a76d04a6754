"""Pictures that cost a walk through every proposal, counted again only when something in them has changed."""

from collections.abc import Hashable
from typing import Any

from sqlalchemy import func, select

from board import i18n
from board.activity import marks
from board.db import run
from board.figures import queries
from board.proposals.counts import ProposalCount
from board.remembered import remembered

TURNS = (*queries.STEPS, "proposal.propose", "proposal.import", "proposal.merge", "proposal.unmerge")
"""What moves a proposal from one state to another, brings it or takes it away: nothing else shows in these pictures."""
_STANDING = select(ProposalCount.state, func.sum(ProposalCount.n)).group_by(ProposalCount.state)


def states(months: int) -> dict[str, Any]:
    """The months, and the states that occur in any of them: an empty one needs no colour."""
    return _states(months, _mark())


def figures(months: int) -> dict[str, Any]:
    """The same, and how long decisions took."""
    mark = _mark()
    return {"states": _states(months, mark), "decided": remembered("decided", mark, queries.decided)}


def _states(months: int, mark: Hashable) -> dict[str, Any]:
    return remembered(("states", months), mark, lambda: _counted(months))


def _mark() -> Hashable:
    """What they are made of: the newest turn, how many stand where, the month."""
    standing = sorted(map(tuple, run(_STANDING)))
    return marks.of(TURNS), *standing, i18n.today().replace(day=1)


def _counted(months: int) -> dict[str, Any]:
    rows = queries.by_state(months)
    names = [state.value for state in queries.STATES if any(row.parts[state] for row in rows)]
    return {"rows": rows, "parts": names or [queries.STATES[0].value]}
