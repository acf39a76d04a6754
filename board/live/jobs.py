"""What the board does by itself every few minutes, in one process only, without a worker beside the server."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from board.db import db, now, transaction
from board.live.models import TaskLock
from board.log import log


@dataclass(frozen=True)
class Job:
    """A task with its name in the lock table and the seconds between two runs."""

    name: str
    seconds: int
    run: Callable[[], object]


def run_due(jobs: Iterable[Job]) -> None:
    """Run each job that is due; one that fails is noted and tried again when it is due next."""
    for job in jobs:
        try:
            run_every(job.name, job.seconds, job.run)
        except Exception as problem:  # noqa: BLE001 - one task must not stop the others.
            log.error("job", job=job.name, exc_info=problem)


def run_every(name: str, seconds: int, function: Callable[[], object]) -> bool:
    """Call the function if nobody has within so many seconds, in any process; returns whether it was called.

    The lock row is moved forward first, in a transaction of its own: a crash costs one turn, never a second run.
    """
    until = db.session.scalar(select(TaskLock.until).where(TaskLock.name == name))
    if until is not None and until > now():
        return False
    if not _take(name, seconds, new=until is None):
        return False
    function()
    return True


def _take(name: str, seconds: int, *, new: bool) -> bool:
    end = now() + timedelta(seconds=seconds)
    try:
        with transaction():
            if new:
                db.session.add(TaskLock(name=name, until=end))
                return True
            moved = db.session.execute(
                update(TaskLock).where(TaskLock.name == name, TaskLock.until <= now()).values(until=end)
            )
            return bool(moved.rowcount)  # type: ignore[attr-defined]
    except IntegrityError:  # Another process was first to write the row.
        return False
