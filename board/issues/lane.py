"""The fast lane before the door: the usual delivery in a handful of plain statements, past Flask and the ORM.

It takes what nothing else follows from: an issue of a known public repository, new or changed, that no link, key or
label rule concerns. The rules are `receive`'s and `apply`'s, and the outcome is the same to the byte; whatever is
unusual (another event, a copy, a failure, a refusal) goes through the door as if the lane were not there. It only ever
answers what it has committed. Why it exists and what it saves: ADR 18.
"""

import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask

from board import log as logs
from board.db import db, now, raw_transaction
from board.issues import callers, providers
from board.issues.batch import Batch
from board.issues.kept import picked
from board.issues.lane_headers import Sent
from board.issues.lane_statements import DELIVERY
from board.issues.lane_write import OLDER, TooUnusual, Writer
from board.issues.models import Status
from board.issues.signatures import verify
from board.later import Handed, Later, taken
from board.narrow import Witness
from board.security import HEADERS, HTTPS_HEADERS, known_hosts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONGEST = 1024 * 1024
CALLERS = 100
_PATH = re.compile(r"/hooks/(github|gitlab|gitea)/([0-9a-f]{32})")

Write = Callable[[Any, Witness], tuple[int, str]]
"""Writes one delivery with a cursor; gives its id, and whether the issue was created or changed."""


