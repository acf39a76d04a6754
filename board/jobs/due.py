"""Jobs in their time: each has a lock row, and whoever moves it forward runs the job, so only one process does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from board.db import db, now, transaction
from board.jobs.models import TaskLock
from board.log import log


@dataclass(frozen=True)
class Job:
    """A task with its name in the lock table and the least seconds between two runs.

    `run` may be repeated and may be cut off anywhere without harm. What `follows` is run as well within seconds of a
    new entry in the log, in every process that works, so it bears several runs at once.
    """

    name: str
    seconds: int
    run: Callable[[], object]
    follows: bool = False


def run_due(jobs: Iterable[Job]) -> None:
    """Run each job that is due; one that fails is noted and tried again when it is due next."""
    locks = {row.name: row.until for row in db.session.execute(select(TaskLock.name, TaskLock.until))}
    for job in jobs:
        until = locks.get(job.name)
        if until is None or until <= now():
            attempt(job)


def attempt(job: Job) -> bool:
    """Run a job if nobody has in its time, in any process; a failure is logged and kept for administrators to see."""
    problem = ""
    try:
        if not run_every(job.name, job.seconds, job.run):
            return False
    except Exception as why:  # noqa: BLE001 - one task must not stop the others.
        log.error("job", job=job.name, exc_info=why)
        problem = type(why).__name__
    _note(job.name, problem)
    return not problem


def run_every(name: str, seconds: int, function: Callable[[], object]) -> bool:
    """Call the function if nobody has within so many seconds, in any process; returns whether it was called.

    The lock row is moved forward first, in a transaction of its own: a crash costs one turn, never a second run.
    """
    until = db.session.scalar(select(TaskLock.until).where(TaskLock.name == name))
    if until is not None and until > now():
        return False
    if not _take(name, now() + timedelta(seconds=seconds), new=until is None):
        return False
    function()
    return True


def _take(name: str, end: datetime, *, new: bool) -> bool:
    try:
        with transaction():
            if new:
                db.session.add(TaskLock(name=name, until=end, ran_at=now()))
                return True
            moved = db.session.execute(
                update(TaskLock).where(TaskLock.name == name, TaskLock.until <= now()).values(until=end, ran_at=now())
            )
            return bool(moved.rowcount)  # type: ignore[attr-defined]
    except IntegrityError:  # Another process was first to write the row.
        return False


def _note(name: str, problem: str) -> None:
    """Remember how the last run ended; written only when that has changed."""
    if db.session.scalar(select(TaskLock.problem).where(TaskLock.name == name)) == problem:
        return
    with transaction():
        db.session.execute(update(TaskLock).where(TaskLock.name == name).values(problem=problem))
