"""Months as people in Germany live them, for counting in SQL on both databases."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, case, literal

from board.i18n import BERLIN, today

EARLIER = -1


def firsts(number: int) -> list[date]:
    """The first days of that many months up to this one, oldest first."""
    last = today().year * 12 + today().month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(last - number + 1, last + 1)]


def place(moment: Any, begins: Sequence[date]) -> ColumnElement[int]:
    """In which of these months a moment lies, counted from 0; `EARLIER` before all of them.

    By comparing with the moments at which they begin in Berlin: no database has to know time zones.
    """
    starts = [datetime.combine(first, time(), BERLIN) for first in begins]
    return case(*((moment < start, literal(n - 1)) for n, start in enumerate(starts)), else_=literal(len(starts) - 1))