class Lane:
    """A WSGI application before ours."""

    def __init__(self, app: Flask) -> None:
        board = app.config["BOARD"]
        self._app, self._inner, self._callers = app, app.wsgi_app, dict[str, callers.Caller]()
        self._hosts, self._good_hosts = known_hosts(board), set[str]()
        self._headers = [*(HEADERS | (HTTPS_HEADERS if board.https else {})).items(), ("Cache-Control", "no-store")]
        self._writer = Writer(sqlite=True)
        self._reading = threading.Lock()  # One at a time: more would only take the interpreter from each other.
        self._batch: Batch[tuple[int, str]] = Batch(self._witness)

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Answer, or let the door answer with the same request."""
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].startswith("/hooks/"):
            begun = time.perf_counter()
            try:
                body = self._receive(environ, start, begun)
            except Exception:  # noqa: BLE001 - whatever it is, the door meets it again and tells it.
                return self._inner(environ, start)
            return self._answer(environ, start, body, begun)
        return self._inner(environ, start)

    def _receive(self, environ: "WSGIEnvironment", start: "StartResponse", begun: float) -> bytes:
        """What is answered, since it is committed. Raises Handed where whoever commits it answers."""
        read, made = self._received(environ, begun)
        if self._writer.sqlite and (later := taken(environ, start)):
            self._hand(later, read, made, begun)
            raise Handed
        return _said(self._written(read, made))

    def _received(self, environ: "WSGIEnvironment", begun: float) -> tuple[Callable[[], None], list[Write]]:
        """How it is read and checked, and where what is to be written lies after that."""
        match = _PATH.fullmatch(environ["PATH_INFO"])
        length = int(environ.get("CONTENT_LENGTH") or 0)
        plain = environ.get("CONTENT_TYPE", "").partition(";")[0].strip() == "application/json"
        if match is None or not plain or not 0 < length <= LONGEST or "HTTP_TRANSFER_ENCODING" in environ:
            raise TooUnusual
        self._check_host(environ.get("HTTP_HOST", ""))
        public_id = match[2]
        who = self._caller(match[1], public_id)
        raw = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(raw)  # For the door, should it come to that.
        headers: Any = Sent(environ)
        if len(raw) != length:
            raise TooUnusual
        made: list[Write] = []

        def read() -> None:
            secret = verify(match[1], headers, raw, False, who.secrets)
            if callers.use_is_news(who, secret.id):
                self._callers.pop(public_id, None)
                raise TooUnusual
            made.append(self._read(who, (secret.id, public_id), headers, raw, begun))

        return read, made

    def _hand(self, later: Later, read: Callable[[], None], made: list[Write], begun: float) -> None:
        """Let it be written with others and answered by whoever commits it; if it is unusual, by the door."""

        def tell(found: tuple[int, str] | None, problem: Exception | None) -> None:
            if found is None or problem is not None:
                later.ask(self._inner)
            else:
                later.give(lambda environ, start: self._answer(environ, start, _said(found), begun))

        self._batch.hand(self._engine, lambda cursor, by: made[0](cursor, by), read, tell)

    def _check_host(self, host: str) -> None:
        if host not in self._good_hosts:
            if (urlsplit(f"//{host}").hostname or "").lower() not in self._hosts:
                raise TooUnusual
            self._good_hosts.add(host)

    def _caller(self, provider: str, public_id: str) -> callers.Caller:
        """Remembered with its opened secrets; whether they are still valid is asked in each transaction."""
        found = self._callers.get(public_id)
        if found is None:
            with self._app.app_context():
                found = callers.caller(provider, public_id)
                self._engine = db.engine
                self._writer = Writer(self._engine.dialect.name == "sqlite")
            if found is None or found.disabled:
                raise TooUnusual
            if len(self._callers) >= CALLERS:
                self._callers.clear()
            self._callers[public_id] = found
        if found.connection.provider != provider:
            raise TooUnusual
        return found

    def _read(self, who: callers.Caller, door: tuple[int, str], headers: Any, raw: bytes, begun: float) -> Write:
        """What is to be written. `door`: the id of the secret that fits, and the public id of the connection."""
        provider = who.connection.provider
        event = providers.event_of(provider, headers)
        data = json.loads(raw.decode())
        reading = providers.read(provider, event, data)
        shot, where = reading.snapshot, reading.repository
        if shot is None or where is None or reading.confidential or reading.known_only or shot.gone:
            raise TooUnusual
        if where.id is None or where.private or not where.name or not where.url:
            raise TooUnusual
        body, id_ = picked(provider, data), providers.id_of(provider, headers)
        digest, writer = hashlib.sha256(raw).hexdigest(), self._writer

        def write(cursor: Any, witness: Witness) -> tuple[int, str]:
            found = writer.home(cursor, who, door, where, shot.number, (digest, id_))
            reason = writer.apply(cursor, who.connection.id, found, shot)
            if reason == "created":
                witness.writes |= {"activity"}
            ms = round((time.perf_counter() - begun) * 1000, 1)
            row = writer.run(
                cursor, DELIVERY, who.connection.id, id_, digest, event, reading.action, found[0], shot.number,
                _status(reason), reason, ms, writer.moment(now()), door[0], body,
            ).fetchone()  # fmt: skip
            if row is None:
                raise TooUnusual
            return row[0], reason

        return write

    def _written(self, read: Callable[[], None], made: list[Write]) -> tuple[int, str]:
        """What was committed: the delivery's id, and the reason. On SQLite together with others that wait."""
        if self._writer.sqlite:
            return self._batch.run(self._engine, lambda cursor, by: made[0](cursor, by), read)
        with self._reading:
            read()
        witness = self._witness()
        (write,) = made
        with raw_transaction(self._engine, witness) as cursor:
            return write(cursor, witness)

    def _witness(self) -> Witness:
        return Witness(self._app.extensions["pages"], "issue", "delivery")

    def _answer(self, environ: "WSGIEnvironment", start: "StartResponse", body: bytes, begun: float) -> list[bytes]:
        """With the headers and the log line of every other answer."""
        request_id = logs.request_id_for(environ.get("HTTP_X_REQUEST_ID", ""))
        logs.note(request_id, "POST", "/hooks/<provider>/<public_id>", 200, begun)
        if meters := self._app.extensions.get("metrics"):
            meters.requests.labels("hooks.receive", "POST", 200).inc()
            meters.seconds.labels("hooks.receive").observe(time.perf_counter() - begun)
        length = ("Content-Length", str(len(body)))
        start("200 OK", [("Content-Type", "application/json"), length, ("X-Request-Id", request_id), *self._headers])
        return [body]


def _said(found: tuple[int, str]) -> bytes:
    id_, reason = found
    return b'{"delivery":%d,"reason":"%s","status":"%s"}\n' % (id_, reason.encode(), _status(reason).encode())


def _status(reason: str) -> str:
    return Status.STALE if reason == OLDER else Status.PROCESSED
