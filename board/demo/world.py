"""Who and what the demo's script speaks of: names in the data → ids and actors on the board."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from board.i18n import BERLIN, day_of
from board.policy import Actor

DATA = Path(__file__).parent / "data"
OPENS, HOURS = 8, 10


def read(name: str) -> Any:
    """One of the demo's data files."""
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


@dataclass
class World:
    """What has come about so far. `base` is the moment to which all times of the script are relative."""

    base: datetime
    partners: dict[str, int] = field(default_factory=dict)
    topics: dict[str, int] = field(default_factory=dict)
    actors: dict[tuple[str, str | None], Actor] = field(default_factory=dict)
    proposals: dict[str, int] = field(default_factory=dict)
    packages: dict[str, int] = field(default_factory=dict)
    milestones: dict[str, int] = field(default_factory=dict)
    comments: dict[str, int] = field(default_factory=dict)

    def actor(self, email: str, partner: str | None = None) -> Actor:
        """The person, acting for that partner, or for their first one."""
        found = self.actors.get((email, partner))
        return found or next(actor for (known, _), actor in self.actors.items() if known == email)

    def delegate(self, partner: str) -> Actor:
        """Who casts the partner's ballot."""
        return next(a for (_, slug), a in self.actors.items() if slug == partner and a.is_delegate)

    def moment(self, days_ago: float) -> datetime:
        """That many days before `base`, within office hours, in the same order, and never after `base`."""
        base, when = self.base, self.base - timedelta(days=days_ago)
        today = day_of(when)
        midnight, opens, end = _local(today), _local(today, OPENS), _local(today + timedelta(days=1))
        closes = opens + timedelta(hours=HOURS)
        if today == day_of(base):
            if base <= opens:
                return when
            closes, end = min(closes, base), base
        return opens + (closes - opens) * ((when - midnight) / (end - midnight))

    def day(self, in_days: float | None) -> date | None:
        """The day that many days after `base` (before it when negative); None stays None."""
        return None if in_days is None else day_of(self.base + timedelta(days=in_days))

    def past(self, days_ago: float) -> date:
        """The day of that moment."""
        return day_of(self.base - timedelta(days=days_ago))


def _local(day: date, hour: int = 0) -> datetime:
    """That hour of the day in Germany, told in UTC: only there do the 23 and 25 hour days add up."""
    return datetime.combine(day, time(hour), BERLIN).astimezone(UTC)


def lines(items: Iterable[str]) -> str:
    """A list as Markdown."""
    return "\n".join(f"- {item}" for item in items)
