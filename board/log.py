"""Structured logs: one line of JSON per request with its id, without personal data, query strings or full addresses."""

import logging
import re
import secrets
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

from board.config import Config

log = structlog.get_logger("board")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def init_app(app: Flask, config: Config) -> None:
    """Configure the log and note every request."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, config.log.upper(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """The id of the running request, shown on error pages."""
    return str(g.get("request_id", "-"))


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    g.begun = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    if request.endpoint not in {"static", "ground.healthz", "ground.readyz"}:
        log.info("request", **_facts(response))
    return response


def _facts(response: Response) -> dict[str, Any]:
    rule = request.url_rule.rule if request.url_rule else "-"
    milliseconds = round((time.perf_counter() - g.get("begun", time.perf_counter())) * 1000, 1)
    return {
        "request_id": request_id(),
        "method": request.method,
        "route": rule,
        "status": response.status_code,
        "ms": milliseconds,
    }
