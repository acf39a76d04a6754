"""The connections that were handed over: one thread, the hub's, writes to all of them and sees who has gone.

A line costs a socket and a few words of memory, no thread. Nothing here ever waits for a browser: who does not read
keeps one unfinished message and each topic once, and is cut off when that lasts. See ADR 33.
"""

import select
import socket
import time
from collections.abc import Collection, Iterator

from board.live import wire
from board.live.log import Position

STUCK_SECONDS = 30
GONE = getattr(select, "EPOLLRDHUP", 0) | getattr(select, "EPOLLHUP", 0) | getattr(select, "EPOLLERR", 0)
POSSIBLE = hasattr(select, "epoll")


class Line:
    """One browser's connection, ours alone; used by the hub's thread only."""

    __slots__ = ("connection", "person_id", "position", "rest", "session_id", "spoke_at", "topics")

    def __init__(
        self, connection: socket.socket, session_id: int | None, person_id: int | None, position: Position
    ) -> None:
        self.connection = connection
        self.session_id = session_id
        self.person_id = person_id
        self.position = position
        self.rest = b""
        self.topics: dict[str, None] | None = None
        self.spoke_at = time.monotonic()


class Lines:
    """All lines of this process."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._lines: dict[int, Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(list(self._lines.values()))

    def add(self, line: Line, topics: Collection[str]) -> None:
        """Speak on this connection from now on; first of what has happened meanwhile."""
        connection = line.connection
        connection.setblocking(False)
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_SECONDS * 1000)
        self._lines[connection.fileno()] = line
        self._poll.register(connection, GONE)
        if topics:
            self._say(line, topics)

    def tell(self, topics: Collection[str], public: Collection[str], position: Position) -> None:
        """Tell everybody what is theirs to hear, strangers the public part. Equal words are put together once."""
        for_all, for_strangers = wire.events(topics), wire.events(public)
        words: dict[tuple[int | None, Position], bytes] = {}
        for line in self:
            line.position = max(line.position, position)
            news, said = (public, for_strangers) if line.session_id is None else (topics, for_all)
            if line.rest:
                line.topics = wire.noted(line.topics or {}, news)
            elif news:
                key = line.person_id, line.position
                if key not in words:
                    words[key] = wire.chunk(wire.told(said, line.position, line.person_id))
                self._write(line, words[key])

    def wait(self, seconds: float) -> None:
        """Let go of browsers that have gone, write on where there is room again, for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for number, what in self._poll.poll(left):
                line = self._lines.get(number)
                if line is None:
                    continue
                if what & GONE:
                    self._drop(line)
                else:
                    self._write_on(line)

    def beat(self) -> None:
        """A sign of life where nothing was said for long, so that nobody in between takes the line for dead."""
        now = time.monotonic()
        for line in self:
            silent = now - line.spoke_at
            if line.rest:
                if silent > STUCK_SECONDS:
                    self._drop(line)
            elif silent > wire.HEARTBEAT_SECONDS:
                self._say(line, ())

    def end(self, line: Line) -> None:
        """End the answer and hang up; inside an unfinished message only hang up."""
        if not line.rest:
            self._write(line, wire.LAST_CHUNK)
        self._drop(line)

    def close(self) -> None:
        """End all."""
        for line in self:
            self.end(line)
        self._poll.close()

    def _say(self, line: Line, topics: Collection[str]) -> None:
        self._write(line, wire.chunk(wire.told(wire.events(topics), line.position, line.person_id)))

    def _write(self, line: Line, data: bytes) -> None:
        try:
            sent = line.connection.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(line)
            return
        line.spoke_at = time.monotonic()
        if sent < len(data):
            line.rest = data[sent:]
            self._poll.modify(line.connection, GONE | select.EPOLLOUT)

    def _write_on(self, line: Line) -> None:
        """There is room again: the rest of the message, then all that has happened since, in one."""
        data, line.rest = line.rest, b""
        self._poll.modify(line.connection, GONE)
        self._write(line, data)
        if line.topics and not line.rest and line.connection.fileno() >= 0:
            topics, line.topics = line.topics, None
            self._say(line, topics)

    def _drop(self, line: Line) -> None:
        number = line.connection.fileno()
        if self._lines.pop(number, None) is not None:
            self._poll.unregister(number)
            line.connection.close()
