"""The fast lane before the door: the usual delivery in a handful of plain statements, past Flask and the ORM.

It takes what nothing else follows from: an issue of a known public repository, new or changed, that no link, key or
label rule concerns. The rules are `receive`'s and `apply`'s, and the outcome is the same to the byte; whatever is
unusual (another event, a copy, a failure, a refusal) goes through the door as if the lane were not there. It only ever
answers what it has committed. Why it exists and what it saves: ADR 0018.
"""

import hashlib
import io
import json
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.datastructures import EnvironHeaders

from board import log as logs
from board.db import db, now, raw_transaction
from board.issues import callers, providers
from board.issues.apply import searched
from board.issues.kept import picked
from board.issues.repositories import DEFAULT_HOSTS
from board.issues.signatures import verify
from board.issues.snapshot import RepositoryFacts, Snapshot
from board.narrow import Witness
from board.security import HEADERS, HTTPS_HEADERS, known_hosts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONGEST = 1024 * 1024
CALLERS = 100
_PATH = re.compile(r"/hooks/(github|gitlab|gitea)/([0-9a-f]{32})")

HOME = """
SELECT r.id, r.name, r.url, i.id, i.title, i.body, i.state, i.labels, i.url, i.provider_updated_at, i.visible,
  i.version, EXISTS (SELECT 1 FROM issue_link l WHERE l.issue_id = i.id)
FROM connection c
JOIN connection_secret s ON s.connection_id = c.id AND s.id = ? AND s.retired_at IS NULL
JOIN connection_repository cr ON cr.connection_id = c.id AND cr.standing = 'known'
JOIN repository r ON r.id = cr.repository_id AND r.instance = ? AND r.external_id = ?
LEFT JOIN issue i ON i.repository_id = r.id AND i.number = ?
WHERE c.public_id = ? AND c.id = ? AND c.instance = ? AND c.disabled_at IS NULL AND c.deleted_at IS NULL
  AND NOT r.private AND r.deleted_at IS NULL"""
RULES = "SELECT label FROM label_rule WHERE connection_id = ? AND enabled"
INSERT = """
INSERT INTO issue (repository_id, number, title, body, state, labels, url, search, provider_updated_at, visible, hidden,
  triage, judged, dismiss_reason, first_seen_at, active_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 'new', ?, '', ?, ?, 1) ON CONFLICT DO NOTHING RETURNING id"""
APPEAR = "INSERT INTO activity (at, verb, source, details) VALUES (?, 'issue.appear', 'provider', ?)"
UPDATE = """
UPDATE issue SET title = ?, body = ?, state = ?, labels = ?, url = ?, search = ?, provider_updated_at = ?,
  active_at = ?, version = version + 1 WHERE id = ? AND version = ? AND visible AND provider_updated_at {same} ?"""
DELIVERY = """
INSERT INTO delivery (connection_id, external_id, body_hash, event, action, repository_id, number, status, reason, ms,
  received_at, secret_id, body, copies)
VALUES (?, ?, ?, ?, ?, ?, ?, 'processed', ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING RETURNING id"""


class TooUnusual(Exception):
    """Not for the lane: nothing is kept of what it has done."""


