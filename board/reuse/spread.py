"""How use has spread over time, counted from the activity log: partners × features in use or in pilot, by month."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise

from sqlalchemy import Text, case, cast, func, literal_column, select

from board.activity.models import Activity
from board.db import db
from board.i18n import BERLIN, today
from board.voting.models import Reuse, ReuseStatus

MONTHS = 24
USES = (ReuseStatus.LIVE, ReuseStatus.PILOT)


@dataclass(frozen=True)
class Month:
    """How many uses there were at the end of a month (its first day), or today in the last one."""

    first: date
    live: int
    pilot: int

    @property
    def total(self) -> int:
        """In use and in pilot together."""
        return self.live + self.pilot


def spread(months: int = MONTHS) -> tuple[Month, ...]:
    """The last months, oldest first, counted back from what is recorded now; two statements.

    A record that came from a source without a date (imported) counts from the beginning.
    """
    firsts = [_back(today().replace(day=1), n) for n in range(months)]
    now_ = dict.fromkeys(USES, 0)
    counted = select(Reuse.status, func.count()).where(Reuse.status.in_(USES)).group_by(Reuse.status)
    for status, n in db.session.execute(counted):
        now_[ReuseStatus(status)] = n
    changes = _changes(firsts)
    found = [Month(firsts[0], now_[ReuseStatus.LIVE], now_[ReuseStatus.PILOT])]
    for later, first in pairwise(firsts):
        gone = changes.get(later, {})
        last = found[-1]
        found.append(
            Month(
                first,
                max(last.live - gone.get(ReuseStatus.LIVE, 0), 0),
                max(last.pilot - gone.get(ReuseStatus.PILOT, 0), 0),
            )
        )
    return tuple(reversed(found))


def _changes(firsts: list[date]) -> dict[date, dict[ReuseStatus, int]]:
    """How many uses each month brought (of these first days, the newest first), summed up by the database.

    What an entry says is compared as its text, of which there are few kinds, and taken apart here.
    """
    begins = [datetime.combine(first, time(), BERLIN) for first in firsts]
    month = case(*((Activity.at >= begin, n) for n, begin in enumerate(begins)))
    said = cast(Activity.details, Text)
    of_months = select(month, said, func.count()).where(Activity.verb == "reuse.record", Activity.at >= begins[-1])
    changes: dict[date, dict[ReuseStatus, int]] = {}
    for n, details, times in db.session.execute(of_months.group_by(literal_column("1"), literal_column("2"))):
        for word, sign in (("to", times), ("from", -times)):
            if (use := (json.loads(details or "null") or {}).get(word)) in USES:
                changes.setdefault(firsts[n], dict.fromkeys(USES, 0))[ReuseStatus(use)] += sign
    return changes


def _back(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
