"""Every way to read how the jobs are doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from board.activity.models import Activity
from board.db import db, now
from board.jobs.models import TaskLock

HEARTBEAT = "worker"
SILENT = timedelta(minutes=5)


@dataclass(frozen=True)
class Run:
    """A job's last run; `problem` is the kind of error that ended it, or empty."""

    name: str
    ran_at: datetime | None
    problem: str


def runs() -> Sequence[Run]:
    """The last run of every job that ever ran, by name."""
    rows = db.session.execute(select(TaskLock.name, TaskLock.ran_at, TaskLock.problem).order_by(TaskLock.name))
    return [Run(*row) for row in rows]


def newest_entry() -> int:
    """The number of the newest entry of the log."""
    return db.session.scalar(select(func.max(Activity.id))) or 0


def worker_alive() -> bool:
    """Whether a worker, inside a server or apart, has been at work in the last minutes."""
    seen = db.session.scalar(select(TaskLock.ran_at).where(TaskLock.name == HEARTBEAT))
    return seen is not None and seen > now() - SILENT
