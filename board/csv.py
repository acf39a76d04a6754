"""CSV as the board writes it, all of it: every cell quoted, and none that a spreadsheet takes for a formula.

A text that begins with `= + - @`, their full-width twins, a tab or a line end (spaces before it do not count) gets an
apostrophe in front, so that opening a file of ours never computes or fetches anything (CWE-1236). Numbers and days
come from our own columns and stay what they are: -3 is a figure, "-3+cmd" is not. `csv.writer` stands in this file
only; `tests/test_house.py` holds us to it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

Cell = str | int | float | Decimal | date | datetime | None

RISKY = frozenset("=+-@＝＋－＠\t\r\n")
MARK = "'"
BOM = "\ufeff"
DESK, PROGRAM = ";", ","
"""What parts the cells for people and for programs."""
CONTENT_TYPE = "text/csv; charset=utf-8; header=present"


def spreadsheet(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table for people: semicolons and a byte order mark, which Excel in German opens with a double click."""
    return BOM + _write(header, rows, DESK)


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table for programs: RFC 4180, commas and nothing before the header."""
    return _write(header, rows, PROGRAM)


def pieces(
    header: Sequence[str], batches: Iterable[Iterable[Sequence[Cell]]], delimiter: str = PROGRAM
) -> Iterator[str]:
    """Either of them, written batch by batch as the rows come: for what is too long to be held."""
    yield (BOM if delimiter == DESK else "") + _write(header, (), delimiter)
    for rows in batches:
        yield _lines(rows, delimiter)


def pasteable(rows: Iterable[Sequence[str]]) -> str:
    """Cells by tabs, as somebody pasted them, for a text field of ours. Never for a file: nothing is defused."""
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(rows)
    return out.getvalue()


def cell(value: Cell) -> str:
    """What stands in a cell: empty for None, days and moments as ISO 8601 (UTC), texts without the power to compute."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, str):
        return MARK + value if value[:1] in RISKY or value.lstrip().lstrip(BOM).lstrip()[:1] in RISKY else value
    return value.isoformat() if isinstance(value, date) else str(value)


def _write(header: Sequence[str], rows: Iterable[Sequence[Cell]], delimiter: str) -> str:
    return _lines([header], delimiter) + _lines(rows, delimiter)


def _lines(rows: Iterable[Sequence[Cell]], delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
