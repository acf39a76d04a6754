"""Measuring CPU time: ours and bare interleaved, medians and spread; no clock on the wall decides."""

import io
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request
from werkzeug.test import EnvironBuilder


@dataclass(frozen=True)
class Case:
    """One path to measure. `environ` builds a fresh request; `expect` is the status that must come back.

    `before` prepares each request and is not measured; without it the first request of each round is not measured.
    """

    name: str
    app: Any
    environ: Callable[[], dict[str, Any]]
    expect: int
    target: float | None = None
    before: Callable[[], None] | None = None
    requests: int = 20


@dataclass(frozen=True)
class Result:
    """Milliseconds of CPU per request (medians), and bare / ours."""

    case: Case
    ours: float
    bare: float
    spread: float
    size: int

    @property
    def ratio(self) -> float:
        """1 means: as cheap as bare Flask."""
        return self.bare / self.ours if self.ours else 0.0


def get(path: str, **headers: str) -> Callable[[], dict[str, Any]]:
    """A GET request."""
    return lambda: EnvironBuilder(path, headers=_browser(headers)).get_environ()


def post(path: Callable[[], str], data: Callable[[], dict[str, str]], **headers: str) -> Callable[[], dict[str, Any]]:
    """A POST request with a form, as a browser sends it."""
    return lambda: EnvironBuilder(path(), method="POST", data=data(), headers=_browser(headers)).get_environ()


def _browser(headers: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Host": "localhost", "Sec-Fetch-Site": "same-origin", "Accept-Language": "de", **named}


def call(app: Any, environ: dict[str, Any], told: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of one request through WSGI, without a network; its headers go into `told`."""
    status: list[int] = []

    def start(line: str, headers: list[tuple[str, str]], _problem: Any = None) -> Callable[[bytes], Any]:
        status.append(int(line.split()[0]))
        if told is not None:
            told.update(headers)
        return lambda _data: None

    answer: Iterable[bytes] = app(environ, start)
    body = b"".join(answer)
    close = getattr(answer, "close", None)
    if close:
        close()
    return status[-1], body


def bare(size: int) -> Flask:
    """A bare Flask route that returns constant bytes; the POST one reads its form, or a body that is none."""
    app, body = Flask("bare"), b"x" * size
    app.add_url_rule("/", "get", lambda: Response(body, mimetype="text/html"))

    def take() -> Response:
        request.form.get("choice")
        request.get_data()
        return Response(body, mimetype="text/html")

    app.add_url_rule("/", "post", take, methods=["POST"])
    return app


def measure(cases: list[Case], rounds: int) -> list[Result]:
    """Measure all cases, round by round, ours and bare in turn."""
    sizes = {case.name: len(_run(case)[1]) for case in cases}
    plain = {case.name: bare(sizes[case.name]) for case in cases}
    ours: dict[str, list[float]] = {case.name: [] for case in cases}
    theirs: dict[str, list[float]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            ours[case.name].append(_cpu(case))
            theirs[case.name].append(_bare_cpu(plain[case.name], case))
    return [
        Result(
            case,
            statistics.median(ours[case.name]),
            statistics.median(theirs[case.name]),
            statistics.pstdev(ours[case.name]) / statistics.mean(ours[case.name]),
            sizes[case.name],
        )
        for case in cases
    ]


def _run(case: Case) -> tuple[float, bytes]:
    """Seconds of CPU and the body of one request; an error page would make a fine benchmark and is refused."""
    environ = case.environ()
    if case.before:
        case.before()
    begun = time.process_time()
    status, body = call(case.app, environ)
    taken = time.process_time() - begun
    if status != case.expect:
        raise SystemExit(f"{case.name}: expected {case.expect}, got {status}: {body[:300]!r}")
    return taken, body


def _cpu(case: Case) -> float:
    if not case.before:
        _run(case)
    return sum(_run(case)[0] for _ in range(case.requests)) * 1000 / case.requests


def _bare_cpu(app: Flask, case: Case) -> float:
    environ = case.environ()
    body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
    environ["PATH_INFO"] = "/"
    taken = 0.0
    for _ in range(case.requests * 5):
        fresh = {**environ, "wsgi.input": io.BytesIO(body)}
        begun = time.process_time()
        call(app, fresh)
        taken += time.process_time() - begun
    return taken * 1000 / (case.requests * 5)
