"""The tests that speak of time, on days on which clocks are changed, years end, or that exist every fourth year only.

Their processes are started with a clock that is wrong (`clock.c`), so nothing in them knows. Tests that start servers
are left out: those would run by the right clock. The others say the same on any day (`dated.py`).
"""

import os
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import cannot_run
from tests.long.trials import Trial

ROOT = Path(__file__).parents[2]
DAYS = {  # UTC; Berlin is one or two hours ahead.
    "the last minutes of a year": "2026-12-31T22:57",
    "the day of 25 hours, in the hour that comes twice": "2027-10-31T00:30",
    "29 February, towards midnight": "2028-02-29T22:45",
    "the day of 23 hours, just before the hour that is missing": "2027-03-28T00:50",
    "a Sunday evening": "2026-11-29T21:45",
    "31 January, when it is February in Berlin already": "2027-01-31T23:10",
    "a year from now, about": "2027-11-26T12:00",
}
WITHOUT = (
    "tests/browser", "tests/long", "tests/cluster", "tests/test_deploy.py", "tests/test_processes.py",
    "tests/test_house.py", "tests/test_translations.py",
)  # fmt: skip
SERVERS = (
    "tests/test_jobs.py::test_the_server_works_on_jobs_though_no_browser_is_there",
    "tests/test_jobs.py::test_the_worker_may_be_a_process_of_its_own",
    "tests/test_mail.py::test_a_worker_that_is_killed_loses_no_mail_and_repeats_only_what_was_taken_unacknowledged",
    "tests/test_demo.py::test_asking_for_the_demo_by_name_is_enough_unless_the_board_has_an_address",
)


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """The library that makes clocks wrong."""
    compiler = shutil.which("cc")
    if compiler is None:
        cannot_run("there is no C compiler")
    library = tmp_path / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, Path(__file__).with_name("clock.c")], check=True)
    return library


@pytest.mark.trial("dates", short=0, long=len(DAYS))
def test_on_days_that_are_unlike_others_all_tests_pass(clock: Path, tmp_path: Path, trial: Trial) -> None:
    trial.count(failed=0)
    for turn in trial.turns():
        day, moment = list(DAYS.items())[turn]
        ahead = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() - time.time())
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.long.dated"]
        command += ["-k", "not postgresql"]
        command += [f"--ignore={path}" for path in WITHOUT] + [f"--deselect={test}" for test in SERVERS]
        environment = {**os.environ, "LD_PRELOAD": str(clock), "CLOCK_AHEAD": str(ahead)}
        told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        passed = re.search(r"(\d+) passed", told.stdout)
        assert told.returncode in {0, 1}, f"{day}: the tests were not run: {told.stdout[-500:]} {told.stderr[-500:]}"
        assert passed, "some pass on any day"
        failed = [line for line in told.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
        print(*(f"{day}: {line}" for line in failed), sep="\n")
        trial.count(tests_passed=int(passed[1]), failed=len(failed))
    assert trial.figures["failed"] == 0
