"""Jobs: each in its time, in one process only; driven by the queue, also when nobody has the board open."""

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from board import create_app
from board.db import at, db, now
from board.jobs import due, listed, queries
from board.jobs.models import TaskLock
from board.jobs.worker import ENOUGH, Worker
from tests.browser.conftest import serve, stop
from tests.conftest import bring_up_to_date, settings

ROOT = Path(__file__).parent.parent


def test_a_job_runs_once_in_its_time_whoever_asks(app: Flask) -> None:
    ran: list[int] = []
    with app.app_context():
        for _ in range(3):
            due.run_every("sweep", 300, lambda: ran.append(1))
        assert ran == [1]
        with at(now() + timedelta(seconds=301)):
            assert due.run_every("sweep", 300, lambda: ran.append(2))
        assert ran == [1, 2]


def test_many_threads_that_want_the_same_job_run_it_once(app: Flask) -> None:
    ran: list[int] = []

    def ask() -> None:
        with app.app_context():
            due.run_every("sweep", 300, lambda: ran.append(1))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [1]


def test_a_job_that_fails_does_not_stop_the_others_and_is_told(app: Flask) -> None:
    ran: list[int] = []
    jobs = [due.Job("broken", 60, lambda: 1 / 0), due.Job("whole", 60, lambda: ran.append(1))]
    with app.app_context():
        due.run_due(jobs)
        assert ran == [1]
        assert [(run.name, run.problem) for run in queries.runs()] == [("broken", "ZeroDivisionError"), ("whole", "")]
        with at(now() + timedelta(seconds=61)):
            due.run_due([due.Job("broken", 60, lambda: 1)])
            assert [run.problem for run in queries.runs()] == ["", ""]


@pytest.mark.parametrize(
    "words", ["SELECT * FROM nowhere", "SELECT pg_terminate_backend(pg_backend_pid())"], ids=["refused", "cut off"]
)
def test_a_job_whose_question_fails_does_not_stop_the_others_either(app: Flask, words: str) -> None:
    """Asked outside a transaction of the job's own; on PostgreSQL the session hears nothing more until it is undone."""
    ran: list[int] = []
    broken = due.Job("broken", 60, lambda: db.session.execute(text(words)))
    with app.app_context():
        due.run_due([broken, due.Job("whole", 60, lambda: ran.append(1))])
        assert ran == [1]
        assert [(run.name, bool(run.problem)) for run in queries.runs()] == [("broken", True), ("whole", False)]


def test_making_the_application_starts_no_thread(app: Flask) -> None:
    assert not [t for t in threading.enumerate() if t.name == "worker"]


@pytest.fixture
def idle(app: Flask) -> Worker:
    """A worker of this test's own, on an empty queue."""
    worker = Worker(app)
    worker.queue.flush()
    return worker


def test_what_is_asked_for_soon_runs_with_the_next_task(idle: Worker) -> None:
    ran: list[int] = []
    idle.jobs = (due.Job("mail", 60, lambda: ran.append(1)), due.Job("other", 60, lambda: ran.append(2)))
    idle.soon("mail")
    assert idle.work_off()
    assert not idle.work_off()
    assert ran == [1]
    idle.close()


def test_a_job_that_fails_soon_leaves_the_worker_alive(idle: Worker) -> None:
    idle.jobs = (due.Job("mail", 60, lambda: 1 / 0),)
    idle.soon("mail")
    assert idle.work_off()
    idle.close()


def test_a_queue_that_nobody_works_on_does_not_grow(idle: Worker) -> None:
    for _ in range(ENOUGH + 5):
        idle.soon("mail")
    assert idle.queue.pending_count() == ENOUGH
    idle.queue.flush()
    idle.close()


def test_every_job_of_the_board_can_run_on_an_empty_board(app: Flask, idle: Worker) -> None:
    with app.app_context():
        assert app.extensions["jobs"].jobs == listed.JOBS
        assert {job.name for job in listed.JOBS} >= {"worker", "leases", "deliveries"}
        due.run_due(listed.JOBS)
        assert {run.name for run in queries.runs()} == {job.name for job in listed.JOBS}
        assert not [run.problem for run in queries.runs() if run.problem]
        assert queries.worker_alive()
    idle.close()


def test_the_server_works_on_jobs_though_no_browser_is_there(tmp_path: Path) -> None:
    app = _ready(tmp_path)
    _url, process = serve(tmp_path)
    try:
        assert _alive(app)
    finally:
        assert stop(process) < 12, "else it would be killed after 15 seconds"


def test_the_worker_may_be_a_process_of_its_own(tmp_path: Path) -> None:
    app = _ready(tmp_path)
    _url, server = serve(tmp_path, BOARD_WORKER="apart")
    environment = {"BOARD_DATA": str(tmp_path), "BOARD_ORIGIN": "http://localhost", "BOARD_LOG": "error"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    try:
        with app.app_context():
            assert db.session.scalar(select(TaskLock.name)) is None
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as worker:
            assert _alive(app)
            worker.terminate()
            assert worker.wait(5) == 0
    finally:
        stop(server)


def _ready(folder: Path) -> Flask:
    app = create_app(settings(folder))
    bring_up_to_date(app)
    return app


def _alive(app: Flask) -> bool:
    """Whether a worker is seen within a minute; as a rule it is within a second."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with app.app_context():
            if queries.worker_alive():
                return True
        time.sleep(0.1)
    return False
