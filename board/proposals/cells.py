"""The classes of `classes` as conditions in SQL, on the proposal's columns: cells of pictures, filters of lists."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from board.partners.models import Electorate
from board.proposals.classes import ANY, NONE, SCALES, VALUES, Class
from board.proposals.models import Proposal

__all__ = ["ANY", "NONE", "SCALES", "VALUES", "Class"]


NOBODY_HAS = 1_000_000
"""More in favour than anybody can have."""


def voters() -> ColumnElement[int]:
    """How many partners vote today, as SQL."""
    return select(Electorate.size).where(Electorate.id == Electorate.ONLY).scalar_subquery()


def _within(scale: str, one: Class) -> ColumnElement[bool]:
    """Each class is a range of values of one indexed column; of support it is two, see `classes.SUPPORT`."""
    number = SCALES[scale].index(one)
    if scale == "contest":
        return Proposal.contest_class == number
    if scale == "effort":
        return _between(Proposal.effort_high, one.above, one.up_to)
    frozen = Proposal.support_place == -1 - number
    if one.code == NONE:
        return or_(frozen, Proposal.support_place == 0)
    size = voters()
    # A range with two ends that PostgreSQL does not know is narrow to its planner; with one it reads the table.
    up_to = size + NOBODY_HAS if one.up_to is None else one.up_to * size // 100
    return or_(frozen, _between(Proposal.support_place, one.above * size // 100, up_to))


def _between(column: Any, above: Any, up_to: Any) -> ColumnElement[bool]:
    return column > above if up_to is None else and_(column > above, column <= up_to)


def condition(scale: str, code: str) -> ColumnElement[bool]:
    """Whether a proposal falls into that class; of effort, "none" and "any": without and with estimates."""
    if scale == "value":
        return Proposal.value == (0 if code == NONE else int(code))
    if scale == "effort" and code in {NONE, ANY}:
        return Proposal.effort_high == 0 if code == NONE else Proposal.effort_high > 0
    return _within(scale, next(one for one in SCALES[scale] if one.code == code))


def numbering(scale: str, voters: int) -> Callable[[int], int]:
    """How a proposal's kept column of that scale tells the number of its class (from 0; -1: not estimated)."""
    ends = [one.up_to for one in SCALES[scale] if one.up_to is not None]
    if scale == "effort":
        return lambda high: bisect_left(ends, high) if high else -1
    if scale == "contest":
        return lambda number: number
    numbers = [end * voters // 100 for end in ends]
    return lambda place: bisect_left(numbers, place) if place >= 0 else -1 - place


def codes(scale: str) -> set[str]:
    """What may stand in an address."""
    if scale == "value":
        return {NONE, *VALUES}
    return {one.code for one in SCALES[scale]} | ({NONE, ANY} if scale == "effort" else set())
