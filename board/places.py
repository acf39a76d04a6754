"""Where an answer lies on the shelf: all of a request that shows in its answer."""

import hashlib
from functools import lru_cache
from typing import Any

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header, parse_cookie

from board import i18n

OURS = ("session=", "device=", "step=")  # Whoever sends one of these cookies has places of their own.


def of(environ: dict[str, Any]) -> tuple[object, bool]:
    """All that shows in an answer besides the database, the day and the settings; and whether it is for anybody."""
    cookie: str = environ.get("HTTP_COOKIE", "")
    public = not any(name in cookie for name in OURS)
    partial = environ.get("HTTP_HX_REQUEST_TYPE") == "partial"
    return (
        _chosen(cookie) if public else hashlib.sha256(cookie.encode()).digest(),
        preferred(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
        environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"],
        environ.get("QUERY_STRING", ""),
        partial,
        environ.get("HTTP_HX_TARGET") if partial else None,
        environ.get("HTTP_HOST") or environ.get("SERVER_NAME"),
        environ["wsgi.url_scheme"],
    ), public


def as_stranger(environ: dict[str, Any]) -> object:
    """Where the same page lies for somebody without our cookies, in the language that the browser wishes."""
    mine, _public = of(environ | {"HTTP_COOKIE": _without_ours(environ.get("HTTP_COOKIE", ""))})
    return mine


def _without_ours(cookie: str) -> str:
    return ";".join(part for part in cookie.split(";") if not any(name in part for name in OURS))


def _chosen(cookie: str) -> tuple[str | None, str | None] | None:
    """The cookies that change what strangers see."""
    if not cookie:
        return None
    cookies = parse_cookie(cookie)
    return cookies.get("lang"), cookies.get("theme")


@lru_cache(maxsize=256)
def preferred(accepted: str) -> str:
    """The language for a browser's wish; German where it wishes none of ours."""
    wishes = parse_accept_header(accepted, LanguageAccept)
    return wishes.best_match(i18n.LOCALES, default="de") or "de"
