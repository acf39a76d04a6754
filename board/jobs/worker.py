"""The worker: Huey's queue and periodic task, driven by one thread inside the server or by `flask worker`.

Every minute Huey's periodic task runs what is due; `soon` puts a job into the queue so that it runs within a second.
A task that is lost with its worker does no harm: the next minute finds the same due rows. Huey's own consumer wants
the main thread's signals and two threads of its own, so the loop here is ours.
"""

import threading
import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from flask import Flask, current_app
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from sqlalchemy import make_url

from board.config import Config
from board.jobs.due import Job, clock_agrees, run_due
from board.jobs.listed import JOBS
from board.jobs.queries import newest_entry
from board.log import log

PAUSE_SECONDS = 1.0
TICK_SECONDS = 60.0
RETRY_SECONDS = 5.0
GRACE_SECONDS = 8.0
ENOUGH = 10


class Worker:
    """The queue of one process, and the thread that works on it once it is started."""

    def __init__(self, app: Flask, jobs: Sequence[Job] = JOBS) -> None:
        self.app = app
        self.jobs = jobs
        self._thread: threading.Thread | None = None
        self._seen: int | None = None

    @cached_property
    def queue(self) -> Huey:
        """Huey with its two tasks, on a file beside the board's own or in the board's PostgreSQL; made when needed."""
        queue = _huey(self.app.config["BOARD"])
        queue.periodic_task(crontab(), name="tick")(self._tick)
        self._soon = queue.task(name="soon")(self._run)
        return queue

    def soon(self, name: str) -> None:
        """Let a job run within a second, whichever process works; if that fails, the next minute will do."""
        try:
            if self.queue.pending_count() < ENOUGH:  # Else nobody works at the moment, and enough is waiting.
                self._soon(name)
        except Exception as why:  # noqa: BLE001 - what was to be done is in the database already.
            log.warning("queue", problem=type(why).__name__)

    def start(self) -> None:
        """Work beside the requests, in one thread; called by the server after it has forked, never by `create_app`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
            self._thread.start()

    def join(self) -> None:
        """Wait a little for the task in hand; `app.extensions["stopping"]` has been set."""
        if self._thread is not None:
            self._thread.join(GRACE_SECONDS)

    def run(self) -> None:
        """Work until the server stops; a queue that is away is asked again."""
        stopping: threading.Event = self.app.extensions["stopping"]
        tick_at = 0.0
        while not stopping.is_set():
            try:
                if time.monotonic() >= tick_at:
                    tick_at = time.monotonic() + TICK_SECONDS
                    for task in self.queue.read_periodic(None):
                        self.queue.enqueue(task)
                if not self.work_off():
                    self.follow()
                    stopping.wait(PAUSE_SECONDS)
            except Exception as why:  # noqa: BLE001 - the one thread that works must not die.
                log.error("worker", problem=type(why).__name__)
                stopping.wait(RETRY_SECONDS)
        self.close()

    def work_off(self) -> bool:
        """Do the next task that waits; False when there is none."""
        task = self.queue.dequeue()
        if task is None:
            return False
        self.queue.execute(task)
        return True

    def follow(self) -> bool:
        """Run the jobs that follow the log, if it has grown since the last look; False when it has not."""
        with self.app.app_context():
            newest = newest_entry()
        grown = self._seen is not None and newest != self._seen
        self._seen = newest
        for job in self.jobs if grown else ():
            if job.follows:
                self._run(job.name)
        return grown

    def close(self) -> None:
        """Give the queue's connection back."""
        if "queue" in self.__dict__:
            self.queue.storage.close()

    def _tick(self) -> None:
        with self.app.app_context():
            run_due(self.jobs)

    def _run(self, name: str) -> None:
        """Run one job now. Only jobs that bear two runs at once are asked for like this."""
        with self.app.app_context():
            for job in self.jobs if clock_agrees() else ():
                if job.name == name:
                    try:
                        job.run()
                    except Exception as why:  # noqa: BLE001 - the next minute tries again.
                        log.error("job", job=name, exc_info=why)


def _huey(board: Config) -> Huey:
    """Neither results nor durability are needed: nothing lives only in the queue."""
    options: dict[str, Any] = {"results": False, "utc": True}
    if board.database_url.startswith("postgresql"):
        dsn = make_url(board.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHuey("board", dsn=dsn, read_timeout=PAUSE_SECONDS, **options)
    return SqliteHuey("board", filename=str(board.data / "queue.sqlite"), fsync=False, cache_mb=1, **options)


def init_app(app: Flask) -> None:
    """Give the application its worker; it does not work before somebody starts it."""
    app.extensions["stopping"] = threading.Event()
    app.extensions["jobs"] = Worker(app)


def worker() -> Worker:
    """The worker of this process."""
    found: Worker = current_app.extensions["jobs"]
    return found
