"""Clients that are slow or never end, by the hundred, in front of nginx: others are served as if they were not there.

Some say nothing, some send their headers or their form byte by byte, some ask and do not read the answer, some open
more streams than one may. None of them may hold a thread of the board: nginx waits for them, and closes in the end.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlencode

import pytest

from tests.long.trials import Trial
from tests.test_deploy import NAME, Place, place

__all__ = ["place"]  # The fixture.
HEADERS = f"Host: {NAME}\r\nUser-Agent: slow\r\n"


def silent(place: Place) -> socket.socket:
    """Connects and says nothing, not even what TLS begins with."""
    return socket.create_connection(("127.0.0.1", place.door), 60)


def in_the_headers(place: Place) -> socket.socket:
    """Has not come to the end of its headers."""
    return _sent(place, f"GET /proposals HTTP/1.1\r\n{HEADERS}X-")


def in_the_form(place: Place) -> socket.socket:
    """Sends a ballot of which most is still to come."""
    form = f"Cookie: __Host-session={place.token}\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 40000\r\n"
    form += "Content-Type: application/x-www-form-urlencoded\r\n"
    return _sent(place, f"POST /proposals/FV-{place.proposal}/ballot HTTP/1.1\r\n{HEADERS}{form}\r\nchoice=for&reason=")


def deaf(place: Place) -> socket.socket:
    """Asks for a page again and again and reads none of them."""
    asking = f"GET /proposals/FV-{place.proposal} HTTP/1.1\r\n{HEADERS}\r\n"
    return _sent(place, asking * 20, small=True)


def greedy(place: Place) -> socket.socket:
    """Opens one more stream and does not read it."""
    return _sent(place, f"GET /live HTTP/1.1\r\n{HEADERS}\r\n", small=True)


KINDS: tuple[Callable[[Place], socket.socket], ...] = (silent, in_the_headers, in_the_form, deaf, greedy)


def _sent(place: Place, text: str, *, small: bool = False) -> ssl.SSLSocket:
    connection = place.tls()
    if small:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.sendall(text.encode())
    return connection


def others(place: Place, times: int) -> Iterator[float]:
    """Others read and vote meanwhile; how long each answer took."""
    path = f"/proposals/FV-{place.proposal}"
    for turn in range(times):
        begun = time.monotonic()
        if turn % 4 == 3:
            body = urlencode({"choice": ("for", "abstain")[turn % 8 // 4]})
            assert place.ask("POST", f"{path}/ballot", body, place.signed_in).status == 303
        else:
            page = (path, "/proposals", "/work", "/partners")[turn % 4]
            assert place.ask("GET", page, headers=place.signed_in if turn % 2 else {}).status == 200
        yield time.monotonic() - begun


@pytest.mark.trial("slow", short=60, long=200)
def test_slow_clients_by_the_hundred_keep_nobody_else_waiting(place: Place, trial: Trial) -> None:
    assert max(others(place, 8)) < 60
    with ExitStack() as opened:
        slow: list[socket.socket] = []
        for number in range(trial.whole()):
            slow.append(opened.enter_context(KINDS[number % len(KINDS)](place)))
            if number % 5 == 4:
                for connection in slow[1::5] + slow[2::5]:  # A byte more now and then, so that they look alive.
                    with suppress(OSError):
                        connection.sendall(b"a")
        took = sorted(others(place, trial.size))
        trial.count(slow_clients=len(slow), others_answered=len(took), others_failed=0)
        trial.most(slowest_answer_seconds=round(took[-1], 2), middle_answer_seconds=round(took[len(took) // 2], 3))
        if trial.long:
            trial.count(given_up_by_nginx=given_up(place, len(slow[1::5] + slow[2::5])))
    assert place.ask("GET", "/readyz").status == 200


def given_up(place: Place, expected: int) -> int:
    """Wait until nginx has given up so many (408 in its log): fifteen seconds for the next byte, not for ever."""
    end = time.monotonic() + 60
    while (n := (place.folder / "access.log").read_text().count('" 408 ')) < expected:
        assert time.monotonic() < end, f"{n} of {expected} were closed"
        time.sleep(0.2)
    return n
