"""Sums that pages show of the whole board, kept as slips: each says how many more or fewer there are of something.

A slip is only ever added, in the transaction of what it counts, so nobody waits for anybody and nothing is lost,
however many write at once. What pages show is their sum. `fold` puts them together once a day, so they stay as few as
there are months, days, states and milestones, whatever the number of proposals. ADR 35.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, Index, String, bindparam, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, db, run, transaction

MONTH, TOOK, AHEAD = "month", "took", "ahead"
ALL = -(2**31)

Key = tuple[str, int, str]
"""(kind, place, state)"""


class Slip(Base):
    """So many more (or fewer, below 0) of a kind at a place.

    `month`: proposals that came into that state in a month, less those that left it; the place is 12 · year + month - 1
    (`turns`). `took`: first decisions, by the days they took (`turns`). `ahead`: proposals that are still to come, by
    milestone (0: none) and state, with the days on offer and the effort in tenths of person-days (`ahead`).
    """

    __tablename__ = "slip"
    __table_args__ = (Index("ix_slip_kind", "kind", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    place: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="")
    n: Mapped[int]
    days: Mapped[int] = mapped_column(BigInteger, default=0)
    effort: Mapped[int] = mapped_column(BigInteger, default=0)


@dataclass(frozen=True)
class Sum:
    """What the slips of one place and state come to."""

    place: int
    state: str
    n: int
    days: int = 0
    effort: int = 0


_NUMBERS = (func.sum(Slip.n), func.sum(Slip.days), func.sum(Slip.effort))
_SUMS = (
    select(Slip.place, Slip.state, *_NUMBERS)
    .where(Slip.kind == bindparam("kind"), Slip.place >= bindparam("since"))
    .group_by(Slip.place, Slip.state)
)


def add(changes: Mapping[Key, int]) -> None:
    """Write a slip for each change but 0."""
    rows = [{"kind": kind, "place": place, "state": state, "n": n} for (kind, place, state), n in changes.items() if n]
    if rows:
        db.session.execute(insert(Slip), rows)


def sums(kind: str, since: int = ALL) -> list[Sum]:
    """The sums of a kind from a place on; what comes to nothing is left out."""
    found = (Sum(place, state, *map(int, numbers)) for place, state, *numbers in run(_SUMS, kind=kind, since=since))
    return [one for one in found if one.n or one.days or one.effort]


def fold() -> None:
    """Put the slips of each place and state together into one.

    Who adds one meanwhile is not held up: only those are taken away that are in the new sums.
    """
    with transaction():
        taken = db.session.execute(
            delete(Slip).returning(Slip.kind, Slip.place, Slip.state, Slip.n, Slip.days, Slip.effort)
        )
        found: dict[Key, list[int]] = {}
        for kind, place, state, *numbers in taken:
            before = found.get((kind, place, state), [0, 0, 0])
            found[kind, place, state] = [a + b for a, b in zip(before, numbers, strict=True)]
        write(found)


def write(found: Mapping[Key, Iterable[int]]) -> None:
    """Write sums (n, days, effort) as one slip each."""
    rows = [
        {"kind": kind, "place": place, "state": state, "n": n, "days": days, "effort": effort}
        for (kind, place, state), (n, days, effort) in sorted(found.items())
        if n or days or effort
    ]
    if rows:
        db.session.execute(insert(Slip), rows)
