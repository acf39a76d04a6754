"""Answers kept until the next commit, in front of Flask: a page that nobody has changed costs next to nothing.

A kept answer lies on a shelf. Any commit by anybody, a new day or other settings bring a new, empty shelf, so nothing
is ever invalidated. On the shelf an answer is found by all else that shows in it: address, language, theme, whole page
or fragment, and for a signed-in person the cookie of their session, which nobody else has. Views offer an answer by
`keep()` (`web.tagged` and `web.component` do); what sets a cookie, fails or says `no-store` is never kept. ADR 0017.
"""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

from flask import Flask, has_request_context, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header, parse_cookie

from board import changes, i18n, log
from board.config import Config
from board.db import db, now

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Answer = Iterable[bytes]

T = TypeVar("T")
NOTE = "board.pages"
BESIDE = ("/static/", "/live", "/hooks/", "/healthz", "/readyz")
BYTES = 48 * 1024 * 1024
SMALL = 1000
OURS = ("session=", "device=", "step=")  # Whoever sends one of these cookies has places of their own.
OWN = frozenset({"x-request-id", "content-length"})
NOT_IN_304 = frozenset({"content-type"})


@dataclass
class Note:
    """What a view says about its answer while it is made."""

    keep: bool = False
    until: datetime | None = None
    route: str = "-"
    facts: dict[Hashable, Any] = field(default_factory=dict)


@dataclass
class Kept:
    """One answer; `packed` is its gzip, made when it is first wanted and not for signed-in people."""

    headers: Headers
    body: bytes
    tag: str
    until: datetime | None
    route: str
    public: bool
    packed: bytes = b""

    def small(self) -> bytes:
        """The body as gzip, made once."""
        if not self.packed:
            self.packed = gzip.compress(self.body, 6, mtime=0)
        return self.packed


@dataclass
class Shelf:
    """The answers made since the last commit, at most `BYTES`: when it is full, the oldest go."""

    mark: tuple[object, ...]
    answers: dict[object, Kept] = field(default_factory=dict)
    facts: dict[Hashable, Any] = field(default_factory=dict)
    size: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def put(self, key: object, kept: Kept) -> None:
        """Keep an answer. Safe for threads; whoever holds an older shelf puts it where nobody will look."""
        with self.lock:
            self.size += len(kept.body)
            self.answers[key] = kept
            while self.size > BYTES:
                oldest = next(iter(self.answers))
                self.size -= len(self.answers.pop(oldest).body)


class Pages:
    """The WSGI application around the board."""

    def __init__(self, app: Flask, inner: Callable[..., Answer]) -> None:
        self._app = app
        self._inner = inner
        self._mark: changes.Mark | None = None
        self._shelf = Shelf(())
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Answer:
        """Answer from the shelf, or ask the board and keep what it offers."""
        if environ["REQUEST_METHOD"] != "GET" or environ["PATH_INFO"].startswith(BESIDE):
            return self._inner(environ, start)
        begun = time.perf_counter()
        try:
            shelf = self.shelf()  # Before anything is read: what is kept is never older than its mark.
        except changes.Away:
            return self._inner(environ, start)
        key, public = _key(environ)
        kept = shelf.answers.get(key)
        if kept is None or (kept.until is not None and kept.until <= now()):
            return self._make(environ, start, shelf, key, public)
        return _give(kept, environ, start, begun)

    def shelf(self) -> Shelf:
        """The shelf of this moment. Raises changes.Away."""
        if self._mark is None:
            with self._app.app_context():
                self._mark = changes.mark_of(db.engine)
        mark = (self._mark.read(), i18n.today(), id(self._app.config["BOARD"]))
        shelf = self._shelf
        if shelf.mark != mark:
            self._shelf = shelf = Shelf(mark)
        return shelf

    def forget(self) -> None:
        """Begin a new shelf, for tests and benchmarks that want an answer made."""
        self._shelf = Shelf(())

    def close(self) -> None:
        """Let go of the database."""
        if self._mark is not None:
            self._mark.close()

    def _make(self, environ: Environ, start: Callable[..., Any], shelf: Shelf, key: object, public: bool) -> Answer:
        note = environ[NOTE] = Note(facts=shelf.facts)
        said: list[Any] = []

        def listen(status: str, headers: Headers, problem: Any = None) -> Any:
            said[:] = [status, headers]
            return start(status, headers, problem)

        answer = self._inner(environ, listen)
        if not note.keep or not _may_be_kept(*said):
            return answer
        body = b"".join(answer)
        cast("Any", answer).close()
        shelf.put(key, _kept(said[1], body, note, public))
        return [body]


