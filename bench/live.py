"""Live fan-out: many open streams on one server, one event a second; when each hears of it, and what a stream costs.

The listeners are a process of their own and take the kernel's times (`bench.listeners`), so their slowness is not
counted. What is counted begins when a ballot is sent, so with the making of its answer.
"""

import json
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from bench import machine

EVENTS = 8
PATIENCE = 10.0
OPENING_SECONDS = 120.0


def fan_out(folder: Path, port: int, streams: int, cookie: str, proposal: int, **ways: str) -> dict[str, float]:
    """Milliseconds from sending a ballot until a stream hears of it (p50, p99), KB and CPU for each stream."""
    settings = {"BOARD_STREAMS": str(streams + 8), **ways}
    topic = f"tally-{proposal}"
    with machine.served(folder, port, **settings) as (pid, _started):
        machine.status(port, "/proposals")
        vote(port, cookie, proposal, "abstain")  # So that each of the measured ones changes something.
        with listening(port, min(streams, 20), topic):
            pass  # What the first ones need, the next ones find: threads, connections, loaded modules.
        before = machine.resident(pid)
        with listening(port, streams, topic) as crowd:
            return _measured(crowd, port, streams, cookie, proposal, pid, before)


def _measured(
    crowd: "subprocess.Popen[str]", port: int, streams: int, cookie: str, proposal: int, pid: int, before: float
) -> dict[str, float]:
    time.sleep(1)
    memory, used, clock = machine.resident(pid) - before, machine.cpu(pid), time.monotonic()
    heard, _answered = told(crowd, port, streams, cookie, proposal)
    used, elapsed = machine.cpu(pid) - used, time.monotonic() - clock
    return {
        "streams": streams, **cuts(heard),
        "kb_per_stream": round(memory * 1024 / streams, 1), "core_percent": round(used / elapsed * 100, 1),
    }  # fmt: skip


def told(
    crowd: "subprocess.Popen[str] | None", port: int, streams: int, cookie: str, proposal: int
) -> tuple[list[float], list[float]]:
    """One ballot a second: the milliseconds until each stream heard of each, and until each was answered.

    Ends if one stream does not hear of all.
    """
    begun, answered = [], []
    for turn in range(EVENTS):
        started = time.monotonic()
        begun.append(time.time_ns())
        vote(port, cookie, proposal, ("for", "abstain")[turn % 2])
        answered.append((time.monotonic() - started) * 1000)
        if crowd and _line(crowd, PATIENCE) != "heard":
            raise SystemExit(f"not all of {streams} streams heard of event {turn + 1} within {PATIENCE:.0f} seconds")
        time.sleep(max(0.0, 1 - (time.monotonic() - started)))
    turns = json.loads(crowd.communicate()[0]) if crowd else []
    heard = [(at - start) / 1e6 for start, times in zip(begun, turns, strict=bool(crowd)) for at in times]
    return heard, answered


def cuts(heard: list[float]) -> dict[str, float]:
    """The median and the slowest hundredth."""
    found = statistics.quantiles(heard, n=100)
    return {"p50_ms": round(found[49]), "p99_ms": round(found[98])}


@contextmanager
def listening(port: int, streams: int, topic: str) -> "Iterator[subprocess.Popen[str]]":
    """The crowd, once all of its streams were greeted."""
    command = [sys.executable, "-m", "bench.listeners", str(port), str(streams), topic]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=machine.ROOT) as crowd:
        if _line(crowd, OPENING_SECONDS) != "open":
            crowd.kill()
            raise SystemExit(f"{streams} streams were not opened")
        yield crowd
        if crowd.poll() is None:
            crowd.communicate()


def _line(crowd: "subprocess.Popen[str]", seconds: float) -> str:
    """The next line that it prints; empty when none comes."""
    ready, _out, _odd = select.select([crowd.stdout], [], [], seconds)
    return crowd.stdout.readline().strip() if ready and crowd.stdout else ""


def vote(port: int, cookie: str, proposal: int, choice: str) -> None:
    """Cast a ballot as a browser does; ends if it is not taken."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {
        "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
        "Host": "localhost", "HX-Request": "true", "HX-Request-Type": "partial",
    }  # fmt: skip
    connection.request("POST", f"/proposals/FV-{proposal}/ballot", urlencode({"choice": choice}), headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"ballot: expected 200, got {answer.status}: {body[:300]!r}")
