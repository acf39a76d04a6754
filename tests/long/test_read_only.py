"""A file system that suddenly refuses to be written: changes are answered with 503, pages with 200, nothing is lost.

Linux makes a file system read-only when its disk fails, under the feet of a running server; so does the long trial, to
a real ext4 on a loop device. The short one forbids the server to write by a limit of the system, which needs no rights
and can be lifted again.
"""

import os
import resource
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from board import create_app
from board.accounts import session
from board.db import db, transaction
from tests.conftest import bring_up_to_date, cannot_run, settings
from tests.factories import make_proposal
from tests.long.test_full_disk import ask
from tests.long.test_kill import Place, kill, serve
from tests.long.trials import Trial
from tests.people import populate

PAGES = ("/proposals", "/partners", "/work", "/account", "/activity", "/search?q=melden", "/healthz")


class House:
    """A board in a folder, and Pia's browser."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.app: Flask = create_app(settings(folder, BOARD_ORIGIN=f"http://127.0.0.1:{port}"))
        self.app.extensions["live"].jobs = ()
        bring_up_to_date(self.app)
        with self.app.app_context():
            with transaction():
                people = populate()
                self.token = session.begin(people.pia.person_id, None)
            self.proposal = make_proposal(people)
            db.session.remove()
            db.engine.dispose()
        self.place, self.acknowledged = Place(folder, self.app, port, [self.proposal], []), 0
        self.server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """As in production; answers by now."""
        self.server = serve(self.place)

    def stop(self) -> None:
        """Without a word."""
        if self.server:
            kill(self.server)
        self.server = None

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> Any:
        """One request of Pia's."""
        return ask(self.place.port, method, path, self.token, form)

    def write(self) -> Any:
        """A comment; counted when it is acknowledged."""
        form = {"text": f"Beitrag {self.acknowledged}. " + "Ein langer Satz. " * 100}
        answer = self.ask("POST", f"/proposals/FV-{self.proposal}/comments", form)
        self.acknowledged += answer.status == 303
        return answer

    def reads_and_refuses(self) -> int:
        """Every page is shown, no change is taken; returns how many answers that was."""
        for _attempt in range(3):
            for page in (f"/proposals/FV-{self.proposal}", *PAGES):
                answer = self.ask("GET", page)
                assert answer.status == 200, page
            answer = self.write()
            assert answer.status == 503
            assert answer.headers["Retry-After"]
        return 3 * (len(PAGES) + 2)

    def look(self) -> None:
        """What was acknowledged is there, nothing else, and the file is sound."""
        with sqlite3.connect(self.place.folder / "board.sqlite") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT count(*) FROM comment").fetchone() == (self.acknowledged,)
        connection.close()
        assert self.app.test_cli_runner().invoke(args=["check"]).exit_code == 0
        with self.app.app_context():
            db.engine.dispose()


def workers(server: subprocess.Popen[bytes]) -> list[int]:
    """The server's processes."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [server.pid, *map(int, children)]


def forbid_writing(server: subprocess.Popen[bytes], forbidden: bool) -> None:
    """No file of this server may be written any more, or may again."""
    for pid in workers(server):
        resource.prlimit(
            pid, resource.RLIMIT_FSIZE, (0 if forbidden else resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        )


@pytest.mark.trial("no-writes", short=2, long=50)
def test_while_no_file_can_be_written_pages_are_read_and_it_heals_without_a_restart(
    tmp_path: Path, trial: Trial
) -> None:
    house = House(tmp_path)
    house.start()
    try:
        for _turn in trial.turns():
            assert house.write().status == 303
            assert house.server
            forbid_writing(house.server, True)
            trial.count(answers_meanwhile=house.reads_and_refuses())
            forbid_writing(house.server, False)
            assert house.write().status == 303, "healed by itself"
            trial.count(acknowledged=2, lost=0)
    finally:
        house.stop()
    house.look()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A real file system of its own; call it to mount it, also again after it was lost."""
    image, place = tmp_path / "image", tmp_path / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(48 * 1024 * 1024)
    command = ["mkfs.ext4", "-q", "-F", str(image)]

    def mount() -> Path:
        end, said = time.monotonic() + 10, b""
        while time.monotonic() < end:  # A device that has just been let go may be taken for busy a moment longer.
            subprocess.run(["umount", str(place)], check=False, capture_output=True)
            tried = subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=False, capture_output=True)
            if not tried.returncode:
                return place
            said = tried.stderr
            time.sleep(0.2)
        raise OSError(said.decode())

    try:
        subprocess.run(command, check=True, capture_output=True)
        mount()
    except (OSError, subprocess.CalledProcessError):
        cannot_run("no file system can be mounted from a file here")
    yield mount
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.trial("read-only", short=0, long=20)
def test_when_the_disk_becomes_read_only_under_the_server_pages_are_read_and_nothing_acknowledged_is_lost(
    mounted: Callable[[], Path], trial: Trial
) -> None:
    house = House(mounted() / "board")
    try:
        for _turn in trial.turns():
            house.start()
            assert house.write().status == 303
            subprocess.run(["mount", "-o", "remount,abort", str(house.place.folder.parent)], check=True)
            assert "emergency_ro" in Path("/proc/mounts").read_text() or not os.access(house.place.folder, os.W_OK)
            trial.count(answers_meanwhile=house.reads_and_refuses())
            house.stop()
            mounted()
            house.look()
            trial.count(acknowledged=1, lost=0)
    finally:
        house.stop()