def init_app(app: Flask, _config: Config) -> None:
    """Put the shelf before the board."""
    pages = Pages(app, app.wsgi_app)
    app.extensions["pages"] = pages
    app.wsgi_app = pages  # type: ignore[method-assign, assignment]


def keep() -> None:
    """The answer that is being made may be given again to whoever asks the same until the next commit."""
    note = _note()
    if note is not None:
        note.keep = True
        note.route = request.url_rule.rule if request.url_rule else "-"


def only_until(moment: datetime) -> None:
    """The answer that is being made must not be given again after this moment."""
    note = _note()
    if note is not None:
        note.until = moment


def until_commit(key: Hashable, read: Callable[[], T]) -> T:
    """What everybody reads alike (choices, totals), read once until the next commit. Reads anew outside a GET."""
    note = _note()
    if note is None:
        return read()
    if key not in note.facts:
        note.facts[key] = read()
    return cast("T", note.facts[key])


def _note() -> Note | None:
    return cast("Note | None", request.environ.get(NOTE)) if has_request_context() else None


def _key(environ: Environ) -> tuple[object, bool]:
    """All that shows in an answer besides the database, the day and the settings; and whether it is for anybody."""
    cookie: str = environ.get("HTTP_COOKIE", "")
    public = not any(name in cookie for name in OURS)
    partial = environ.get("HTTP_HX_REQUEST_TYPE") == "partial"
    return (
        _chosen(cookie) if public else hashlib.sha256(cookie.encode()).digest(),
        preferred(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
        environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"],
        environ.get("QUERY_STRING", ""),
        partial,
        environ.get("HTTP_HX_TARGET") if partial else None,
        environ.get("HTTP_HOST") or environ.get("SERVER_NAME"),
        environ["wsgi.url_scheme"],
    ), public


def _chosen(cookie: str) -> tuple[str | None, str | None] | None:
    """The cookies that change what strangers see."""
    if not cookie:
        return None
    cookies = parse_cookie(cookie)
    return cookies.get("lang"), cookies.get("theme")


@lru_cache(maxsize=256)
def preferred(accepted: str) -> str:
    """The language for a browser's wish; German where it wishes none of ours."""
    wishes = parse_accept_header(accepted, LanguageAccept)
    return wishes.best_match(i18n.LOCALES, default="de") or "de"


def _may_be_kept(status: str, headers: Headers) -> bool:
    return status == "200 OK" and not any(
        name == "Set-Cookie" or (name == "Cache-Control" and "no-store" in value) for name, value in headers
    )


def _kept(headers: Headers, body: bytes, note: Note, public: bool) -> Kept:
    same = [(name, value) for name, value in headers if name.lower() not in OWN]
    tag = next((value for name, value in same if name == "ETag"), "").removeprefix("W/")
    return Kept(same, body, tag, note.until, note.route, public)


def _give(kept: Kept, environ: Environ, start: Callable[..., Any], begun: float) -> Answer:
    request_id = log.request_id_for(environ.get("HTTP_X_REQUEST_ID", ""))
    headers, body, status = [*kept.headers, ("X-Request-Id", request_id)], kept.body, "200 OK"
    if kept.tag and kept.tag in environ.get("HTTP_IF_NONE_MATCH", ""):
        status, body = "304 NOT MODIFIED", b""
        headers = [header for header in headers if header[0].lower() not in NOT_IN_304]
    else:
        if kept.public and len(body) > SMALL:
            headers.append(("Vary", "Accept-Encoding"))
            if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
                body = kept.small()
                headers.append(("Content-Encoding", "gzip"))
        headers.append(("Content-Length", str(len(body))))
    log.note(request_id, "GET", kept.route, int(status[:3]), begun)
    start(status, headers)
    return [body]
