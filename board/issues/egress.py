"""Calls to forges: https, listed hosts only, resolved once, private ranges refused unless listed, patient with limits.

BOARD_FORGES lists further hosts, as `host`, `host:port` or `http://host:port`; a listed host may be private.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from board import outbound
from board.issues.problems import Refused

HOSTS = frozenset({"api.github.com", "gitlab.com", "gitlab.opencode.de", "codeberg.org"})
TRIES, REDIRECTS = 5, 3
TIMEOUT = 20
LONGEST_WAIT = 120
LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers in lower case, the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Client:
    """Calls listed hosts. `sleep` and `clock` (seconds) are given so that tests need not wait."""

    listed: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.time

    def get(self, url: str, **headers: str) -> Reply:
        """Fetch; waits for rate limits, retries what may pass, follows redirects on the same host. Raises Refused."""
        first = urlsplit(url)
        for _hop in range(REDIRECTS + 1):
            reply = self._patiently(url, headers)
            if reply.status not in {301, 302, 307, 308}:
                return reply
            url = urljoin(url, reply.headers.get("location", ""))
            if (urlsplit(url).scheme, urlsplit(url).netloc) != (first.scheme, first.netloc):
                raise Refused("redirected", host=first.hostname or "")
        raise Refused("redirects", host=first.hostname or "")

    def lists(self, host: str) -> bool:
        """Whether calls to this host are allowed."""
        return host in HOSTS or host in self.listed or f"http://{host}" in self.listed

    def scheme(self, host: str) -> str:
        """https, or http where the host is listed so."""
        return "http" if f"http://{host}" in self.listed else "https"

    def _patiently(self, url: str, headers: Mapping[str, str]) -> Reply:
        host = urlsplit(url).hostname or ""
        for attempt in range(TRIES):
            wait: float
            try:
                reply = self._once(url, headers)
            except (OSError, http.client.HTTPException) as problem:
                if attempt == TRIES - 1:
                    raise Refused("away", host=host, kind=type(problem).__name__) from None
                wait = 2.0**attempt
            else:
                limit = self._limited(reply)
                if limit is None and reply.status < 500:
                    return reply
                if attempt == TRIES - 1:
                    raise Refused("answers", host=host, status=str(reply.status))
                wait = 2.0**attempt if limit is None else limit
            if wait > LONGEST_WAIT:
                raise Refused("wait", host=host, seconds=f"{wait:.0f}")
            self.sleep(wait)
        raise AssertionError("unreachable")

    def _limited(self, reply: Reply) -> float | None:
        """Seconds to wait when a rate limit was hit, else None."""
        exhausted = reply.headers.get("x-ratelimit-remaining") == "0"
        if reply.status != 429 and not (reply.status == 403 and (exhausted or "retry-after" in reply.headers)):
            return None
        after = reply.headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        reset = reply.headers.get("x-ratelimit-reset") or reply.headers.get("ratelimit-reset") or ""
        return max(1.0, float(reset) - self.clock()) if reset.isdecimal() else 30.0

    def _once(self, url: str, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(url)
        connection = self._connect(parts.scheme, parts.netloc.lower())
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {"Accept": "application/json", "User-Agent": "Stadtrunde", "Host": parts.netloc, **self.headers}
        try:
            connection.request("GET", path, headers=sent | {k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            body = response.read(LARGEST + 1)
            if len(body) > LARGEST:
                raise Refused("too_much", host=parts.hostname or "")
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, body)
        finally:
            connection.close()

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        own = netloc in self.listed or f"http://{netloc}" in self.listed
        if not self.lists(netloc):
            raise Refused("not_listed", host=netloc)
        if scheme != "https" and not (scheme == "http" and f"http://{netloc}" in self.listed):
            raise Refused("no_https", host=netloc)
        parts = urlsplit(f"//{netloc}")
        host, port = parts.hostname or "", parts.port or (443 if scheme == "https" else 80)
        address = _resolve(host, port, private=own)
        sock = socket.create_connection((address, port), TIMEOUT)
        connection: http.client.HTTPConnection
        if scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
            connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        connection.sock = sock
        return connection


def _resolve(host: str, port: int, *, private: bool) -> str:
    """One address of the host, which is then called."""
    try:
        return outbound.addresses(host, port, private=private)[0]
    except outbound.Barred as why:
        raise Refused(why.code, host=host) from None
