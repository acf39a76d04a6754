"""What the pictures of the backlog show: for each combination of classes, how many proposals there are.

Up to `SHOWN` are counted, the newest ones; so one of a million costs what one of some thousands does, and says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, desc, select, union_all

from board.db import db, on_postgres
from board.policy import Actor
from board.proposals import cells, lists
from board.proposals.filters import Filters
from board.proposals.models import Proposal
from board.proposals.states import State
from board.search.index import one_of

UNDECIDED = (State.OPEN, State.DEFERRED, State.ACCEPTED)
"""What is still to be ordered; the pictures show these unless a state is asked for."""
SHOWN = 2000
LOOKED = 5000
"""So many of each state are looked at for filters that have no index and leave many."""
PLACES = ("value", "effort", "support", "contest")
DRAWN = (Proposal.value, Proposal.effort_high, Proposal.support_place, Proposal.contest_class)
"""What tells these places, in their order."""


@dataclass(frozen=True)
class Counted:
    """How many proposals, and the first one's id, for each combination of the numbers of their classes (`PLACES`)."""

    groups: tuple[tuple[tuple[int, ...], int, int], ...]
    bounded: int = 0
    """Only so many were counted, the newest ones; 0: all were."""
    of_each: bool = False
    """So many of each state."""

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
    if filters.narrowing.keys() <= {"state", "topic"}:
        looked, found = 0, _drawn(states, filters.topic, SHOWN + 1).subquery()
        query = select(found, cells.voters())
    else:
        ids, looked = _looked_at(filters, by, maintained, states)
        fitting = ids.subquery()
        newest = select(fitting.c.id).order_by(fitting.c.id.desc()).limit(SHOWN + 1)
        query = select(Proposal.id, *DRAWN, cells.voters()).where(one_of(Proposal.id, newest))
    rows = db.session.execute(query).all()
    shown = sorted(rows)[-SHOWN:]
    if len(rows) > SHOWN:
        return Counted(_grouped(shown), SHOWN)
    many = looked and any(maintained.get(state, 0) > looked for state in states)
    return Counted(_grouped(shown), looked, of_each=True) if many else Counted(_grouped(shown))


def _looked_at(filters: Filters, by: Actor, maintained: dict[str, int], states: Iterable[State]) -> tuple[Any, int]:
    """The ids that fit, at least the newest; and how many of each state were looked at for them, 0 where all were."""
    fits = lists.narrowed(select(Proposal.id), filters, by.partner_id)
    if lists.fitting(filters, by, maintained).n <= lists.FEW:
        return fits.where(Proposal.state.in_(states)), 0
    return fits.where(Proposal.id.in_(_newest(states, LOOKED))), LOOKED


def _drawn(states: Iterable[State], topic: str, number: int) -> CompoundSelect[Any]:
    """The newest of these states, in the topic, with what tells their places: an index of each state's has all of it.

    SQLite merges them in order and reads no more than are asked for; PostgreSQL would read and sort all of them.
    """
    drawn = select(Proposal.id).add_columns(*DRAWN)
    each = [lists.narrowed(drawn, Filters(state=state, topic=topic), None) for state in states]
    if on_postgres():
        each = [select(one.order_by(Proposal.id.desc()).limit(number).subquery()) for one in each]
    return union_all(*each).order_by(desc("id")).limit(number)


def _newest(states: Iterable[State], number: int) -> CompoundSelect[Any]:
    """So many ids of each state: there is an index of each state's in their order."""
    each = (select(Proposal.id).where(Proposal.state == state).order_by(Proposal.id.desc()) for state in states)
    return union_all(*(select(one.limit(number).subquery()) for one in each))


def _grouped(rows: Iterable[Any]) -> tuple[tuple[tuple[int, ...], int, int], ...]:
    """How many have the same classes, and the first one's id, of rows in the order of ids."""
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    numbering: list[Any] = []
    for number, value, *kept, voters in rows:
        numbering = numbering or [cells.numbering(scale, voters) for scale in PLACES[1:]]
        places = (value, *(of(one) for of, one in zip(numbering, kept, strict=True)))
        n, first = found.get(places, (0, number))
        found[places] = n + 1, first
    return tuple((places, n, first) for places, (n, first) in found.items())
