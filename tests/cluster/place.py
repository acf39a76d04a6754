"""The cluster under test: who asks it, by which door, and the streams that listen to it."""

import html
import http.client
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from board.accounts import session
from board.db import db, transaction
from deploy.cluster.running import Cluster
from tests.people import Cast, Who

Form = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Place:
    """A running cluster with people on it; `app` sees the same database."""

    cluster: Cluster
    app: Flask
    people: Cast
    proposal: int

    @property
    def door(self) -> int:
        """Nginx's port."""
        return self.cluster.port

    @property
    def nodes(self) -> list[int]:
        """The ports of the nodes themselves."""
        return [node.port for node in self.cluster.nodes]

    def token(self, who: Who) -> str:
        """A new session of somebody."""
        with self.app.app_context():
            with transaction():
                token = session.begin(who.person_id, who.membership_id)
            db.session.remove()
        return token

    def ask(self, path: str, token: str = "", form: Form | None = None, *, port: int = 0, **headers: str) -> Answer:
        """One request, through nginx or (`port`) at a node itself; with a form a POST. Raises what the network does."""
        body = None if form is None else urlencode(form).encode()
        return self._send("GET" if body is None else "POST", path, body, {**self.browser(token), **headers}, port)

    def post(self, path: str, body: bytes, headers: dict[str, str], *, port: int = 0) -> Answer:
        """What a machine sends."""
        return self._send("POST", path, body, {"Host": f"localhost:{self.door}", **headers}, port)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str], port: int) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.door, timeout=40)
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            return Answer(got.status, got.headers, got.read().decode(errors="replace"))
        finally:
            connection.close()

    def browser(self, token: str = "") -> dict[str, str]:
        """The headers of a browser, which believes to be at nginx's address."""
        found = {
            "Host": f"localhost:{self.door}", "Sec-Fetch-Site": "same-origin", "Accept-Language": "de",
            "Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Host": f"localhost:{self.door}", "X-Forwarded-Proto": "http",
        }  # fmt: skip
        return found | ({"Cookie": f"session={token}"} if token else {})

    def path(self, rest: str = "") -> str:
        """The proposal's address."""
        return f"/proposals/FV-{self.proposal}{rest}"


HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass
class Listener:
    """A browser that follows live as htmx does: it comes again with the last id, a second after it was cut off."""

    place: Place
    token: str
    port: int = 0
    first: int = 0  # The port of its first connection, where that is to be another one.
    heard: dict[str, int] = field(default_factory=dict)
    reloaded_at: float = 0.0
    connections: int = 0
    refused: int = 0
    _address: str = ""
    _cursor: str = ""
    _over: threading.Event = field(default_factory=threading.Event)
    _open: Any = None

    def begin(self) -> "Listener":
        """Load the page, take its cursor and listen; returns once the first stream stands."""
        page = self.place.ask(self.place.path(), self.token, port=self.port).text
        found = re.search(r'"(/live\?after=[^"]+)"', page)
        assert found, "the page names its stream"
        self._address, self.reloaded_at = html.unescape(found[1]), time.monotonic()
        threading.Thread(target=self._listen, daemon=True).start()
        until(lambda: self.connections > 0, "the stream opens")
        return self

    def _listen(self) -> None:
        while not self._over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._door(), timeout=30)
            with suppress(OSError, http.client.HTTPException, AttributeError):
                self._open = connection
                headers = {"Last-Event-ID": self._cursor} if self._cursor else {}
                connection.request("GET", self._address, headers={**self.place.browser(self.token), **headers})
                answer = connection.getresponse()
                if answer.status == 200:
                    self.connections += 1
                    self._read(answer)
                else:
                    self.refused += 1
            connection.close()
            self._over.wait(0.5)

    def _door(self) -> int:
        return self.first if self.first and not self.connections else self.port or self.place.door

    def _read(self, answer: http.client.HTTPResponse) -> None:
        topics: list[str] = []
        while line := answer.readline():
            name, _, value = line.decode().strip().partition(": ")
            if name == "event":
                topics.append(value)
            elif name == "id":
                self._cursor = value
            elif not name and topics:  # The empty line ends an event, and only then it counts.
                for topic in topics:
                    self.heard[topic] = self.heard.get(topic, 0) + 1
                self.reloaded_at = time.monotonic() if "reload" in topics else self.reloaded_at
                topics = []

    def missed(self, packages: dict[int, float]) -> list[int]:
        """Those of the packages, claimed at these times, of which neither the topic nor a later `reload` was heard.

        What was claimed before its page was loaded stands on the page.
        """
        return [id_ for id_, at in packages.items() if f"package-{id_}" not in self.heard and at > self.reloaded_at]

    def close(self) -> None:
        """Go away."""
        self._over.set()
        with suppress(Exception):
            self._open.sock.shutdown(2)


def until(true: Callable[[], object], what: str, seconds: float = 30) -> float:
    """Ask until it is so; returns how long it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, what
        time.sleep(0.02)
    return time.monotonic() - begun
