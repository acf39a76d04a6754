"""Calls that leave the board: whom it may call, and a connection to exactly the address that was looked at.

An operator lists hosts as `host`, `host:port`, `http://host` or `http://host:port`; such a host may be private.
`*.domain` and `*` stand for public hosts only, by https on port 443. A name is resolved once, all its addresses are
judged, and one of these is called: a second look-up could give another (DNS rebinding). No proxy is taken from the
environment.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

USUAL = {"https": 443, "http": 80}
MOST_ADDRESSES = 3
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HOST = r"(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)"
_ENTRY = re.compile(rf"\*|\*\.[a-z0-9]([a-z0-9.-]*[a-z0-9])?|(http://)?{_HOST}(:\d{{1,5}})?")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|[0-9a-f]*:[0-9a-f:.]*")


class Barred(Exception):
    """This must not be called; `code` says why in one word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Place:
    """Where a call goes. `path` is what is asked for, quoted; `private`: the host was listed by its own name."""

    tls: bool
    host: str
    port: int
    path: str
    private: bool

    @property
    def netloc(self) -> str:
        """As the Host header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL["https" if self.tls else "http"] else f"{host}:{self.port}"


def entry(text: str) -> bool:
    """Whether an operator can mean something by this entry of a list."""
    return _ENTRY.fullmatch(text) is not None


def place(url: str, listed: Sequence[str]) -> Place:
    """Where this address leads, if the list allows it. Raises Barred."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        host = (host if ":" in host else host.encode("idna").decode()).lower()
        port = parts.port or USUAL.get(parts.scheme, 0)
    except ValueError:
        raise Barred("address") from None
    if parts.scheme not in USUAL or not _NAME.fullmatch(host) or "@" in parts.netloc or parts.fragment:
        raise Barred("address")
    tls = parts.scheme == "https"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{_query(parts.query)}" if parts.query else "")
    found = Place(tls, host, port, path, private=False)
    return Place(tls, host, port, path, private=_judge(found, listed))


def _query(text: str) -> str:
    return quote(text, safe="/%:@!$&'()*+,;=~-._?")


def _judge(found: Place, listed: Sequence[str]) -> bool:
    """Whether the host is listed by its own name (it may be private then). Raises Barred where it is not listed."""
    host = f"[{found.host}]" if ":" in found.host else found.host
    own = host if found.tls else f"http://{host}"
    usual = found.port == USUAL["https" if found.tls else "http"]
    if f"{own}:{found.port}" in listed or (usual and own in listed):
        return True
    wide = "*" in listed or any(one.startswith("*.") and host.endswith(one[1:]) for one in listed)
    if wide and found.tls and usual:
        return False
    if not wide and not any(re.fullmatch(rf"(http://)?{re.escape(host)}(:\d+)?", one) for one in listed):
        raise Barred("not_listed")
    raise Barred("port" if found.tls else "no_https")


def public(address: str) -> bool:
    """Whether an address is everybody's; one that wraps an IPv4 address is judged by that one."""
    one = ipaddress.ip_address(address.split("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        inner = one.ipv4_mapped or one.sixtofour
        if one in _NAT64:
            inner = ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
        if one.teredo or one.is_site_local:
            return False
    return one.is_global and not one.is_multicast and not one.is_reserved


def addresses(host: str, port: int, *, private: bool) -> list[str]:
    """All addresses of a host, looked up once. Raises Barred when one is not public, OSError when there is none."""
    found = list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    if not private and not all(map(public, found)):
        raise Barred("private")
    return found


def connect(to: Place, seconds: float) -> socket.socket:
    """A connection to one of the place's addresses, encrypted for its name where it is https.

    Raises Barred, and OSError (TimeoutError, ssl.SSLError, socket.gaierror) when it does not come about in time.
    """
    end = time.monotonic() + seconds
    raw = _reach(addresses(to.host, to.port, private=to.private)[:MOST_ADDRESSES], to.port, end)
    if not to.tls:
        return raw
    try:
        raw.settimeout(left(end))
        return ssl.create_default_context().wrap_socket(raw, server_hostname=to.host)
    except BaseException:
        raw.close()
        raise


def left(end: float) -> float:
    """Seconds until a moment of the monotonic clock. Raises TimeoutError when it has passed."""
    rest = end - time.monotonic()
    if rest <= 0:
        raise TimeoutError
    return rest


def _reach(found: Sequence[str], port: int, end: float) -> socket.socket:
    problem: OSError = OSError("no address")
    for number, address in enumerate(found, 1):
        try:
            # What the next ones need is left to them.
            return socket.create_connection((address, port), left(end) / (len(found) - number + 1))
        except OSError as why:
            problem = why
    raise problem
