"""Static files under `/static/<hash of the tree>/…`: kept for ever by browsers, served by WhiteNoise."""

from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from board.security import HEADERS
from board.templating import STATIC, tree_hash


def init_app(app: Flask) -> None:
    """Put WhiteNoise before the application."""
    noise = WhiteNoise(
        app.wsgi_app,
        root=str(STATIC),
        prefix=f"static/{tree_hash()}/",
        max_age=31_536_000,
        immutable_file_test=lambda _path, _url: True,
        add_headers_function=_headers,
    )
    app.wsgi_app = noise  # type: ignore[method-assign]


def _headers(headers: Headers, _path: str, _url: str) -> None:
    """The same headers as every other answer."""
    for name, value in HEADERS.items():
        headers[name] = value
