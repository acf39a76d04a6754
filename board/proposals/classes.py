"""The classes into which proposals fall by effort, support and contest: where each begins, and the columns of two.

They are generated columns: whatever moves a tally moves them, so nobody can forget it and no recount is needed.
"""

from dataclasses import dataclass

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


def _classed(part: str, whole: str, scale: tuple[Class, ...], numbers: list[int]) -> str:
    """The number of the class as SQL; whole numbers only, so that both databases agree."""
    steps = [
        f"WHEN {part} = 0 THEN {number}"
        if one.up_to == 0
        else f"WHEN 100 * {part} <= {one.up_to} * {whole} THEN {number}"
        for one, number in zip(scale, numbers, strict=True)
        if one.up_to is not None
    ]
    return f"{' '.join(steps)} ELSE {numbers[-1]} END"


SUPPORT = (
    "CASE WHEN electorate_size IS NULL THEN n_for "
    + _classed("n_for", "electorate_size", SHARES, [-1 - n for n in range(len(SHARES))])
)  # fmt: skip
"""Where the ballots are frozen: −1 − the number of its class. Where they are not: those in favour, for who votes may
change at any time, and a class of them is a range of these numbers."""

CONTEST = "CASE " + _classed("n_against", "(n_for + n_against)", CONTESTS, list(range(len(CONTESTS))))
