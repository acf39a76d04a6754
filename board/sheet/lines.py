"""What the sheet consists of: lines, and how lengths are told beside what is promised."""

from dataclasses import dataclass
from datetime import timedelta

from board.i18n import gettext as _


@dataclass(frozen=True)
class Line:
    """One statement: what it is about, what is so, and whether that is as it should be."""

    topic: str
    told: str
    ok: bool = True


def within(topic: str, length: timedelta, most: timedelta) -> Line:
    """A length of time, which may be at most so long."""
    return Line(topic, _("%(is)s (at most %(most)s)", **{"is": told(length)}, most=told(most)), length <= most)


def told(length: timedelta) -> str:
    """A length in words: minutes up to two hours, hours up to three days, then days."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 120:
        return _("%(n)s minutes", n=minutes)
    hours = minutes // 60
    return _("%(n)s hours", n=hours) if hours <= 72 else _("%(n)s days", n=hours // 24)
