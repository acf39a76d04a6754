"""What every request must pass and every answer carries: hosts, cross-site check, headers and CSP."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, Forbidden

from board import problems
from board.config import Config

CSP = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HTTPS_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CROSS_SITE_EXEMPT = frozenset({"hooks.receive"})


def init_app(app: Flask, config: Config) -> None:
    """Guard every request, dress every answer."""
    known = known_hosts(config)

    def guard() -> None:
        read_heads_as_gets()
        check_host(known)
        check_text()
        check_origin(config)

    wanted = HEADERS | HTTPS_HEADERS if config.https else HEADERS
    headers = [(name, value, name.lower()) for name, value in wanted.items()]

    def dress(response: Response) -> Response:
        """The headers of every answer, errors and static files included; what a view has said itself stays."""
        said = {name.lower() for name, _value in response.headers}
        for name, value, known_as in headers:
            if known_as not in said:
                response.headers.add(name, value)
        return response

    app.before_request(guard)
    app.after_request(dress)


def known_hosts(config: Config) -> frozenset[str]:
    """The host names the board answers to; a demo also answers to this machine's own addresses."""
    hosts = {urlsplit(config.origin).hostname or "", *config.hosts} - {""}
    if config.demo or not config.origin:
        hosts |= {"localhost", "127.0.0.1", socket.gethostname().lower(), *own_addresses()}
    return frozenset(hosts)


def own_addresses() -> set[str]:
    """This machine's IPv4 addresses, as far as it knows them; sends nothing."""
    found: set[str] = set()
    with suppress(OSError):
        found |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        found.add(probe.getsockname()[0])
    return found


def read_heads_as_gets() -> None:
    """A HEAD is a GET whose body is not sent (the server leaves it out): views never take one for a POST."""
    if request.method == "HEAD":
        request.method = "GET"


def check_host(known: frozenset[str]) -> None:
    """An unknown Host is refused: links and redirects must never be built from it."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if host.lower() not in known:
        raise BadRequest


def check_text() -> None:
    """A NUL in an address is never a person's doing."""
    if "\x00" in request.path or "%00" in request.query_string.decode("ascii", "replace"):
        raise BadRequest


def check_origin(config: Config) -> None:
    """Cross-site check on every unsafe method: the browser says where a request comes from, tokens are not needed.

    `Sec-Fetch-Site` must be same-origin, else `Origin` must equal ours in scheme, host and port; a request that
    carries a cookie and neither header is refused. Source: ADR 4. The API knows no cookie, so no other site can
    borrow anybody's: there a token is needed.
    """
    if request.method in SAFE_METHODS or request.endpoint in CROSS_SITE_EXEMPT or problems.is_api():
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        if site != "same-origin":
            raise Forbidden
    elif origin is not None:
        own = {config.origin} if config.origin else set()
        if config.demo or not config.origin:
            own.add(f"{request.scheme}://{request.host}".lower())
        if origin.lower() not in own:
            raise Forbidden
    elif request.cookies:
        raise Forbidden
