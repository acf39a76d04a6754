"""Static files under `/static/<hash of the tree>/…`: kept for ever by browsers, served by WhiteNoise."""

from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from board.config import Config
from board.security import HEADERS, HTTPS_HEADERS
from board.templating import STATIC, tree_hash


def init_app(app: Flask, config: Config) -> None:
    """Put WhiteNoise before the application; its answers carry the same headers as every other."""
    dress = HEADERS | (HTTPS_HEADERS if config.https else {})

    def add_headers(headers: Headers, _path: str, _url: str) -> None:
        for name, value in dress.items():
            headers[name] = value

    noise = WhiteNoise(
        app.wsgi_app,
        root=str(STATIC),
        prefix=f"static/{tree_hash()}/",
        max_age=31_536_000,
        immutable_file_test=lambda _path, _url: True,
        add_headers_function=add_headers,
    )
    app.wsgi_app = noise  # type: ignore[method-assign]
