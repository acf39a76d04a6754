"""What is read of a request the short way is what Flask reads the long way."""

import io
from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from board import MAX_BODY
from board.asking import FORM, SHORT, BoardRequest

BODIES = (
    b"choice=for",
    b"choice=against&reason=Zu%20teuer%21+Und+zu+sp%C3%A4t&acting_for=12",
    b"a=1&a=2&b=&c",
    b"a=1;b=2&&=x&a%3D=%26",
    b"a=%FF&b=%zz",
    "a=ä".encode(),
    b"a=\xff",
    b"a=1\x00",
    b"",
    b"reason=" + b"x" * SHORT,
)
KINDS = (FORM, FORM + "; charset=UTF-8", FORM.upper(), "application/json", "text/plain", "", "multipart/form-data")


def environ(body: bytes, kind: str = FORM, **more: Any) -> dict[str, Any]:
    """A POST as the server hands it over."""
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True,
        "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body)),
    } | more  # fmt: skip


@pytest.mark.parametrize("first", ["form", "get_data", "stream"])
def test_a_form_is_read_as_flask_reads_it(first: str) -> None:
    for body in BODIES:
        for kind in KINDS:
            theirs, ours = (_read(cls(environ(body, kind)), first) for cls in (Request, BoardRequest))
            assert ours == theirs, (body, kind)


def _read(asked: Request, first: str) -> Any:
    if first == "get_data":
        asked.get_data()
    elif first == "stream":
        asked.stream.read(3)
    return list(asked.form.items(multi=True)), list(asked.files), asked.get_data(), asked.stream.read()


@pytest.mark.parametrize("length", ["", "-1", "+3", "3.0", "\u0663", "4", "1e1"])
def test_a_length_that_is_none_is_taken_for_what_flask_takes_it(length: str) -> None:
    theirs, ours = (cls(environ(b"a=1&", CONTENT_LENGTH=length)).form for cls in (Request, BoardRequest))
    assert theirs == ours


def test_a_form_of_which_not_all_arrives_is_none() -> None:
    with pytest.raises(ClientDisconnected):
        _ = BoardRequest(environ(b"choice=for", CONTENT_LENGTH="11")).form


def test_a_form_that_is_too_long_is_refused(app: Flask) -> None:
    body = b"a=" + b"x" * MAX_BODY
    with app.request_context(environ(body)) as context, pytest.raises(RequestEntityTooLarge):
        _ = context.request.form


@pytest.mark.parametrize("sent", [None, "", "session=abc", "a=1; a=2; b", 'x="q\\054"; ;=v; lang=en', "session=ä"])
def test_cookies_are_read_as_flask_reads_them(sent: str | None) -> None:
    more = {} if sent is None else {"HTTP_COOKIE": sent.encode().decode("latin1")}
    theirs, ours = (list(cls(environ(b"", **more)).cookies.items(multi=True)) for cls in (Request, BoardRequest))
    assert theirs == ours
