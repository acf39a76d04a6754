"""One message over the wire: a POST in ten seconds, no redirect followed, little of the answer read and none kept."""

import io
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPMessage, parse_headers

from board import outbound
from board.outbound import Barred, left
from board.outgoing.outcomes import Answer

SECONDS = 10.0
HEAD, BODY = 16 * 1024, 16 * 1024
"""How much of an answer is read at most: its head for status and Retry-After, its body so that it ends in peace."""


class Odd(Exception):
    """What answers does not speak HTTP."""


def post(url: str, headers: Mapping[str, str], body: bytes, listed: Sequence[str], seconds: float = SECONDS) -> Answer:
    """Send it, and say what came of it; never raises for what the other side does."""
    began = time.monotonic()
    status, problem, asked = None, "", ""
    try:
        status, asked = _post(outbound.place(url, listed), headers, body, began + seconds)
    except Barred as why:
        problem = why.code
    except TimeoutError:
        problem = "timeout"
    except socket.gaierror:
        problem = "unknown_host"
    except ssl.SSLError:
        problem = "tls"
    except Odd:
        problem = "odd"
    except OSError:
        problem = "away"
    return Answer(status, problem, time.monotonic() - began, asked)


def _post(to: outbound.Place, headers: Mapping[str, str], body: bytes, end: float) -> tuple[int, str]:
    sent = {"Host": to.netloc, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    with outbound.connect(to, left(end)) as connection:
        connection.settimeout(left(end))
        connection.sendall(f"POST {to.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body)
        status, found, rest = _answer(connection, end)
        _end(connection, found, len(rest), end)
    return status, found.get("retry-after", "").strip()[:100]


def _answer(connection: socket.socket, end: float) -> tuple[int, HTTPMessage, bytes]:
    """Status and headers of the answer, and what came of its body with them; what comes before it (1xx) is skipped."""
    status, read = 100, b""
    headers = HTTPMessage()
    while status < 200:
        while b"\r\n\r\n" not in read:
            if len(read) > HEAD:
                raise Odd
            connection.settimeout(left(end))
            more = connection.recv(4096)
            if not more:
                raise Odd
            read += more
        head, _, read = read.partition(b"\r\n\r\n")
        status, headers = _parsed(head)
    return status, headers, read


def _parsed(head: bytes) -> tuple[int, HTTPMessage]:
    first, _, lines = head.partition(b"\r\n")
    version, _, rest = first.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise Odd
    try:
        return int(rest[:3]), parse_headers(io.BytesIO(lines + b"\r\n\r\n"))
    except Exception:  # noqa: BLE001 - whatever its headers are, they are no good.
        raise Odd from None


def _end(connection: socket.socket, headers: HTTPMessage, read: int, end: float) -> None:
    """Read a short body, so that the other side sees no broken connection; it changes nothing when that fails."""
    length = headers.get("content-length", "")
    wanted = min(int(length), BODY) if length.isascii() and length.isdigit() else BODY
    with suppress(OSError):
        while read < wanted:
            connection.settimeout(min(left(end), 1.0))
            more = connection.recv(4096)
            if not more:
                return
            read += len(more)