class Lane:
    """A WSGI application before ours."""

    def __init__(self, app: Flask) -> None:
        board = app.config["BOARD"]
        self._app, self._inner, self._callers = app, app.wsgi_app, dict[str, callers.Caller]()
        self._hosts, self._good_hosts = known_hosts(board), set[str]()
        self._headers = [*(HEADERS | (HTTPS_HEADERS if board.https else {})).items(), ("Cache-Control", "no-store")]
        self._statements: dict[str, str] = {}
        self._sqlite = True

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """Answer, or let the door answer with the same request."""
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].startswith("/hooks/"):
            begun = time.perf_counter()
            try:
                body = self._receive(environ, begun)
            except Exception:  # noqa: BLE001 - whatever it is, the door meets it again and tells it.
                return self._inner(environ, start)
            return self._answer(environ, start, body, begun)
        return self._inner(environ, start)

    def _receive(self, environ: "WSGIEnvironment", begun: float) -> bytes:
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
        headers: Any = EnvironHeaders(environ)
        secret = verify(match[1], headers, raw, False, who.secrets)
        if len(raw) != length or callers.use_is_news(who, secret.id):
            self._callers.pop(public_id, None)
            raise TooUnusual
        return self._take(who, (secret.id, public_id), headers, raw, begun)

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
                self._engine, self._sqlite = db.engine, db.engine.dialect.name == "sqlite"
            if found is None or found.disabled:
                raise TooUnusual
            if len(self._callers) >= CALLERS:
                self._callers.clear()
            self._callers[public_id] = found
        if found.connection.provider != provider:
            raise TooUnusual
        return found

    def _take(self, who: callers.Caller, door: tuple[int, str], headers: Any, raw: bytes, begun: float) -> bytes:
        """`door`: the id of the secret that fits, and the public id of the connection."""
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
        witness = Witness(self._app.extensions["pages"], "issue", "activity", "delivery")
        with raw_transaction(self._engine, witness) as cursor:
            repository_id, reason = self._apply(cursor, who, door, where, shot)
            if reason == "changed":
                witness.writes -= {"activity"}
            ms = round((time.perf_counter() - begun) * 1000, 1)
            digest = hashlib.sha256(raw).hexdigest()
            row = self._run(
                cursor, DELIVERY, who.connection.id, id_, digest, event, reading.action, repository_id, shot.number,
                reason, ms, self._moment(now()), door[0], body,
            ).fetchone()  # fmt: skip
            if row is None:
                raise TooUnusual
        return b'{"delivery":%d,"reason":"%s","status":"processed"}\n' % (row[0], reason.encode())

    def _apply(
        self, cursor: Any, who: callers.Caller, door: tuple[int, str], where: RepositoryFacts, shot: Snapshot
    ) -> tuple[int, str]:
        """The repository's id, and whether the issue was created or changed."""
        known = who.connection
        host = known.instance or where.host or DEFAULT_HOSTS[known.provider]
        keys = (door[0], host, where.id, shot.number, door[1], known.id, known.instance)
        found = self._run(cursor, HOME, *keys).fetchone()
        if found is None or (found[1], found[2]) != (where.name, where.url):
            raise TooUnusual
        if found[3] is None:
            return found[0], self._create(cursor, known.id, found[0], where.name, shot)
        return found[0], self._change(cursor, known.id, found, shot)

    def _create(self, cursor: Any, connection_id: int, repository_id: int, name: str, shot: Snapshot) -> str:
        title, body, labels, at = shot.title or "", shot.body or "", shot.labels, self._moment(now())
        self._leave_if_more_follows(cursor, connection_id, labels or (), title, body)
        new = self._run(
            cursor, INSERT, repository_id, shot.number, title, body, shot.state, _json(labels), shot.url or "",
            searched(name, shot.number, title, body), self._moment(shot.updated_at), True, False, at, at,
        ).fetchone()  # fmt: skip
        if new is None:
            raise TooUnusual
        self._run(cursor, APPEAR, at, f'{{"issue": {new[0]}}}')
        return "created"

    def _change(self, cursor: Any, connection_id: int, found: Any, shot: Snapshot) -> str:
        """A snapshot at least as new as a visible row that nobody has linked, and different from it."""
        id_, *texts, labels, url, before, visible, version, linked = found[3:]
        labels = json.loads(labels) if isinstance(labels, str) else labels
        at = self._moment(shot.updated_at)
        if linked or not visible or at is None or (before is not None and at < before):
            raise TooUnusual
        said = (shot.title, shot.body, shot.state, list(shot.labels) if shot.labels is not None else None, shot.url)
        kept = (*texts, labels, url)
        shown: tuple[Any, ...] = tuple(old if new is None else new for new, old in zip(said, kept, strict=True))
        if shown == kept:
            raise TooUnusual
        title, body, state, worn, url = shown
        words = (title, body) if (title, body) != kept[:2] else ()
        self._leave_if_more_follows(cursor, connection_id, worn or () if worn != labels else (), *words)
        search = searched(found[1], shot.number, title, body)
        values = (title, body, state, _json(worn), url, search, at, self._moment(now()), id_, version, before)
        if self._run(cursor, UPDATE, *values).rowcount != 1:
            raise TooUnusual
        return "changed"

    def _leave_if_more_follows(self, cursor: Any, connection_id: int, labels: Iterable[str], *words: str) -> None:
        """Keys in the words make links, labels may have rules: then the door applies it."""
        if any("FV-" in text or "AP-" in text for text in words):
            raise TooUnusual
        if labels:
            ruled = {row[0].casefold() for row in self._run(cursor, RULES, connection_id).fetchall()}
            if ruled and not ruled.isdisjoint(label.casefold() for label in labels):
                raise TooUnusual

    def _run(self, cursor: Any, statement: str, *values: Any) -> Any:
        cursor.execute(self._statements.get(statement) or self._spelled(statement), values)
        return cursor

    def _spelled(self, statement: str) -> str:
        """In the words of the database at hand."""
        spelled = statement.replace("{same}", "IS" if self._sqlite else "IS NOT DISTINCT FROM")
        self._statements[statement] = spelled = spelled if self._sqlite else spelled.replace("?", "%s")
        return spelled

    def _moment(self, value: datetime | None) -> Any:
        """As `db.Moment` keeps it."""
        if value is None or not self._sqlite:
            return value
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

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


def _json(labels: Iterable[str] | None) -> str | None:
    return None if labels is None else json.dumps(list(labels))
