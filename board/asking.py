"""A request as the board reads it: Flask's, with two short ways for what every request carries and every form sends.

Werkzeug goes through all headers to find the cookie, and puts two limited streams and a parser around a form of twenty
bytes; together that cost as much as a statement each.
"""

import io
from typing import cast
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import cached_property

FORM = "application/x-www-form-urlencoded"
SHORT = 10_000
"""Bytes of a form that is read at once; a longer one is read by Werkzeug, with its limits."""
READ = frozenset({"form", "stream", "_cached_data"})


class BoardRequest(Request):
    """What a browser or a program asks."""

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies; a server hands over one header of that name."""
        found = parse_cookie(self.environ.get("HTTP_COOKIE"), cls=self.dict_storage_class)
        return cast("ImmutableMultiDict[str, str]", found)

    def _load_form_data(self) -> None:
        """Read the form: a short plain one at once. Raises ClientDisconnected when less arrives than was announced."""
        length = self.environ.get("CONTENT_LENGTH") or ""
        kind = (self.environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
        known = length.isascii() and length.isdigit() and len(length) < len(str(SHORT))
        if kind != FORM or not known or self.shallow or not READ.isdisjoint(self.__dict__):
            super()._load_form_data()
            return
        body: bytes = self.environ["wsgi.input"].read(int(length))
        if len(body) < int(length):
            raise ClientDisconnected
        try:
            fields = parse_qsl(body.decode(), keep_blank_values=True, errors="werkzeug.url_quote")
        except UnicodeDecodeError:  # As Werkzeug has it: a form without fields.
            fields = []
        storage = self.parameter_storage_class
        self.__dict__ |= {"stream": io.BytesIO(), "form": storage(fields), "files": storage()}
