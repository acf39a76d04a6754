"""Structured logs: one line of JSON per request with its id, without personal data, query strings or full addresses."""

import logging
import re
import secrets
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from board.config import Config

log = structlog.get_logger("board")
_bound: dict[str, Any] = {}
"""The log of requests as it was last configured: binding it anew for each line costs more than the line."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_DETAIL = re.compile(r"DETAIL:.*")
_MAIL = re.compile(r"[^\s\"'(<]+@[^\s\"')>]+\.[A-Za-z]{2,}")


def init_app(app: Flask, config: Config) -> None:
    """Configure the log and note every request."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _impersonal,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, config.log.upper(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _bound["requests"] = log.bind()
    app.before_request(_begin)
    app.after_request(_end)


def _impersonal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Without what a database says of the values that it minded, and without mail addresses."""
    if "exception" in event:
        event["exception"] = _MAIL.sub("[mail]", _DETAIL.sub("DETAIL: …", event["exception"]))
    return event


def request_id() -> str:
    """The id of the running request, shown on error pages."""
    return str(g.get("request_id", "-"))


def request_id_for(given: str) -> str:
    """The id that a proxy has given, if it is one, else a new one."""
    return given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def note(request_id: str, method: str, route: str, status: int, begun: float) -> None:
    """One line about a request that began at that `time.perf_counter()`."""
    ms = round((time.perf_counter() - begun) * 1000, 1)
    _bound["requests"].info("request", request_id=request_id, method=method, route=route, status=status, ms=ms)


def _begin() -> None:
    g.request_id = request_id_for(request.headers.get("X-Request-Id", ""))
    g.begun = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    if request.endpoint not in {"static", "ground.healthz", "ground.readyz"}:
        rule = request.url_rule.rule if request.url_rule else "-"
        note(request_id(), request.method, rule, response.status_code, g.get("begun", time.perf_counter()))
    return response
