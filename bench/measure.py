"""Measuring CPU time: ours and bare interleaved, medians and spread; no clock on the wall decides."""

import io
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.test import EnvironBuilder

from bench import forgetful
from bench.cases import Ask, Behind, Case

BROWSER = {"Host": "localhost", "Sec-Fetch-Site": "same-origin", "Accept-Language": "de"}


@dataclass(frozen=True)
class Result:
    """Milliseconds of CPU per request (medians), their spread, and bare / ours."""

    case: Case
    ours: float
    bare: float
    spread: float
    size: int

    @property
    def ratio(self) -> float:
        """1 means: as cheap as bare Flask."""
        return self.bare / self.ours if self.ours else 0.0


def result(case: Case, ours: list[float], bare: list[float], size: int) -> Result:
    """The medians of all rounds; the spread is that of ours."""
    spread = statistics.pstdev(ours) / statistics.mean(ours)
    return Result(case, statistics.median(ours), statistics.median(bare), spread, size)


class Somebody:
    """Somebody else who commits something between two requests: a version of a proposal that no measured page shows."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "board.sqlite", isolation_level=None, timeout=10)
        ((self._id,),) = self._database.execute("SELECT max(id) FROM proposal WHERE state = 'declined'").fetchall()

    def commits(self) -> None:
        """One commit."""
        self._database.execute("UPDATE proposal SET version = version + 1 WHERE id = ?", (self._id,))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()


def prepared(case: Case, asks: list[Ask], tag: Callable[[], str]) -> list[Ask]:
    """The requests with what a browser sends, and with what makes the board forget or answer 304."""
    more = dict(BROWSER)
    if case.conditional:
        more["If-None-Match"] = tag()
    if case.behind in {Behind.COLD, Behind.EMPTY}:
        more[forgetful.HEADER] = case.behind
    return [replace(ask, headers={**more, **ask.headers}) for ask in asks]


def bare(*sizes: int) -> Flask:
    """Bare Flask routes that return so many constant bytes; a POST reads its form, or a body that is none."""
    app = Flask("bare")
    for size in set(sizes):
        body = b"x" * size
        app.add_url_rule(f"/{size}", f"get-{size}", lambda body=body: Response(body, mimetype="text/html"))

        def take(body: bytes = body) -> Response:
            request.form.get("choice")
            request.get_data()
            return Response(body, mimetype="text/html")

        app.add_url_rule(f"/{size}", f"post-{size}", take, methods=["POST"])
    return app


def measure(app: Flask, folder: Path, cases: list[Case], rounds: int, requests: int = 20) -> list[Result]:
    """Measure all cases inside this process, round by round, ours and bare in turn. No network, no server."""
    board, somebody = forgetful.forgetful(app), Somebody(folder)
    sizes = {case.name: _ours(board, somebody, case, 1)[1] for case in cases}
    plain = bare(*sizes.values())
    ours: dict[str, list[float]] = {case.name: [] for case in cases}
    theirs: dict[str, list[float]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            ours[case.name].append(_ours(board, somebody, case, requests)[0])
            theirs[case.name].append(_bare(plain, case, sizes[case.name], requests * 5))
    somebody.close()
    return [result(case, ours[case.name], theirs[case.name], sizes[case.name]) for case in cases]


def call(app: Any, ask: Ask, told: dict[str, str] | None = None) -> tuple[float, int, bytes]:
    """Seconds of CPU, status and body of one request through WSGI; its headers go into `told`."""
    status: list[int] = []

    def start(line: str, headers: list[tuple[str, str]], _problem: Any = None) -> Callable[[bytes], Any]:
        status.append(int(line.split()[0]))
        if told is not None:
            told.update(headers)
        return lambda _data: None

    environ = EnvironBuilder(
        ask.path, method=ask.method, data=ask.body or None, headers=[*ask.headers.items()]
    ).get_environ()
    environ["wsgi.input"] = io.BytesIO(ask.body)
    begun = time.process_time()
    answer: Iterable[bytes] = app(environ, start)
    body = b"".join(answer)
    if close := getattr(answer, "close", None):
        close()
    return time.process_time() - begun, status[-1], body


def _ours(board: Flask, somebody: Somebody, case: Case, number: int) -> tuple[float, int]:
    """Milliseconds of CPU for one request, and the bytes of its answer; the first is not measured if it warms."""

    def tag() -> str:
        told: dict[str, str] = {}
        call(board, replace(case.asks(1)[0], headers=BROWSER), told)
        return told["ETag"]

    taken, size, asks = 0.0, 0, prepared(case, case.asks(number), tag)
    if case.behind is Behind.NOTHING and asks[0].method == "GET":
        call(board, asks[0])
    for ask in asks:
        if case.behind is Behind.CHANGE:
            somebody.commits()
        cost, status, body = call(board, ask)
        case.judge(status, body)
        taken, size = taken + cost, len(body)
    for ask in prepared(case, case.undo(asks), tag):
        case.judge(*call(board, ask)[1:])
    return taken * 1000 / number, size


def _bare(app: Flask, case: Case, size: int, number: int) -> float:
    (ask,) = case.asks(1)
    taken = 0.0
    for _ in range(number):
        cost, status, body = call(app, replace(ask, path=f"/{size}"))
        assert (status, len(body)) == (200, size)
        taken += cost
    return taken * 1000 / number
