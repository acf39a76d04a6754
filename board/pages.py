"""Answers kept until the next commit, in front of Flask: a page that nobody has changed costs next to nothing.

A kept answer lies on a shelf. Any commit by anybody, a new day or other settings bring a new, empty shelf, so nothing
is ever invalidated. On the shelf an answer is found by all else that shows in it: address, language, theme, whole page
or fragment, and for a signed-in person the cookie of their session, which nobody else has. Views offer an answer by
`keep()` (`web.tagged` and `web.component` do); what sets a cookie, fails or says `no-store` is never kept. ADR 17.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar, cast

from flask import Flask, has_request_context, request

from board import changes, i18n, log, narrow, places, reserve
from board.config import Config
from board.db import db, now
from board.shelf import Fact, Headers, Kept, Note, Shelf

Environ = dict[str, Any]
Answer = Iterable[bytes]

T = TypeVar("T")
NOTE = "board.pages"
BESIDE = ("/static/", "/live", "/hooks/", "/healthz", "/readyz", "/api/", "/calendar/")
SMALL = 1000
AT_ONCE = 2
PATIENCE_SECONDS = 1.0
HANDOVER_SECONDS = 0.05
ELSEWHERE = ("/sign-in/", "/account/")  # Those may wait for somebody else's server or a slow hash.
OWN = frozenset({"x-request-id", "content-length"})
NOT_IN_304 = frozenset({"content-type"})


class Pages:
    """The WSGI application around the board."""

    def __init__(self, app: Flask, inner: Callable[..., Answer]) -> None:
        self._app = app
        self._inner = inner
        self._mark: changes.Mark | None = None
        self._gate = changes.Gate()
        self.reserve = reserve.Reserve()
        self._shelf = Shelf(())
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._expected: threading.Event | None = None

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Answer:
        """Answer from the shelf, or ask the board and keep what it offers."""
        if environ["REQUEST_METHOD"] != "GET" or environ["PATH_INFO"].startswith(BESIDE):
            return self._inner(environ, start)
        begun = time.perf_counter()
        key, public = places.of(environ)
        try:
            kept = self._find(key)
            if kept is None:
                with self._place(environ["PATH_INFO"]):
                    shelf = self.shelf()  # Before anything is read: what is kept is never older than its mark.
                    kept = _valid(shelf.answers.get(key))  # Somebody may have made it while this one waited.
                    if kept is None:
                        return self._make(environ, start, shelf, key, public)
        except changes.Away:
            return self._from_reserve(environ, start, begun) or self._inner(environ, start)
        return _give(kept, environ, start, begun)

    def _from_reserve(self, environ: Environ, start: Callable[..., Any], begun: float) -> Answer | None:
        """The page as it was when the database could last be asked, told to be so; None when there is none."""
        key, (_place, public) = places.as_stranger(environ), places.of(environ)
        held = self.reserve.find(key)
        if held is None:
            return None
        still = self._shelf.answers.get(key) is held.kept  # Nobody had changed it until the database went.
        headers, body = reserve.told(held.kept, self._gate.passed_at if still else held.made_at, signed_in=not public)
        request_id = log.request_id_for(environ.get("HTTP_X_REQUEST_ID", ""))
        log.note(request_id, "GET", held.kept.route, 200, begun)
        start("200 OK", [*headers, ("X-Request-Id", request_id), ("Content-Length", str(len(body)))])
        return [body]

    def _find(self, key: object) -> Kept | None:
        return _valid(self.shelf().answers.get(key))

    @contextmanager
    def _place(self, path: str) -> Iterator[None]:
        """Few pages are made at once: one interpreter makes more of them no faster, only everything else slower.

        Whoever has waited long enough goes in: a page that waits for the database must not stop the others.
        """
        held = not path.startswith(ELSEWHERE) and self._places.acquire(timeout=PATIENCE_SECONDS)
        try:
            yield
        finally:
            if held:
                self._places.release()

    def shelf(self) -> Shelf:
        """The shelf of this moment. Raises changes.Away.

        Without a lock as long as nothing has moved: on PostgreSQL the mark is a round trip, and none waits for another.
        """
        expected, found = self._expected, self._current()
        if found is not None:
            return found
        if expected is not None:  # A narrow commit is seen; its maker is about to carry the shelf on.
            expected.wait(HANDOVER_SECONDS)
        with self._lock:
            found = self._current()
            if found is None:
                self._shelf = found = Shelf(self._read())
        return found

    def _current(self) -> Shelf | None:
        """The shelf, if it belongs to this moment."""
        found = self._shelf
        return found if found.mark == self._read() else None

    def _read(self) -> tuple[object, ...]:
        if self._mark is None:
            with self._app.app_context():
                self._mark = changes.mark_of(db.engine)
        return self._gate.ask(self._mark), i18n.today(), id(self._app.config["BOARD"])

    def expect(self) -> Shelf | None:
        """A narrow transaction has begun; the shelf that it may carry on, if it is of this moment."""
        with self._lock:
            try:
                found = self._current()
            except changes.Away:
                return None
            self._expected = threading.Event() if found else None
            return found

    def carry(self, witness: narrow.Witness, shelf: Shelf | None, committed: bool) -> None:
        """It has ended: the shelf goes on under the next mark, if that is this commit's and nobody else's."""
        with self._lock:
            expected, self._expected = self._expected, None
            if committed and shelf is self._shelf:
                with suppress(changes.Away):
                    mark = self._read()  # Before `alone`: whoever commits between the two is seen by it.
                    if witness.alone():
                        shelf.carry(mark, witness.writes)
            if expected:
                expected.set()

    def forget(self) -> None:
        """Begin a new shelf, for tests and benchmarks that want an answer made."""
        self._shelf = Shelf(())

    def close(self) -> None:
        """Let go of the database."""
        if self._mark is not None:
            self._mark.close()

    def _make(self, environ: Environ, start: Callable[..., Any], shelf: Shelf, key: object, public: bool) -> Answer:
        note, made_at = Note(shelf, shelf.carried), now()
        environ[NOTE] = note
        said: list[Any] = []

        def listen(status: str, headers: Headers, problem: Any = None) -> Any:
            said[:] = [status, headers]
            return start(status, headers, problem)

        with narrow.watched(note.reads):
            answer = self._inner(environ, listen)
            if not note.keep or not _may_be_kept(*said):
                return answer
            body = b"".join(answer)
        cast("Any", answer).close()
        kept = _kept(said[1], body, note, public)
        shelf.put(key, kept, note.since)
        self.reserve.hold(key, kept, made_at)
        return [body]


def _valid(kept: Kept | None) -> Kept | None:
    return None if kept is None or (kept.until is not None and kept.until <= now()) else kept


def init_app(app: Flask, _config: Config) -> None:
    """Put the shelf before the board."""
    pages = Pages(app, app.wsgi_app)
    app.extensions["pages"] = pages
    app.wsgi_app = pages  # type: ignore[method-assign, assignment]


def keep() -> None:
    """The answer that is being made may be given again to whoever asks the same until the next commit."""
    note = _note()
    if note is not None:
        note.keep, note.locale = True, i18n.current_locale()
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
    fact = note.shelf.facts.get(key)
    if fact is None:
        reads: set[str] = set()
        with narrow.watched(reads):
            fact = Fact(read(), frozenset(reads))
        note.shelf.learn(key, fact, note.since)
    narrow.also(fact.reads)
    return cast("T", fact.value)


def _note() -> Note | None:
    return cast("Note | None", request.environ.get(NOTE)) if has_request_context() else None


def _may_be_kept(status: str, headers: Headers) -> bool:
    return status == "200 OK" and not any(
        name == "Set-Cookie" or (name == "Cache-Control" and "no-store" in value) for name, value in headers
    )


def _kept(headers: Headers, body: bytes, note: Note, public: bool) -> Kept:
    same = [(name, value) for name, value in headers if name.lower() not in OWN]
    tag = next((value for name, value in same if name == "ETag"), "").removeprefix("W/")
    return Kept(same, body, tag, note.until, note.route, public, frozenset(note.reads), note.locale)


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
