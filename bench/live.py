"""Live fan-out: many open streams on one server, one event a second; when each hears of it, and what a stream costs."""

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from bench import machine

EVENTS = 8
OPENING = 20
PATIENCE = 10.0


def fan_out(folder: Path, port: int, streams: int, cookie: str, proposal: int) -> dict[str, float]:
    """Milliseconds from sending a ballot until a stream hears of it (p50, p99), KB and CPU for each stream."""
    settings = {"BOARD_STREAMS": str(streams + 8), "THREADS": str(streams + 24)}
    with machine.served(folder, port, **settings) as (pid, _started):
        machine.status(port, "/proposals")
        _vote(port, cookie, proposal, "abstain")  # So that each of the measured ones changes something.
        before = machine.resident(pid)
        return asyncio.run(_measure(port, streams, cookie, proposal, pid, before))


async def _measure(port: int, streams: int, cookie: str, proposal: int, pid: int, before: float) -> dict[str, float]:
    heard: list[float] = []
    begun = [0.0]

    async def listen() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with suppress(asyncio.CancelledError, ConnectionError):
            while line := await reader.readline():
                if line.startswith(b": hi"):
                    opened.release()
                if line.startswith(f"event: tally-{proposal}".encode()):
                    heard.append(time.perf_counter() - begun[0])
        writer.close()

    opened = asyncio.Semaphore(0)
    listeners = await _open(streams, listen, opened)
    memory, used, clock = machine.resident(pid) - before, machine.cpu(pid), time.monotonic()
    for turn in range(EVENTS):
        begun[0], expected = time.perf_counter(), len(heard) + streams
        await asyncio.to_thread(_vote, port, cookie, proposal, ("for", "abstain")[turn % 2])
        while len(heard) < expected and time.perf_counter() - begun[0] < PATIENCE:
            await asyncio.sleep(0.02)
        await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - begun[0])))
    used, elapsed = machine.cpu(pid) - used, time.monotonic() - clock
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    if len(heard) < EVENTS * streams:
        raise SystemExit(f"{EVENTS * streams - len(heard)} of {EVENTS * streams} events were not heard")
    cuts = statistics.quantiles(heard, n=100)
    return {
        "streams": streams, "p50_ms": round(cuts[49] * 1000), "p99_ms": round(cuts[98] * 1000),
        "kb_per_stream": round(memory * 1024 / streams, 1), "core_percent": round(used / elapsed * 100, 1),
    }  # fmt: skip


async def _open(
    streams: int, listen: Callable[[], Coroutine[None, None, None]], opened: asyncio.Semaphore
) -> list[asyncio.Task[None]]:
    """Open all streams, at most `OPENING` at a time, and wait until each was greeted."""
    listeners = []
    for number in range(streams):
        listeners.append(asyncio.create_task(listen()))
        if number >= OPENING:
            await opened.acquire()
    for _ in range(min(streams, OPENING)):
        await opened.acquire()
    await asyncio.sleep(1)
    return listeners


def _vote(port: int, cookie: str, proposal: int, choice: str) -> None:
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
