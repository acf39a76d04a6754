"""The board as the benchmark serves it: a header makes it forget what it keeps before it answers.

No part of the board. `python -m gunicorn "bench.forgetful:app()"` serves it; in-process measuring wraps its own board.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from board import i18n
from board.proposals import deadlines, rows

HEADER = "X-Bench-Forget"
WRITTEN = (i18n._written, i18n._shaped, i18n._clock, i18n._tag, i18n.number, deadlines._short)


def app() -> Flask:
    """What `wsgi.py` serves, but forgetful."""
    from wsgi import app as board

    return forgetful(board)


def forgetful(board: Flask) -> Flask:
    """Let a header decide what is forgotten: `fragments`, or `all`."""
    inner = board.wsgi_app

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if what := environ.pop("HTTP_X_BENCH_FORGET", ""):
            forget(board, what)
        return inner(environ, start)

    board.wsgi_app = answer  # type: ignore[method-assign, assignment]
    return board


def forget(board: Flask, what: str) -> None:
    """Whole answers and rendered parts; with `all`, written dates and numbers as well."""
    board.extensions["pages"].forget()
    rows.kept.clear()
    if what == "all":
        for cache in WRITTEN:
            cache.cache_clear()
