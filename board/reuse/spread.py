"""How use has spread over time, counted from the activity log: partners × features in use or in pilot, by month."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import func, select

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
    now_ = dict.fromkeys(USES, 0)
    counted = select(Reuse.status, func.count()).where(Reuse.status.in_(USES)).group_by(Reuse.status)
    for status, n in db.session.execute(counted):
        now_[ReuseStatus(status)] = n
    begin = _back(today().replace(day=1), months - 1)
    changes: dict[date, dict[ReuseStatus, int]] = {}
    for at, details in db.session.execute(
        select(Activity.at, Activity.details).where(Activity.verb == "reuse.record").order_by(Activity.id.desc())
    ):
        month = at.astimezone(BERLIN).date().replace(day=1)
        if month < begin:
            break
        for word, sign in (("to", 1), ("from", -1)):
            if (use := (details or {}).get(word)) in USES:
                changes.setdefault(month, dict.fromkeys(USES, 0))[ReuseStatus(use)] += sign
    firsts = [_back(today().replace(day=1), n) for n in range(months)]
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


def _back(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
