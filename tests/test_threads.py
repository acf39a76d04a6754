"""The threaded worker under the real gunicorn: whoever commits answers, and no thread stands and waits for it.

Whoever raises the version of gunicorn runs these tests as well before naming it in `board.live.handover.KNOWN`.
"""

import http.client
import json
import socket
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.wsgi import Response

from board import create_app
from board.db import db
from board.threads import Held, Lean
from tests.conftest import bring_up_to_date, settings
from tests.test_live_gunicorn import UNKNOWN, Server, served
from tests.webhooks.forge import Forge, github_issue, sign

KNOWN_WAY = ("-m", "gunicorn")


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    """A connection of a board on a SQLite file."""
    app = create_app(settings(tmp_path, SECRET_KEY="s" * 40))
    bring_up_to_date(app)
    found = Forge(app, "github")
    with app.app_context():
        db.engine.dispose()
    return found


class Sender:
    """A forge's connection to the running server, kept between deliveries."""

    def __init__(self, server: Server, forge: Forge) -> None:
        self.forge, self.http = forge, http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def send(self, number: int, id_: str, event: str = "issues") -> None:
        """One delivery, signed."""
        raw = json.dumps(github_issue(number)).encode()
        headers = sign("github", self.forge.secret, raw, raw, event, id_, "")
        self.http.request(
            "POST", self.forge.url, raw, headers | {"Content-Type": "application/json", "Host": "localhost"}
        )

    def hear(self) -> dict[str, Any]:
        """Its answer; the connection stays open."""
        answer = self.http.getresponse()
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.read())
        return found


def rows(folder: Path) -> dict[int, tuple[int, str]]:
    """Number and reason of each delivery by its id."""
    with sqlite3.connect(folder / "board.sqlite") as connection:
        return {row[0]: row[1:] for row in connection.execute("SELECT id, number, reason FROM delivery")}


def sockets(server: Server) -> int:
    """How many connections its worker has open."""
    found = 0
    for file in (server.worker / "fd").iterdir():
        with suppress(FileNotFoundError):  # Closed since it was listed.
            found += str(file.readlink()).startswith("socket:")
    return found


def warmed(server: Server, forge: Forge) -> Sender:
    """After the first delivery the repository is known and the use of the secret noted: the next take the lane."""
    sender = Sender(server, forge)
    sender.send(9999, "zuerst")
    assert sender.hear()["reason"] == "created"
    return sender


def storm(sender: Sender, first: int, heard: list[tuple[int, dict[str, Any]]]) -> None:
    """One after the other: a new issue, a copy of it, and what the board does not know."""
    for number in range(first, first + 5):
        for id_, event in ((f"id-{number}", "issues"), (f"id-{number}", "issues"), (f"x-{number}", "unbekannt")):
            sender.send(number, id_, event)
            heard.append((number, sender.hear()))


@pytest.mark.parametrize(("way", "parser"), [(KNOWN_WAY, "auto"), (("-c", UNKNOWN), "python")])
def test_in_a_storm_each_hears_of_its_own_and_connections_are_kept(
    tmp_path: Path, forge: Forge, way: tuple[str, ...], parser: str
) -> None:
    heard: list[tuple[int, dict[str, Any]]] = []
    with served(tmp_path, "--http-parser", parser, way=way, THREADS="4", BOARD_LIVE="threads") as server:
        before = sockets(server)
        senders = [warmed(server, forge)] + [Sender(server, forge) for _ in range(7)]
        threads = [threading.Thread(target=storm, args=(one, n * 10 + 1, heard)) for n, one in enumerate(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for sender in senders:
            sender.http.close()
        end = time.monotonic() + 5
        while sockets(server) > before and time.monotonic() < end:
            time.sleep(0.02)
        assert sockets(server) <= before, "who has hung up is let go"
    kept = rows(tmp_path)
    for status in ("processed", "duplicate", "ignored"):
        assert sum(answer["status"] == status for _number, answer in heard) == 8 * 5
    mine = [(kept[answer["delivery"]], number) for number, answer in heard if answer["status"] == "processed"]
    assert all(row == (number, "created") for row, number in mine)


def test_deliveries_that_wait_take_no_threads_and_are_answered_though_the_server_is_told_to_stop(
    tmp_path: Path, forge: Forge
) -> None:
    with served(tmp_path, THREADS="2") as server:
        warmed(server, forge).http.close()
        somebody = sqlite3.connect(tmp_path / "board.sqlite", isolation_level=None)
        somebody.execute("BEGIN IMMEDIATE")
        senders = [Sender(server, forge) for _ in range(10)]
        for number, sender in enumerate(senders, 1):
            sender.send(number, f"id-{number}")
        assert server.ask("/partners")[0] == 200, "with two threads, and ten deliveries that wait for the writer"
        server.process.terminate()
        time.sleep(0.2)
        somebody.execute("COMMIT")
        answers = [sender.hear() for sender in senders]
        somebody.close()
        for sender in senders:
            sender.http.close()
        assert server.process.wait(20) == 0
        assert server.errors.read_text() == ""
    assert [answer["reason"] for answer in answers] == ["created"] * 10
    kept = rows(tmp_path)
    assert [kept[answer["delivery"]] for answer in answers] == [(number, "created") for number in range(1, 11)]


def test_who_does_not_read_is_cut_off_and_holds_up_nobody() -> None:
    ours, theirs = socket.socketpair()
    worker = Lean.__new__(Lean)
    worker.__dict__ |= {"_ended": [], "_told": True, "log": SimpleNamespace(access=lambda *_args: None)}
    request = SimpleNamespace(method="POST", version=(1, 1), should_close=lambda: False)
    with ours, theirs:
        ours.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                ours.send(b"x" * 65536)
        conn = SimpleNamespace(sock=ours, client=("127.0.0.1", 1))
        begun = time.monotonic()
        Held(worker, conn, Response(request, ours, Config()), {}).give(_answer)
        assert time.monotonic() - begun < 1
    ((ended, outcome),) = worker._ended
    assert ended is conn
    assert outcome.result() is False, "gunicorn closes it"


def _answer(_environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]
