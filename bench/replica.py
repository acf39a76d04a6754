"""`python -m bench.replica [--ballots 40]`: a second PostgreSQL that follows the first, and a board that reads there.

A real streaming replica (`pg_basebackup`, hot standby) with a node on it beside a node on the primary. Told are the
answers of pages at the replica, for strangers and signed in; what a ballot says there; how long after a ballot was
answered at the primary the replica's page shows it; and when a live stream at the replica hears of it.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

from bench.cases import delegate
from board import config, create_app
from deploy.cluster.database import Postgres
from deploy.cluster.running import Cluster, Node

PAGES = ("/", "/proposals", "/proposals/FV-{}", "/proposals/FV-{}/ballots/all", "/work", "/roadmap", "/figures",
         "/partners", "/activity", "/reuse", "/search?q=karte", "/account", "/api/v1/proposals")  # fmt: skip
FORM = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded",
        "HX-Request": "true", "HX-Request-Type": "partial"}  # fmt: skip
KEPT = ("PATH", "HOME", "LANG")
PATIENCE = 10.0


def main() -> None:
    """Try it and print what was seen."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ballots", type=int, default=40, help="how often the lag is measured")
    arguments.add_argument("--port", type=int, default=8190, help="the first of three free ports")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else if we are root.
        cluster, cookie, proposal = _primary(folder, chosen.port, ending)
        port = chosen.port + 2
        _replica(cluster, port, ending)
        for path in PAGES:
            told = [_status(port, path.format(proposal), given) for given in ("", cookie)]
            print(f"{path.format(proposal):32} strangers {told[0]}, signed in {told[1]}", flush=True)
        print(f"a ballot at the replica: {_vote(port, cookie, proposal, 'for')}")
        _told("until its page shows a ballot", _lags(chosen.port + 1, port, cookie, proposal, chosen.ballots))
        _told("until a stream there hears", _hears(chosen.port + 1, port, cookie, proposal, chosen.ballots))


def _primary(folder: Path, port: int, ending: ExitStack) -> tuple[Cluster, str, int]:
    """The demo on one node; a delegate's cookie, and a proposal to vote on."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    settings = {**kept, "BOARD_DEMO": "1", "BOARD_ORIGIN": "http://localhost", "BOARD_LOG": "error",
                "BOARD_SECOND_FACTOR": "none", "BOARD_PROXIES": "0"}  # fmt: skip
    cluster = Cluster(folder, "127.0.0.1", (port, port + 1), settings)
    ending.callback(cluster.close)
    if cluster.database is None:
        raise SystemExit("this needs a PostgreSQL of its own: call it without DATABASE_URL")
    cluster.database.start()
    cluster.flask("demo", quiet=True)
    cluster.start()
    given = {name: value for name, value in cluster.settings.items() if name not in KEPT}
    cookie, proposals = delegate(create_app(config.read({**given, "BOARD_DATA": str(folder / "bench")})))
    return cluster, cookie, proposals[0]


def _replica(cluster: Cluster, port: int, ending: ExitStack) -> None:
    """A copy of the database that goes on following it, and a node that knows only that one."""
    assert cluster.database
    replica = Postgres(cluster.folder / "replica")
    cluster.database.copy_to(replica)
    replica.start()
    ending.callback(replica.close)
    node = Node(port, {**cluster.settings, "DATABASE_URL": replica.url, "BOARD_DATA": str(cluster.folder / "reader")})
    node.start()
    ending.callback(node.stop)
    node.until_ready()


def _lags(primary: int, replica: int, cookie: str, proposal: int, times: int) -> list[float]:
    """Milliseconds from a ballot's answer until the replica's page has another tag."""
    found, path = [], f"/proposals/FV-{proposal}"
    for turn in range(times):
        before = _ask(replica, path, "").headers["ETag"]
        if (status := _vote(primary, cookie, proposal, ("for", "abstain")[turn % 2])) != 200:
            raise SystemExit(f"a ballot at the primary: {status}")
        begun = time.monotonic()
        while _ask(replica, path, "").headers["ETag"] == before:
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit("the replica does not follow")
        found.append((time.monotonic() - begun) * 1000)
    return found


def _hears(primary: int, replica: int, cookie: str, proposal: int, times: int) -> list[float]:
    """Milliseconds from a ballot's answer until a stream at the replica is told of it."""
    connection = HTTPConnection("127.0.0.1", replica, timeout=PATIENCE)
    connection.request("GET", "/live", headers={"Host": "localhost", "Cookie": cookie})
    lines = _lines(connection.getresponse())
    found = []
    for turn in range(times):
        _vote(primary, cookie, proposal, ("for", "abstain")[turn % 2])
        begun = time.monotonic()
        while next(lines) != f"event: tally-{proposal}":
            pass
        found.append((time.monotonic() - begun) * 1000)
    connection.close()
    return found


def _lines(answer: HTTPResponse) -> Iterator[str]:
    while line := answer.readline():
        yield line.decode().strip()
    raise SystemExit("the stream has ended")


def _vote(port: int, cookie: str, proposal: int, choice: str) -> int:
    return _ask(port, f"/proposals/FV-{proposal}/ballot", cookie, urlencode({"choice": choice})).status


def _status(port: int, path: str, cookie: str) -> int:
    return _ask(port, path, cookie).status


def _ask(port: int, path: str, cookie: str, body: str | None = None) -> HTTPResponse:
    headers = {"Host": "localhost", **({"Cookie": cookie} if cookie else {})}
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("POST" if body else "GET", path, body, {**headers, **(FORM if body else {})})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def _told(what: str, found: list[float]) -> None:
    print(f"{what}: median {statistics.median(found):.0f} ms, at most {max(found):.0f} ms, {len(found)} ballots")


if __name__ == "__main__":
    main()
