"""Static files under `/static/<hash of the tree>/…`: kept for ever by browsers, served by WhiteNoise, texts packed."""

import gzip
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from board.config import Config
from board.security import HEADERS, HTTPS_HEADERS
from board.templating import STATIC, tree_hash

TEXTS = (".css", ".js", ".svg")
"""What is worth packing; fonts are packed in themselves."""


class Packed:
    """Before WhiteNoise, which packs nothing by itself: whoever takes gzip gets texts so. Each is packed once."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix
        self._packed: dict[str, bytes] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as WhiteNoise does, or what it would answer in full as gzip."""
        path = environ["PATH_INFO"]
        if not (path.startswith(self._prefix) and path.endswith(TEXTS)):
            return self._inner(environ, start)
        said: list[Any] = []
        answer = self._inner(environ, lambda status, headers, *_problem: said.extend((status, headers)))
        status, headers = said[0], [*said[1], ("Vary", "Accept-Encoding")]
        wanted = environ["REQUEST_METHOD"] == "GET" and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        if not (wanted and status.startswith("200")):
            start(status, headers)
            return answer
        if path not in self._packed:
            self._packed[path] = gzip.compress(b"".join(answer), 9, mtime=0)
        if close := getattr(answer, "close", None):
            close()
        body = self._packed[path]
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start(status, [*kept, ("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))])
        return [body]


def init_app(app: Flask, config: Config) -> None:
    """Put WhiteNoise before the application; its answers carry the same headers as every other."""
    dress = HEADERS | (HTTPS_HEADERS if config.https else {})
    prefix = f"static/{tree_hash()}/"

    def add_headers(headers: Headers, _path: str, _url: str) -> None:
        for name, value in dress.items():
            headers[name] = value

    noise = WhiteNoise(
        app.wsgi_app,
        root=str(STATIC),
        prefix=prefix,
        max_age=31_536_000,
        immutable_file_test=lambda _path, _url: True,
        add_headers_function=add_headers,
    )
    app.wsgi_app = Packed(noise, f"/{prefix}")  # type: ignore[method-assign, assignment]
