"""The backlog in two pictures: value against effort, support against contest, drawn from what `counting` counted.

However many proposals there are, a picture has at most thirty cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from board.ordering.counting import Counted
from board.proposals import cells, words
from board.proposals.filters import Filters

STEP, LEFT, TOP = 100, 84, 34
LARGEST, SMALLEST = 44.0, 27.0


@dataclass(frozen=True)
class Cell:
    """One bubble: how many proposals, where it leads, and where it stands in the picture."""

    n: int
    url: str
    key: str
    x: int
    y: int
    r: float
    column: str
    row: str

    @property
    def text(self) -> str:
        """What stands in it: the proposal's key where it is one, else the number."""
        return self.key if self.n == 1 else str(self.n)


@dataclass(frozen=True)
class Picture:
    """Columns from left to right, rows from top to bottom, with their names; `cells` holds what is not empty."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    ticks: tuple[tuple[str, ...], tuple[str, ...]]
    """What stands on the axes, across and down, shorter than the names."""
    cells: tuple[Cell, ...]

    @property
    def total(self) -> int:
        """How many proposals it shows."""
        return sum(cell.n for cell in self.cells)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in units of the drawing."""
        return LEFT + STEP * len(self.columns) + 10, TOP + STEP * len(self.rows) + 62

    def at(self, row: str, column: str) -> Cell | None:
        """The cell of a row and a column, for the table beside the picture."""
        return next((cell for cell in self.cells if (cell.row, cell.column) == (row, column)), None)


Scale = Sequence[tuple[int, str, str]]
"""(number in SQL, code of the address, label), in the order in which it is drawn."""


def value_and_effort(filters: Filters, counted: Counted) -> Picture:
    """What is worth much stands at the top, what costs little on the left."""
    values = [(int(v), v, words.chip("value", v)[1]) for v in reversed(cells.VALUES)]
    return _draw("value_effort", ("effort", _scale("effort")), ("value", values), filters, counted)


def support_and_contest(filters: Filters, counted: Counted) -> Picture:
    """What many want stands on the right, what is contested at the top."""
    contests = list(reversed(_scale("contest")))
    return _draw("support_contest", ("support", _scale("support")), ("contest", contests), filters, counted)


def _scale(name: str) -> list[tuple[int, str, str]]:
    return [(n, one.code, words.label(name, one)) for n, one in enumerate(cells.SCALES[name])]


def _draw(name: str, across: tuple[str, Scale], down: tuple[str, Scale], filters: Filters, counted: Counted) -> Picture:
    """Place the bubbles; their area follows the number."""
    columns = {number: (n, code, label) for n, (number, code, label) in enumerate(across[1])}
    rows = {number: (n, code, label) for n, (number, code, label) in enumerate(down[1])}
    inside = [one for one in counted.cells(across[0], down[0]) if one[0] in columns and one[1] in rows]
    most = max((n for _c, _r, n, _first in inside), default=1)
    found = []
    for c, r, n, first in inside:
        (x, column_code, column), (y, row_code, row) = columns[c], rows[r]
        narrower = {across[0]: column_code, down[0]: row_code}
        url = f"/proposals/FV-{first}" if n == 1 else filters.url("/proposals/table", **narrower)
        radius = round(max(SMALLEST, LARGEST * (n / most) ** 0.5), 1)
        found.append(
            Cell(n, url, f"FV-{first}", LEFT + STEP * x + STEP // 2, TOP + STEP * y + STEP // 2, radius, column, row)
        )
    heads, sides = (tuple(label for _n, _code, label in scale) for scale in (across[1], down[1]))
    ticks = (_ticks(across), _ticks(down))
    return Picture(name, heads, sides, ticks, tuple(sorted(found, key=lambda cell: (cell.y, cell.x))))


def _ticks(axis: tuple[str, Scale]) -> tuple[str, ...]:
    if axis[0] == "value":
        return tuple(code for _n, code, _label in axis[1])
    known = {one.code: words.short(axis[0], one) for one in cells.SCALES[axis[0]]}
    return tuple(known[code] for _n, code, _label in axis[1])
