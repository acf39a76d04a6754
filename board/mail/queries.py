"""How the outbox is doing, for administrators: counts, the oldest that waits, what was given up. Never an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from board.db import db
from board.mail.models import Mail
from board.mail.outbox import HARMLESS

SHOWN = 20


@dataclass(frozen=True)
class Stuck:
    """A mail that waits after a failure or was given up."""

    id: int
    kind: str
    created_at: datetime
    attempts: int
    problem: str
    given_up: bool


@dataclass(frozen=True)
class State:
    """The outbox now; without a mail server in the settings everything waits. `given_up`: in the last 30 days."""

    waiting: int
    oldest_at: datetime | None
    last_sent_at: datetime | None
    given_up: int
    stuck: Sequence[Stuck]


def state() -> State:
    """How the outbox is doing, by two statements."""
    waits = Mail.sent_at.is_(None) & Mail.dead_at.is_(None)
    row = db.session.execute(
        select(
            func.count().filter(waits),
            func.min(Mail.created_at).filter(waits),
            func.max(Mail.sent_at),
            func.count().filter(Mail.dead_at.is_not(None), Mail.problem.not_in(HARMLESS)),
        ).select_from(Mail)
    ).one()
    stuck = db.session.execute(
        select(Mail.id, Mail.kind, Mail.created_at, Mail.attempts, Mail.problem, Mail.dead_at.is_not(None))
        .where(Mail.problem != "", Mail.problem.not_in(HARMLESS))
        .order_by(Mail.id.desc())
        .limit(SHOWN)
    )
    return State(*row, [Stuck(*found) for found in stuck])
