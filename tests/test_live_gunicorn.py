"""Live under the real gunicorn, on both databases: connections are handed over, and gunicorn never notices.

Whoever raises the version of gunicorn runs these tests and those of `test_threads.py`, and then names it in
`board.live.handover.KNOWN`.
"""

import http.client
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pytest
from flask import Flask

from board import create_app
from board.accounts import session
from board.db import db, transaction
from board.live import handover, log, wire
from tests import factories
from tests.conftest import bring_up_to_date, settings
from tests.people import Cast, Who
from tests.test_deploy import DEPLOY, NAME, ROOT, _certificate, _ports, _until_open

pytestmark = pytest.mark.skipif(not handover.POSSIBLE, reason="connections are handed over on Linux only")
UNKNOWN = "import gunicorn; gunicorn.__version__ = '99.0.0'; from gunicorn.app.wsgiapp import run; run()"


@dataclass
class Server:
    """A running gunicorn; `said` is what it wrote."""

    process: subprocess.Popen[bytes]
    port: int
    errors: Path
    context: ssl.SSLContext | None = None
    streams: list["Ear"] = field(default_factory=list)

    @property
    def worker(self) -> Path:
        """The only worker in /proc."""
        (pid,) = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return Path("/proc", pid)

    def files(self) -> int:
        """How many files the worker has open."""
        return len(list((self.worker / "fd").iterdir()))

    def threads(self) -> int:
        """How many threads it has."""
        return len(list((self.worker / "task").iterdir()))

    def ask(self, path: str, method: str = "GET", token: str = "", body: str = "") -> tuple[int, str]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(NAME, timeout=20)
        connection.sock = self.connect()
        headers = {"Cookie": f"session={token}", "Sec-Fetch-Site": "same-origin", "Host": "localhost",
                   "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def connect(self, buffer: int = 0) -> socket.socket:
        """A new connection, with little room for what arrives if that is wanted."""
        one = socket.socket()
        if buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        one.settimeout(20)
        one.connect(("127.0.0.1", self.port))
        return self.context.wrap_socket(one, server_hostname=NAME) if self.context else one

    def listen(self, after: str = "", token: str = "", protocol: str = "1.1", buffer: int = 0) -> "Ear":
        """A stream that was greeted, or refused."""
        self.streams.append(ear := Ear(self.connect(buffer), after, token, protocol))
        return ear


class Ear:
    """One listener, without a thread: reads what is there."""

    def __init__(self, connection: socket.socket, after: str, token: str, protocol: str) -> None:
        self.socket = connection
        cookie = f"Cookie: session={token}\r\n" if token else ""
        self.socket.sendall(f"GET /live?after={after} HTTP/{protocol}\r\nHost: localhost\r\n{cookie}\r\n".encode())
        self.raw = b""
        self.ended = False
        self.until(lambda: b"\r\n\r\n" in self.raw and (": hi\n\n" in self.text or "200" not in self.status))

    @property
    def status(self) -> str:
        """Of its answer: `200 OK`."""
        return self.raw.partition(b"\r\n")[0].decode().partition(" ")[2]

    @property
    def text(self) -> str:
        """All that came, its chunks put together; fails where they are not well made."""
        head, _, body = self.raw.partition(b"\r\n\r\n")
        if b"Transfer-Encoding: chunked" not in head:
            return body.decode()
        found = b""
        while b"\r\n" in body:
            size, _, body = body.partition(b"\r\n")
            length = int(size, 16)
            if len(body) < length + 2:
                break
            assert body[length : length + 2] == b"\r\n"
            found, body = found + body[:length], body[length + 2 :]
        return found.decode()

    @property
    def topics(self) -> list[str]:
        """In the order in which they came."""
        return re.findall("^event: (.*)$", self.text, re.MULTILINE)

    @property
    def last_id(self) -> str:
        """The cursor to come back with."""
        return re.findall("^id: (.*)$", self.text, re.MULTILINE)[-1]

    def until(self, true: Callable[[], object], seconds: float = 10) -> bool:
        """Read until it is so, the answer ends, or the time is up."""
        end = time.monotonic() + seconds
        while not true() and not self.ended and (left := end - time.monotonic()) > 0:
            ready = select.poll()
            ready.register(self.socket, select.POLLIN)
            if ready.poll(left * 1000):
                data = self.socket.recv(65536)
                self.raw, self.ended = self.raw + data, not data
        return bool(true())

    def hears(self, topic: str, seconds: float = 5) -> bool:
        """Whether it comes in time."""
        return self.until(lambda: topic in self.topics, seconds)

    def ends(self, seconds: float = 5) -> bool:
        """Whether the server hangs up in time, after a whole answer."""
        return self.until(lambda: self.ended, seconds) and self.raw.endswith(wire.LAST_CHUNK)

    def close(self) -> None:
        """Go away."""
        self.socket.close()


@contextmanager
def served(folder: Path, *arguments: str, way: tuple[str, ...] = ("-m", "gunicorn"), files: int = 0, **changes: str
           ) -> Iterator[Server]:  # fmt: skip
    """gunicorn by deploy/gunicorn.conf.py."""
    (port,) = _ports(1)
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONWARNINGS"}},
        "BOARD_DATA": str(folder), "BOARD_ORIGIN": "http://localhost", "BOARD_SECOND_FACTOR": "none", "PORT": str(port),
        "SECRET_KEY": "s" * 40, "BOARD_LOG": "warning", "BOARD_WORKER": "apart", "THREADS": "8", **changes,
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    command = [sys.executable, *way, "--config", str(DEPLOY / "gunicorn.conf.py"), *arguments, "wsgi:app"]
    if files:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    errors = folder / "errors.log"
    with errors.open("wb") as kept:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=kept)
    server = Server(process, port, errors)
    if "--certfile" in arguments:
        server.context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    try:
        _until_open(port)
        while server.ask("/healthz")[0] != 200:
            assert process.poll() is None, errors.read_text()
        yield server
    finally:
        for ear in server.streams:
            ear.close()
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def server(board: Flask, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """On the database under test: on SQLite with gunicorn's C parser, on PostgreSQL with the one in Python."""
    parser = "auto" if database_url.startswith("sqlite") else "python"
    with served(tmp_path_factory.mktemp("gunicorn"), "--http-parser", parser, DATABASE_URL=database_url) as running:
        yield running
        assert running.errors.read_text() == ""


@pytest.fixture
def quiet(server: Server) -> Iterator[Server]:
    """The server; its listeners have gone at the end.

    No board's log grows shorter but that of these tests: the server looks at it twice, so that it does not take new
    entries for ones that it has told.
    """
    time.sleep(2 * log.SqliteLog.seconds)
    yield server
    while server.streams:
        server.streams.pop().close()


def cursor(app: Flask, who: Who | None = None) -> str:
    """That of a page which is made now."""
    with app.app_context():
        return wire.cursor(log.log_of(db.engine).latest(db.session.connection()), who.person_id if who else None)


def token(app: Flask, who: Who) -> str:
    """A session of somebody."""
    with app.app_context(), transaction():
        return session.begin(who.person_id, who.membership_id)


@pytest.fixture
def proposal(app: Flask, people: Cast) -> int:
    """One to cast ballots on."""
    with app.app_context():
        return factories.make_proposal(people)


@pytest.fixture
def board_(tmp_path: Path) -> Path:
    """The folder of an empty board on SQLite."""
    app = create_app(settings(tmp_path))
    bring_up_to_date(app)
    with app.app_context():
        db.engine.dispose()
    return tmp_path


def test_the_release_that_is_locked_is_one_that_connections_are_taken_over_from() -> None:
    assert version("gunicorn") in handover.KNOWN


def test_streams_of_different_people_hear_their_own_and_no_thread_is_kept(
    app: Flask, people: Cast, quiet: Server, proposal: int
) -> None:
    before = quiet.threads()
    guests = [quiet.listen(cursor(app)) for _ in range(30)]
    ada = quiet.listen(cursor(app, people.ada), token(app, people.ada))
    cleo = quiet.listen(cursor(app, people.cleo), token(app, people.cleo))
    assert quiet.threads() <= before + 9, "eight for requests and the hub, whatever many listen"
    with app.app_context():
        factories.cast(people, proposal, "for", by=people.cleo.actor)
    for one, who in ((ada, people.ada), (cleo, people.cleo)):
        assert one.hears(f"ballot-{proposal}-{people.celle}")
        assert one.last_id.endswith(f"~{who.person_id}")
    for guest in guests:
        assert guest.hears(f"tally-{proposal}")
        assert guest.last_id.endswith("~")
        assert [t for t in guest.topics if t.startswith(("ballot", "partner"))] == []


def test_what_happened_before_the_handover_is_told_too(app: Flask, people: Cast, quiet: Server, proposal: int) -> None:
    page = cursor(app)
    with app.app_context():
        factories.cast(people, proposal, "for")
    assert quiet.listen(page).hears(f"tally-{proposal}")


def test_a_connection_that_has_served_pages_can_carry_a_stream(
    app: Flask, people: Cast, quiet: Server, proposal: int
) -> None:
    connection = http.client.HTTPConnection("localhost", quiet.port, timeout=10)
    for _page in range(2):
        connection.request("GET", "/partners")
        assert connection.getresponse().read()
    connection.request("GET", f"/live?after={cursor(app)}")
    answer = connection.getresponse()
    assert answer.readline() == b": hi\n"
    with app.app_context():
        factories.cast(people, proposal, "abstain")
    while answer.readline() != f"event: tally-{proposal}\n".encode():
        pass
    connection.close()


def test_signing_out_elsewhere_ends_the_stream_and_no_other(app: Flask, people: Cast, quiet: Server) -> None:
    leaving, staying = token(app, people.ada), token(app, people.ben)
    ada = quiet.listen(cursor(app, people.ada), leaving)
    ben = quiet.listen(cursor(app, people.ben), staying)
    guest = quiet.listen(cursor(app))
    assert quiet.ask("/sign-out", "POST", leaving)[0] == 303
    assert ada.ends()
    assert not ben.until(lambda: ben.ended, 0.3)
    assert not guest.ended
    assert quiet.ask(f"/live?after={ada.text and cursor(app, people.ada)}", token=leaving)[0] == 401


def test_who_does_not_read_holds_up_nobody(app: Flask, people: Cast, quiet: Server, proposal: int) -> None:
    deaf = quiet.listen(cursor(app), buffer=1024)
    guest = quiet.listen(cursor(app))
    for turn in range(6):
        with app.app_context():
            factories.cast(people, proposal, ("for", "abstain")[turn % 2])
        assert guest.until(lambda: guest.topics.count(f"tally-{proposal}") > turn, 2)  # noqa: B023 - asked at once
    assert deaf.until(lambda: deaf.topics.count(f"tally-{proposal}") == 6), "and in the end hears it too"


@pytest.mark.parametrize("count", [300, pytest.param(900, marks=pytest.mark.long)])
def test_more_streams_than_gunicorn_takes_connections_leave_no_file_behind(board_: Path, count: int) -> None:
    with served(board_, "--worker-connections", "40") as many:
        many.listen().close()
        many.ask("/partners")
        before = many.files()
        ears = [many.listen() for _ in range(count)]
        assert many.files() >= before + count - 4
        assert many.threads() < 20
        assert many.ask("/partners")[0] == 200, "streams are no connections of gunicorn's any more"
        for ear in ears:
            ear.close()
        end = time.monotonic() + 5
        while many.files() > before + 4 and time.monotonic() < end:
            time.sleep(0.05)
        assert many.files() <= before + 4
        ears = [many.listen() for _ in range(50)]
        begun = time.monotonic()
        many.process.terminate()
        assert all(ear.ends() for ear in ears)
        assert many.process.wait(10) == 0
        assert time.monotonic() - begun < 6, "open streams do not hold up its end"
        assert many.errors.read_text() == ""


def test_where_few_files_may_be_open_further_browsers_poll(board_: Path) -> None:
    with served(board_, files=540) as tight:
        assert "only 540 files may be open" in tight.errors.read_text()
        answers = [tight.listen().status for _ in range(20)]
        assert answers == ["200 OK"] * 14 + ["503 SERVICE UNAVAILABLE"] * 6
        assert tight.ask("/live/topics")[0] == 200


@pytest.mark.parametrize(("way", "arguments", "changes", "why"), [
    (("-c", UNKNOWN), (), {}, "gunicorn 99.0.0 is not known"),
    pytest.param(("-m", "gunicorn"), (), {"BOARD_LIVE": "threads"}, "", marks=pytest.mark.long),
    pytest.param(("-m", "gunicorn"), ("--certfile", "cert.pem", "--keyfile", "key.pem"), {},
                 "gunicorn speaks something else than plain HTTP", marks=pytest.mark.long),
])  # fmt: skip
def test_elsewhere_each_stream_keeps_a_thread_and_half_of_them_are_left_for_requests(
    board_: Path, way: tuple[str, ...], arguments: tuple[str, ...], changes: dict[str, str], why: str
) -> None:
    _certificate(board_)
    files = [str(board_ / part) if part.endswith(".pem") else part for part in arguments]
    with served(board_, *files, way=way, THREADS="6", **changes) as house:
        said = house.errors.read_text().splitlines()
        assert len(said) == bool(why)
        assert why in "".join(said)
        assert [house.listen().status for _ in range(4)] == ["200 OK"] * 3 + ["503 SERVICE UNAVAILABLE"]
        assert house.ask("/partners")[0] == 200
        house.process.terminate()
        assert all(ear.ends() for ear in house.streams[:3])


@pytest.mark.parametrize(("options", "wish", "why"), [
    ({}, "auto", ""), ({}, "threads", "BOARD_LIVE=threads"), ({"certfile": "c", "keyfile": "k"}, "auto", "plain HTTP"),
    ({"protocol": "uwsgi"}, "auto", "plain HTTP"),
])  # fmt: skip
def test_what_stands_in_the_way_is_named(options: dict[str, str], wish: str, why: str) -> None:
    from gunicorn.config import Config
    from gunicorn.workers.gthread import ThreadWorker

    chosen = Config()
    for name, value in options.items():
        chosen.set(name, value)
    worker = ThreadWorker.__new__(ThreadWorker)
    worker.cfg = chosen
    told = handover.obstacle(worker, wish)
    assert why in told
    assert bool(why) == bool(told)


def test_a_browser_that_speaks_http_1_0_keeps_a_thread_and_cannot_take_them_all(
    app: Flask, people: Cast, quiet: Server, proposal: int
) -> None:
    old = [quiet.listen(cursor(app), protocol="1.0") for _ in range(5)]
    assert [ear.status for ear in old] == ["200 OK"] * 4 + ["503 SERVICE UNAVAILABLE"]
    with app.app_context():
        factories.cast(people, proposal, "for")
    assert old[0].hears(f"tally-{proposal}")
    assert "chunked" not in old[0].raw.decode()
    assert quiet.listen(cursor(app)).status == "200 OK", "those that can be handed over still have room"


def test_a_reload_ends_streams_properly_and_the_next_server_tells_what_happened_meanwhile(
    app: Flask, people: Cast, quiet: Server, proposal: int
) -> None:
    after = cursor(app)
    ears = [quiet.listen(after) for _ in range(20)]
    quiet.process.send_signal(signal.SIGHUP)
    assert all(ear.ends(20) for ear in ears)
    with app.app_context():
        factories.cast(people, proposal, "for")
    assert quiet.listen(after).hears(f"tally-{proposal}")
