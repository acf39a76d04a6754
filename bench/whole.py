"""What a request costs a whole server: gunicorn with the board beside gunicorn with bare Flask routes, in turn.

The CPU of all threads of the process that answers: HTTP, threads, the board. One client, a connection for each request,
as the nginx of `deploy/` asks. Jobs run apart.
"""

import http.client
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import machine
from bench.cases import Ask, Behind, Case
from bench.measure import BROWSER, Result, Somebody, prepared, result
from bench.served import bare_served, cpu

SETTLE = 0.03
"""Seconds after an answer until the thread that gave it has put everything away."""


def measure(folder: Path, port: int, cases: list[Case], rounds: int, requests: int) -> list[Result]:
    """Measure all cases, round by round, ours and bare in turn."""
    ours: dict[str, list[float]] = {case.name: [] for case in cases}
    theirs: dict[str, list[float]] = {case.name: [] for case in cases}
    somebody = Somebody(folder)
    with ExitStack() as servers:
        server = machine.served(folder, port, "bench.forgetful:app()", BOARD_WORKER="apart")
        pid, _started = servers.enter_context(server)
        sizes = {case.name: _ours(pid, port, somebody, case, 1)[1] for case in cases}
        bare = f"bench.measure:bare({','.join(str(size) for size in {64, *sizes.values()})})"
        bare_pid = servers.enter_context(bare_served(port + 1, bare))
        for turn in range(rounds + 1):
            for case in cases:
                mine = _ours(pid, port, somebody, case, requests)[0]
                plain = _bare(bare_pid, port + 1, case, sizes[case.name], requests)
                if turn:  # The first round warms both up.
                    ours[case.name].append(mine)
                    theirs[case.name].append(plain)
    somebody.close()
    return [result(case, ours[case.name], theirs[case.name], sizes[case.name]) for case in cases]


def _ours(pid: int, port: int, somebody: Somebody, case: Case, number: int) -> tuple[float, int]:
    """Milliseconds of CPU for one request, and the bytes of its answer; the first is not measured if it warms."""

    def tag() -> str:
        return send(port, replace(case.asks(1)[0], headers=BROWSER))[2]

    asks, size = prepared(case, case.asks(number), tag), 0
    if case.behind is Behind.NOTHING and asks[0].method == "GET":
        send(port, asks[0])
    before = _settled(pid)
    for ask in asks:
        if case.behind is Behind.CHANGE:
            somebody.commits()
        status, body, _tag = send(port, ask)
        case.judge(status, body)
        size = len(body)
    taken = _settled(pid) - before
    for ask in prepared(case, case.undo(asks), tag):
        case.judge(*send(port, ask)[:2])
    return taken * 1000 / len(asks), size


def _bare(pid: int, port: int, case: Case, size: int, number: int) -> float:
    (ask,) = case.asks(1)
    ask = replace(ask, path=f"/{size}", headers={**BROWSER, **ask.headers})
    before = _settled(pid)
    for _ in range(number):
        status, body, _tag = send(port, ask)
        assert (status, len(body)) == (200, size)
    return (_settled(pid) - before) * 1000 / number


def _settled(pid: int) -> float:
    time.sleep(SETTLE)
    return cpu(pid)


def send(port: int, ask: Ask) -> tuple[int, bytes, str]:
    """Status, body and ETag of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(ask.method, ask.path, ask.body or None, dict(ask.headers))
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("ETag", "")
    finally:
        connection.close()
