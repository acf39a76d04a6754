"""The connections that were handed over, on real sockets: nobody waits for anybody, nothing grows, nothing is lost."""

import re
import socket
import time
from collections.abc import Iterator

import pytest

from board.live import handover, lines, wire
from board.live.lines import Line, Lines

pytestmark = pytest.mark.skipif(not handover.POSSIBLE, reason="connections are handed over on Linux only")


@pytest.fixture
def all_lines() -> Iterator[Lines]:
    """Those of a hub; all have ended after the test."""
    made = Lines()
    yield made
    made.close()


@pytest.fixture
def pair(all_lines: Lines) -> Iterator[tuple[Line, socket.socket]]:
    """A line of person 9, and the browser at its other end."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.settimeout(5)
    line = Line(ours, 1, 9, (5,))
    all_lines.add(line, ())
    yield line, theirs
    theirs.close()


def read(browser: socket.socket, all_lines: Lines) -> str:
    """All that comes until nothing comes any more, its chunks taken apart."""
    browser.setblocking(False)
    raw, silent = b"", 0
    while silent < 3:
        all_lines.wait(0.01)
        try:
            raw, silent = raw + browser.recv(65536), 0
        except BlockingIOError:
            silent += 1
    text = ""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size, 16)
        assert raw[length : length + 2] == b"\r\n"
        text, raw = text + raw[:length].decode(), raw[length + 2 :]
    return text


def topics(text: str) -> list[str]:
    """Those of the events."""
    return re.findall("^event: (.*)$", text, re.MULTILINE)


def block(line: Line, all_lines: Lines) -> None:
    """Tell things until the browser's buffer is full."""
    for number in range(100_000):
        all_lines.tell([f"t-{number}"], [], (number + 6,))
        if line.rest:
            return
    raise AssertionError("it took everything")


def test_who_does_not_read_keeps_each_topic_once_and_gets_all_of_it_later(
    pair: tuple[Line, socket.socket], all_lines: Lines
) -> None:
    line, browser = pair
    block(line, all_lines)
    for turn in range(50):
        all_lines.tell(["tally-1", f"proposal-{turn % 3}"], ["tally-1"], (1000 + turn,))
    assert line.topics is not None
    assert set(line.topics) == {"tally-1", "proposal-0", "proposal-1", "proposal-2"}
    heard = read(browser, all_lines)
    assert topics(heard)[-4:] == ["tally-1", "proposal-0", "proposal-1", "proposal-2"]
    assert heard.endswith("id: 1049~9\n\n")
    ids = [int(found) for found in re.findall(r"^id: (\d+)~9$", heard, re.MULTILINE)]
    assert ids == sorted(ids)
    all_lines.tell(["tally-2"], [], (2000,))
    assert topics(read(browser, all_lines)) == ["tally-2"]


def test_too_much_for_one_who_does_not_read_becomes_a_reload(
    pair: tuple[Line, socket.socket], all_lines: Lines
) -> None:
    line, browser = pair
    block(line, all_lines)
    all_lines.tell([f"x-{number}" for number in range(wire.MAX_TOPICS)], [], (900,))
    all_lines.tell(["one more"], [], (901,))
    assert line.topics == {wire.RELOAD: None}
    assert topics(read(browser, all_lines))[-1] == wire.RELOAD


def test_who_does_not_read_for_long_is_cut_off(pair: tuple[Line, socket.socket], all_lines: Lines) -> None:
    line, _browser = pair
    block(line, all_lines)
    all_lines.beat()
    assert len(all_lines) == 1
    line.spoke_at -= lines.STUCK_SECONDS + 1
    all_lines.beat()
    assert len(all_lines) == 0
    assert line.connection.fileno() == -1


def test_after_a_long_silence_comes_a_sign_of_life(pair: tuple[Line, socket.socket], all_lines: Lines) -> None:
    line, browser = pair
    all_lines.beat()
    assert read(browser, all_lines) == ""
    line.spoke_at -= wire.HEARTBEAT_SECONDS + 1
    all_lines.beat()
    assert read(browser, all_lines) == ": still here\nid: 5~9\n\n"


def test_who_has_gone_is_let_go_at_once(pair: tuple[Line, socket.socket], all_lines: Lines) -> None:
    _line, browser = pair
    browser.close()
    begun = time.monotonic()
    all_lines.wait(0.05)
    assert len(all_lines) == 0
    assert time.monotonic() - begun < 1
    all_lines.tell(["tally-1"], ["tally-1"], (6,))


def test_strangers_are_told_the_public_part_and_nothing_where_there_is_none(all_lines: Lines) -> None:
    ours, theirs = socket.socketpair()
    all_lines.add(Line(ours, None, None, (5,)), ["proposal-1"])
    all_lines.tell(["tally-1", "ballot-1-2"], ["tally-1"], (6,))
    all_lines.tell(["ballot-1-2"], [], (7,))
    heard = read(theirs, all_lines)
    assert topics(heard) == ["proposal-1", "tally-1"]
    assert heard.endswith("id: 6~\n\n")
    all_lines.close()
    theirs.setblocking(True)
    assert theirs.recv(100) == wire.LAST_CHUNK
    theirs.close()


def test_a_connection_that_was_taken_is_dead_to_the_server_and_alive_for_us() -> None:
    theirs, browser = socket.socketpair()
    number = theirs.fileno()
    ours = handover.taken(theirs)
    assert theirs.fileno() == number
    with pytest.raises(BrokenPipeError):
        theirs.sendall(b"0\r\n\r\n")
    theirs.shutdown(socket.SHUT_WR)
    theirs.close()
    ours.sendall(b"still here")
    assert browser.recv(100) == b"still here"
    for one in (ours, browser):
        one.close()
