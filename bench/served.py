"""What a delivery costs a whole server: gunicorn with the board beside gunicorn with a bare Flask route, in turn.

The CPU of all threads of the process that answers, per request, with reading 15 KB from the socket on both sides. One
client sends one delivery after the other; sixteen at once are a storm.
"""

import http.client
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench import machine, webhook

ROOT = Path(__file__).parent.parent


def deliveries(folder: Path, port: int, url: str, clients: int, rounds: int = 9, each: int = 160) -> dict[str, float]:
    """Milliseconds of CPU for one delivery and one bare POST (medians), and bare / ours."""
    bodies = webhook.payloads(first=1_000_000 + clients * 100_000)
    ours: list[float] = []
    bare: list[float] = []
    with machine.served(folder, port, BOARD_WORKER="apart") as (pid, _started), bare_served(port + 1) as bare_pid:
        for turn in range(rounds + 1):
            sent = list(itertools.islice(bodies, each))
            for costs, who, to, path in ((ours, pid, port, url), (bare, bare_pid, port + 1, "/64")):
                before = cpu(who)
                send(to, path, sent, clients)
                if turn:  # The first round warms both up.
                    costs.append((cpu(who) - before) * 1000 / each)
    ours_ms, bare_ms = statistics.median(ours), statistics.median(bare)
    return {
        "clients": clients, "ours_ms": round(ours_ms, 3), "bare_ms": round(bare_ms, 3),
        "ratio": round(bare_ms / ours_ms, 3), "spread": round(statistics.pstdev(ours) / ours_ms, 2),
    }  # fmt: skip


@contextmanager
def bare_served(port: int, app: str = "bench.measure:bare(64)") -> Iterator[int]:
    """Bare Flask routes under the same gunicorn; the id of the process that answers."""
    environ = os.environ | {"PORT": str(port), "HOST": "127.0.0.1"}
    command = [
        sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "48", "--keep-alive", "15",
        "--log-level", "warning", "--bind", f"127.0.0.1:{port}", app,
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                machine.status(port, "/")
                break
            except OSError:
                time.sleep(0.05)
        workers = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        yield int(workers[0])
    finally:
        server.terminate()
        server.wait(30)


def cpu(pid: int) -> float:
    """Seconds of CPU that all living threads of a process have used, to the nanosecond."""
    used = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        used += int((task / "schedstat").read_text().split()[0])
    return used / 1e9


def send(port: int, path: str, bodies: list[bytes], clients: int) -> None:
    """All of them, each on a connection of its own; whatever is not answered with 200 ends the measuring."""
    with ThreadPoolExecutor(clients) as pool:
        for status in pool.map(lambda raw: _send(port, path, raw), bodies):
            if status != 200:
                raise SystemExit(f"{path}: expected 200, got {status}")


def _send(port: int, path: str, raw: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, raw, {"Content-Type": "application/json", **webhook.headers(raw)})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
