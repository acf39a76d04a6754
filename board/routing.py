"""Addresses: keys such as FV-12 and AP-7 as typed URL parts, numbers with an upper bound."""

from collections.abc import Callable
from typing import Any

from flask import Flask, redirect, request, url_for
from werkzeug.routing import BaseConverter, IntegerConverter, Map, Rule, UnicodeConverter
from werkzeug.wrappers import Response

MAX_DIGITS, MAX_LETTERS = 9, 200


class _Key(BaseConverter):
    """`FV-12` ↔ 12; leading zeros and lower case are understood (and led to the canonical address)."""

    prefix = ""
    part_isolating = True

    def to_python(self, value: str) -> int:
        """The number in the key."""
        return int(value.split("-")[1])

    def to_url(self, value: int) -> str:
        """The canonical key."""
        return f"{self.prefix}-{value}"


class ProposalKey(_Key):
    """FV-12."""

    prefix = "FV"
    regex = rf"[Ff][Vv]-0*[1-9]\d{{0,{MAX_DIGITS - 1}}}"


class PackageKey(_Key):
    """AP-7."""

    prefix = "AP"
    regex = rf"[Aa][Pp]-0*[1-9]\d{{0,{MAX_DIGITS - 1}}}"


class BoundedText(UnicodeConverter):
    """A name or token: at most 200 letters, so that nobody has to look anything longer up."""

    def __init__(self, map: Map, minlength: int = 1, maxlength: int = MAX_LETTERS) -> None:  # noqa: A002
        super().__init__(map, minlength, maxlength)


class BoundedInt(IntegerConverter):
    """An id: at most nine digits, so that no database overflows."""

    regex = rf"\d{{1,{MAX_DIGITS}}}"


class LateRule(Rule):
    """A route that compiles what builds its addresses when one is asked for: doing it for all is a tenth of a start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled, name = super()._compile_builder, "_build_unknown" if append_unknown else "_build"

        def first(rule: Rule, **values: Any) -> tuple[str, str]:
            build: Callable[..., tuple[str, str]] = compiled(append_unknown).__get__(rule, None)
            setattr(rule, name, build)
            return build(**values)

        return first


def init_app(app: Flask) -> None:
    """Add the converters: `<proposal:proposal_id>`, `<package:package_id>`, bounded `<int:…>`."""
    app.url_rule_class = LateRule
    app.url_map.converters.update(
        default=BoundedText, string=BoundedText, proposal=ProposalKey, package=PackageKey, int=BoundedInt
    )
    app.before_request(_canonical)


def _canonical() -> Response | None:
    """`/proposals/FV-02` leads to `/proposals/FV-2`."""
    values = request.view_args or {}
    if request.method != "GET" or not (values.keys() & {"proposal_id", "package_id"}) or request.url_rule is None:
        return None
    if (request.endpoint or "").startswith("api."):  # A program is not sent elsewhere for a zero.
        return None
    path = url_for(request.endpoint or "", **values)
    if path == request.path:
        return None
    query = request.query_string.decode("ascii", "ignore")
    return redirect(path + (f"?{query}" if query else ""), 301)
