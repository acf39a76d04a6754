"""Classes into which proposals fall by effort, support and contest: the cells of the pictures, and filters of lists.

Each is a code of an address, its label and its condition in SQL, on columns that are kept on the proposal's row.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from board.partners.models import Electorate
from board.proposals.models import Proposal

NONE, ANY = "none", "any"
VALUES = ("1", "2", "3", "4", "5")


@dataclass(frozen=True)
class Class:
    """One class of a scale: `above` < what is measured ≤ `up_to` (None: without an end)."""

    code: str
    above: int
    up_to: int | None


EFFORTS = (
    Class("5", 0, 5), Class("10", 5, 10), Class("20", 10, 20), Class("50", 20, 50), Class("100", 50, 100),
    Class("more", 100, None),
)  # fmt: skip
"""By the upper end of the estimates, in person-days."""

SHARES = (Class(NONE, -1, 0), Class("20", 0, 20), Class("40", 20, 40), Class("60", 40, 60), Class("80", 60, 80),
          Class("100", 80, None))  # fmt: skip
"""Support: which part of all voting partners is in favour, in percent."""

CONTESTS = (Class(NONE, -1, 0), Class("10", 0, 10), Class("25", 10, 25), Class("50", 25, 50), Class("100", 50, None))
"""Contest: which part of those for or against is against, in percent."""

SCALES = {"effort": EFFORTS, "support": SHARES, "contest": CONTESTS}


def _voters() -> ColumnElement[int]:
    now = select(Electorate.size).where(Electorate.id == Electorate.ONLY).scalar_subquery()
    return func.coalesce(Proposal.electorate_size, now)


def _within(scale: str, one: Class) -> ColumnElement[bool]:
    """Whole numbers only: a share is compared by multiplication, so that both databases agree."""
    if scale == "effort":
        size: Any = Proposal.effort_high
        bounds = (size > one.above, size <= one.up_to if one.up_to is not None else None)
    else:
        part, whole = (
            (Proposal.n_for, _voters())
            if scale == "support"
            else (Proposal.n_against, Proposal.n_for + Proposal.n_against)
        )
        if one.code == NONE:
            return part == 0
        bounds = (100 * part > one.above * whole, 100 * part <= one.up_to * whole if one.up_to is not None else None)
    return and_(*(bound for bound in bounds if bound is not None))


def condition(scale: str, code: str) -> ColumnElement[bool]:
    """Whether a proposal falls into that class; of effort, "none" and "any": without and with estimates."""
    if scale == "value":
        return Proposal.value == (0 if code == NONE else int(code))
    if scale == "effort" and code in {NONE, ANY}:
        return Proposal.effort_high == 0 if code == NONE else Proposal.effort_high > 0
    return _within(scale, next(one for one in SCALES[scale] if one.code == code))


def place(scale: str) -> ColumnElement[int]:
    """The number of the class (from 0) into which a proposal falls, -1 for none, as SQL."""
    return case(*((_within(scale, one), n) for n, one in enumerate(SCALES[scale])), else_=-1)


def codes(scale: str) -> set[str]:
    """What may stand in an address."""
    if scale == "value":
        return {NONE, *VALUES}
    return {one.code for one in SCALES[scale]} | ({NONE, ANY} if scale == "effort" else set())
