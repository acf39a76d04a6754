"""Jobs in their time: each has a lock row, and whoever moves it forward runs the job, so only one process does.

Jobs end what is over: leases, sessions, periods. So a machine whose clock disagrees with the database's runs none.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from board.db import clock_error, db, let_go, now, transaction
from board.jobs.models import TaskLock
from board.log import log

TOLERANCE = timedelta(minutes=5)
"""By how much clocks may differ. More, and what one machine takes for over is not over."""


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
    if not clock_agrees():
        return
    locks = {row.name: row.until for row in db.session.execute(select(TaskLock.name, TaskLock.until))}
    for job in jobs:
        until = locks.get(job.name)
        if until is None or _is_due(until, job.seconds):
            attempt(job)


def clock_agrees() -> bool:
    """Whether this machine and the database agree about the time; if not, it is logged."""
    error = clock_error()
    if abs(error) <= TOLERANCE:
        return True
    log.error("clock", ahead_seconds=round(error.total_seconds()))
    return False


def _is_due(until: datetime, seconds: int) -> bool:
    """Its time has come, or it was set by a clock that was ahead: nobody else could have set it so far away."""
    return not now() < until <= _too_far(seconds)


def _too_far(seconds: int) -> datetime:
    return now() + timedelta(seconds=seconds) + TOLERANCE


def attempt(job: Job) -> bool:
    """Run a job if nobody has in its time, in any process; a failure is logged and kept for administrators to see."""
    problem = ""
    try:
        if not run_every(job.name, job.seconds, job.run):
            return False
    except Exception as why:  # noqa: BLE001 - one task must not stop the others.
        log.error("job", job=job.name, exc_info=why)
        problem = type(why).__name__
        let_go()  # Its transaction may hear nothing more, its connection be gone.
    _note(job.name, problem)
    return not problem


def run_every(name: str, seconds: int, function: Callable[[], object]) -> bool:
    """Call the function if nobody has within so many seconds, in any process; returns whether it was called.

    The lock row is moved forward first, in a transaction of its own: a crash costs one turn, never a second run.
    """
    until = db.session.scalar(select(TaskLock.until).where(TaskLock.name == name))
    if until is not None and not _is_due(until, seconds):
        return False
    if not _take(name, seconds, new=until is None):
        return False
    function()
    return True


def _take(name: str, seconds: int, *, new: bool) -> bool:
    end, over = now() + timedelta(seconds=seconds), or_(TaskLock.until <= now(), TaskLock.until > _too_far(seconds))
    try:
        with transaction():
            if new:
                db.session.add(TaskLock(name=name, until=end, ran_at=now()))
                return True
            moved = db.session.execute(
                update(TaskLock).where(TaskLock.name == name, over).values(until=end, ran_at=now())
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
