"""What the pictures of the backlog show, counted in one statement: for each combination of classes, how many there are.

Few are counted one by one. Of many the newest of each state are, so a picture of a million costs what one of some
thousands does; `bounded` says so, and the page tells it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, union_all

from board.db import db
from board.policy import Actor
from board.proposals import cells, lists
from board.proposals.filters import Filters
from board.proposals.models import Proposal
from board.proposals.states import State

UNDECIDED = (State.OPEN, State.DEFERRED, State.ACCEPTED)
"""What is still to be ordered; the pictures show these unless a state is asked for."""
NEWEST = 5000
"""So many of each state are counted where there are many."""
PLACES = ("value", "effort", "support", "contest")


@dataclass(frozen=True)
class Counted:
    """How many proposals, and the first one's id, for each combination of the numbers of their classes (`PLACES`)."""

    groups: tuple[tuple[tuple[int, ...], int, int], ...]
    bounded: int
    """Only so many of each state were counted, the newest ones; 0: all were."""

    def cells(self, across: str, down: str) -> list[tuple[int, int, int, int]]:
        """(class across, class down, how many, the first one's id) of a picture."""
        one, other = PLACES.index(across), PLACES.index(down)
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for places, n, first in self.groups:
            before, earliest = found.get((places[one], places[other]), (0, first))
            found[places[one], places[other]] = before + n, min(earliest, first)
        return [(*place, n, first) for place, (n, first) in sorted(found.items())]

    def number(self, scale: str, place: int) -> int:
        """How many stand at that place of one scale."""
        at = PLACES.index(scale)
        return sum(n for places, n, _first in self.groups if places[at] == place)


def count(filters: Filters, by: Actor, maintained: dict[str, int]) -> Counted:
    """Count what the filters leave; `maintained` are the totals by state."""
    states = (State(filters.state),) if filters.state else UNDECIDED
    few = lists.total(filters, by, maintained) <= lists.FEW
    within = Proposal.id.in_(_newest(states)) if not few else Proposal.state.in_(states)
    places = (Proposal.value, *(cells.place(scale) for scale in PLACES[1:]))
    labelled: list[Any] = [place.label(name) for name, place in zip(PLACES, places, strict=True)]
    each = lists.narrowed(select(Proposal.id, *labelled).where(within), filters, by.partner_id)
    rows = _grouped(each.subquery())
    return Counted(tuple(rows), 0 if few or not _more(maintained, states) else NEWEST)


def _newest(states: Iterable[State]) -> Any:
    """The ids that are looked at: the index by state has each state's in the order of ids."""
    one = (
        select(select(Proposal.id).where(Proposal.state == state).order_by(Proposal.id.desc()).limit(NEWEST).subquery())
        for state in states
    )
    return union_all(*one)


def _grouped(each: Any) -> list[tuple[tuple[int, ...], int, int]]:
    columns: list[ColumnElement[int]] = [each.c[name] for name in PLACES]
    rows = db.session.execute(select(*columns, func.count(), func.min(each.c.id)).group_by(*columns))
    return [(tuple(row[:4]), row[4], row[5]) for row in rows]


def _more(maintained: dict[str, int], states: Iterable[State]) -> bool:
    """Whether any of these states has more than are looked at."""
    return any(maintained.get(state, 0) > NEWEST for state in states)
