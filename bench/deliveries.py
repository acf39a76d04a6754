"""`python -m bench.deliveries [--seconds 30]`: how fast a delivery is answered while 16 clients browse.

Starts the board under gunicorn on a demo of its own, lets 16 clients look at lists and pages with a short pause between
them, sends signed deliveries of 15 KB one after the other, and prints how long their answers took. No test: a figure.
"""

import argparse
import http.client
import itertools
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import webhook
from bench.__main__ import board

CLIENTS, PAUSE, BETWEEN = 16, 0.25, 0.1
PAGES = ("/proposals", "/", "/work", "/activity", "/partners", "/proposals?sort=active", "/proposals/FV-{n}")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--proposals", type=int, default=1000)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = webhook.connection(board(Path(folder), chosen.proposals))
        with served(folder) as port:
            browsed, over = [0] * CLIENTS, threading.Event()
            clients = [threading.Thread(target=browse, args=(port, n, browsed, over)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            try:
                times = sorted(deliver(port, url, chosen.seconds))
            finally:
                over.set()
                for client in clients:
                    client.join()
    print(
        f"{len(times)} deliveries of 15 KB while {CLIENTS} clients looked at {sum(browsed)} pages:"
        f" median {statistics.median(times):.0f} ms, p95 {times[int(len(times) * 0.95)]:.0f} ms,"
        f" longest {times[-1]:.0f} ms (target: p95 at most 500 ms)"
    )


@contextmanager
def served(folder: str) -> Iterator[int]:
    """The board under gunicorn on a free port, ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    settings = {
        "BOARD_DATA": folder, "BOARD_DEMO": "1", "HOST": "127.0.0.1", "PORT": str(port), "BOARD_LOG": "error",
        "BOARD_ORIGIN": "http://localhost",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
    server = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                if ask(port, "GET", "/healthz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def ask(port: int, method: str, path: str, raw: bytes = b"") -> tuple[int, bytes]:
    """One request on a connection of its own, as forges do it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    extra = {"Content-Type": "application/json", **webhook.headers(raw)} if raw else {"Host": "localhost"}
    connection.request(method, path, raw or None, extra)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def browse(port: int, number: int, browsed: list[int], over: threading.Event) -> None:
    """Look at pages, with a pause between them, until it is over."""
    chance = random.Random(number)
    while not over.wait(chance.uniform(0, 2 * PAUSE)):
        path = chance.choice(PAGES).format(n=chance.randint(1, 60))
        status, _body = ask(port, "GET", path)
        if status >= 500:
            sys.exit(f"{path} answered {status}")
        browsed[number] += 1


def deliver(port: int, url: str, seconds: float) -> list[float]:
    """Send deliveries until the time is up; how long each answer took, in milliseconds."""
    times, made, end = [], webhook.payloads(), time.monotonic() + seconds
    for raw in itertools.takewhile(lambda _raw: time.monotonic() < end, made):
        begun = time.perf_counter()
        status, body = ask(port, "POST", url, raw)
        times.append((time.perf_counter() - begun) * 1000)
        if status != 200:
            sys.exit(f"a delivery was answered with {status}: {body!r}")
        time.sleep(BETWEEN)
    return times


if __name__ == "__main__":
    main()
