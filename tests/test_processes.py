"""Several server processes on one PostgreSQL: Prometheus is told the numbers of all of them, not of dead ones."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from board import create_app
from board.db import db
from tests.conftest import settings
from tests.test_deploy import DEPLOY, ROOT, _ports, _until_open, _workers

TOKEN = "m" * 40


@dataclass
class Pair:
    """Two server processes behind one port."""

    server: subprocess.Popen[bytes]
    port: int
    folder: Path

    def get(self, path: str) -> tuple[int, str]:
        """One request on a connection of its own: either process may answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def number(self, name: str) -> float:
        """What Prometheus reads under this name."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def workers(self) -> set[int]:
        """The process ids of both."""
        return set(_workers(self.server.pid))


@pytest.fixture
def pair(postgres: str, tmp_path: Path) -> Iterator[Pair]:
    """Served by deploy/gunicorn.conf.py with WEB_CONCURRENCY=2; what an earlier run left lies in the folder."""
    name = "pair_" + (make_url(postgres).database or "")
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    app = create_app(settings(tmp_path, url))
    assert app.test_cli_runner().invoke(args=["init"]).exit_code == 0
    with app.app_context():
        db.engine.dispose()
    (port,) = _ports(1)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").write_bytes(b"what an earlier run left")
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONWARNINGS"}},
        "BOARD_DATA": str(tmp_path), "DATABASE_URL": url, "BOARD_ORIGIN": f"http://127.0.0.1:{port}",
        "SECRET_KEY": "s" * 40, "BOARD_LOG": "error", "BOARD_WORKER": "apart", "BOARD_METRICS_TOKEN": TOKEN,
        "WEB_CONCURRENCY": "2", "PORT": str(port), "THREADS": "8", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", str(DEPLOY / "gunicorn.conf.py"), "wsgi:app"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _until_open(port)
        yield Pair(server, port, tmp_path)
    finally:
        server.terminate()
        server.wait(20)


def until(true: object, what: str) -> None:
    """Ask until it is so."""
    end = time.monotonic() + 30
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_counts_are_those_of_both_processes_and_a_dead_one_holds_no_stream(pair: Pair) -> None:
    until(lambda: len(pair.workers()) == 2 and pair.get("/healthz")[0] == 200, "two processes serve")
    first = pair.workers()
    counted = 'stadtrunde_requests_total{endpoint="partners.index",method="GET",status="200"}'
    asked = 0

    def both_answered() -> bool:
        nonlocal asked
        asked += 1
        assert pair.get(f"/partners?q={asked}")[0] == 200
        files = {int(file.stem.split("_")[1]) for file in (pair.folder / "metrics").glob("counter_*.db")}
        return first <= files

    until(both_answered, "each has answered something")
    assert [pair.number(counted) for _ in range(4)] == [asked] * 4, "whoever answers tells all of it"

    stream = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=20)
    page = pair.get("/partners")[1]
    live = re.search(r'"(/live\?after=[^"]+)"', page)
    assert live, "the page names its stream"
    stream.request("GET", live[1].replace("&amp;", "&"))
    assert stream.getresponse().status == 200
    until(lambda: pair.number("stadtrunde_streams") == 1, "the stream is counted")
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not first & pair.workers() and len(pair.workers()) == 2, "two new ones")
    until(lambda: pair.number("stadtrunde_streams") == 0, "a killed process has no stream any more")
    assert pair.number(counted) >= asked, "what was counted stays counted"
    stream.close()
