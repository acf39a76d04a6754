"""A real program on the other side of outgoing webhooks: keeps what comes, answers as it is told."""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Message:
    """One request, as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes

    def read(self, secret: str) -> Any:
        """Its content, verified by the independent library. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)

    @property
    def id(self) -> str:
        """Of the message, not of the attempt."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Listens on a port of its own; `answers` are (status, headers), the last one for all that come after."""

    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=lambda: [(204, {})])
    wait: threading.Event | None = None
    tls: ssl.SSLContext | None = None
    messages: list[Message] = field(default_factory=list)

    def __enter__(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.messages.append(Message(self.path, headers, body))
                if receiver.wait is not None:
                    receiver.wait.wait(20)
                status, more = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.tls is not None:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_why: object) -> None:
        if self.wait is not None:
            self.wait.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    @property
    def listed(self) -> str:
        """As an operator lists it."""
        return f"{'' if self.tls else 'http://'}127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/stadtrunde?to=chat"
