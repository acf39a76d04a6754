"""What one browser has yet to be told, as long as a thread of the server waits on it."""

import select
import socket
import threading
from collections.abc import Iterable

from board.live import wire
from board.live.log import Position


class Stream:
    """What one browser has yet to be told: each topic once, so that it cannot grow without bound.

    `moves`: it has a thread only until its connection is handed over to the hub, at once after the hello.
    """

    def __init__(
        self,
        session_id: int | None = None,
        person_id: int | None = None,
        connection: socket.socket | None = None,
        moves: bool = False,
    ) -> None:
        self.session_id = session_id
        self.person_id = person_id
        self.position: Position = ()
        self.connection = connection
        self.moves = moves
        self._topics: dict[str, None] = {}
        self._ended = False
        self._woken = threading.Condition()

    def tell(self, topics: Iterable[str], position: Position) -> None:
        """Note topics and how far the log was read; too many become one `reload`."""
        with self._woken:
            self.position = max(self.position, position)
            self._topics = wire.noted(self._topics, topics)
            if self._topics:
                self._woken.notify()

    def wait(self, seconds: float) -> tuple[list[str], Position] | None:
        """The topics to tell now, none after so many seconds of silence; None when the stream must end."""
        with self._woken:
            self._woken.wait_for(lambda: self._topics or self._ended, seconds)
            if self._ended:
                return None
            found, self._topics = list(self._topics), {}
            return found, self.position

    def end(self) -> None:
        """Let the view finish at once."""
        with self._woken:
            self._ended = True
            self._woken.notify()

    def deserted(self) -> bool:
        """Whether the browser has closed the connection: it sends nothing on it, so readable means gone."""
        if self.connection is None:
            return False
        try:
            ready = select.poll()  # Not `select.select`: it knows no socket above number 1,023.
            ready.register(self.connection, select.POLLIN)
            if not ready.poll(0):
                return False
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except (OSError, ValueError):
            return True
