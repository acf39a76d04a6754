"""What an answer means: delivered, tried again after which pause, or given up. Pure.

The pauses are those that Standard Webhooks recommends, with up to a tenth more so that endpoints that went away
together do not come back together.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

PAUSES = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
LONGEST = timedelta(hours=24)
GONE = 410


@dataclass(frozen=True)
class Answer:
    """What came of an attempt: a status, or the code of what went wrong before there was one. `seconds` it took."""

    status: int | None
    problem: str
    seconds: float
    retry_after: str = ""

    @property
    def good(self) -> bool:
        """Whether the receiver has taken it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """A code for the log."""
        if self.status is None or self.good:
            return self.problem
        if self.status == GONE:
            return "gone"
        return "redirected" if 300 <= self.status < 400 else "busy" if self.status in {429, 503} else "refused"


def pause(answer: Answer, attempts: int, now: datetime) -> timedelta | None:
    """How long to wait after so many attempts; None: never again."""
    if attempts > len(PAUSES) or answer.status == GONE:
        return None
    usual = PAUSES[attempts - 1] * (1 + secrets.randbelow(1000) / 10_000)
    return max(usual, min(_asked(answer.retry_after, now), LONGEST))


def _asked(text: str, now: datetime) -> timedelta:
    """What Retry-After asks for, in seconds or as a date; nothing where it says nothing that can be read."""
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), int(LONGEST.total_seconds())))
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return timedelta()
    return (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
