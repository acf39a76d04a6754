"""One thread per process reads the activity log and tells every open stream which topics it touched.

The only interface of the rest: `Hub.open`, `Hub.close`, `Hub.position`, and the `Stream` that a view waits on or whose
connection it hands over (`Hub.adopt`), after which `lines` speaks for it.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import cast
from weakref import WeakSet

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from board.live import handover, wire
from board.live.lines import Line, Lines
from board.live.log import Entry, Log, Position, log_of
from board.live.stream import Stream
from board.live.wire import RELOAD
from board.log import log

BATCH = 1000
SESSION_SECONDS = 20
RETRY_SECONDS = 1
BEAT_SECONDS = 1


class Hub:
    """All streams of this process and the thread that feeds them; begins with the first stream (so after a fork).

    `cap` streams at once where connections are handed over (`take_over`), else only as many as `threaded_cap`: those
    keep a thread each, and threads must be left for requests.
    """

    def __init__(
        self,
        app: Flask,
        *,
        cap: int,
        threaded_cap: int,
        stopping: threading.Event,
        alive: Callable[[Collection[int | None]], set[int | None]],
    ) -> None:
        self.app = app
        self.cap = cap
        self.threaded_cap = min(cap, threaded_cap)
        self.takes_over = False
        self.stopping = stopping
        self.alive = alive
        self.position: Position | None = None
        self._streams: WeakSet[Stream] = WeakSet()  # One whose answer was dropped unread goes by itself.
        self._arrivals: deque[tuple[Stream, socket.socket]] = deque()
        self._lines: Lines | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._over = False
        self._early: set[int] = set()
        self._check_at = self._beat_at = 0.0

    def take_over(self, most: int) -> None:
        """From now on connections are handed over, and there is room for so many streams."""
        self.takes_over = True
        self.cap = min(self.cap, most)

    @property
    def most(self) -> int:
        """How many streams there may be at once."""
        return self.cap if self.takes_over else self.threaded_cap

    def open(self, stream: Stream, engine: Engine) -> bool:
        """Let a stream hear what is written from now on; False when the process has as many as it may."""
        with self._lock:
            threaded = not stream.moves and sum(not other.moves for other in self._streams) >= self.threaded_cap
            if threaded or len(self) >= self.cap:
                return False
            if self.stopping.is_set():  # Ends at once; the browser comes again and finds the next server.
                stream.end()
                return True
            self._streams.add(stream)
            if self._thread is None:
                self._begin(engine)
        return True

    def adopt(self, stream: Stream) -> None:
        """Take its connection over from the server; only the hub speaks on it from now on. The stream is done."""
        connection = handover.taken(cast("socket.socket", stream.connection))
        with self._lock:
            if not self._over:
                self._arrivals.append((stream, connection))
                stream.connection = None
                return
        connection.close()

    def leave(self, stream: Stream) -> None:
        """The answer has ended: forget the stream, unless its connection lives on here."""
        if not stream.moves or stream.connection is not None:
            self.close(stream)

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        stream.end()
        with self._lock:
            self._streams.discard(stream)

    def join(self, seconds: float) -> None:
        """Wait until all streams have ended; `stopping` has been set."""
        if self._thread is not None:
            self._thread.join(seconds)

    def __len__(self) -> int:
        return len(self._streams) + len(self._lines or ())

    def _begin(self, engine: Engine) -> None:
        source = log_of(engine)
        with engine.connect() as connection:
            self.position = source.latest(connection)
        self._thread = threading.Thread(target=self._run, args=(source, engine), name="live", daemon=True)
        self._thread.start()

    def _run(self, source: Log, engine: Engine) -> None:
        """Until the server stops; a database that is away is asked again every second."""
        lines = self._lines = Lines() if self.takes_over else None
        pause = source.seconds
        while not self.stopping.is_set():
            try:
                lines.wait(pause) if lines is not None else self.stopping.wait(pause)
                pause = source.seconds
                self._keep(lines)
                self._look(source, engine)
            except SQLAlchemyError as problem:
                log.warning("live", problem=type(problem).__name__)
                source, pause = log_of(engine), RETRY_SECONDS
            except Exception as problem:  # noqa: BLE001 - the one thread that feeds all streams must not die.
                log.error("live", exc_info=problem)
                self.stopping.wait(RETRY_SECONDS)
        self._finish(lines)

    def _finish(self, lines: Lines | None) -> None:
        """End every stream, so that browsers come again and find the next server."""
        for stream in self._open():
            stream.end()
        with self._lock:
            self._over = True
        if lines is not None:
            self._keep(lines)
            lines.close()

    def _keep(self, lines: Lines | None) -> None:
        """Take in what was handed over, speak where it was long silent, let go of who has gone."""
        while self._arrivals and lines is not None:
            stream, connection = self._arrivals.popleft()
            news = stream.wait(0)
            line = Line(connection, stream.session_id, stream.person_id, stream.position)
            lines.add(line, news[0] if news else ())
            if news is None:
                lines.end(line)
            with self._lock:
                self._streams.discard(stream)
        if lines is not None and time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + BEAT_SECONDS
            lines.beat()
        for stream in self._open():
            if not stream.moves and stream.deserted():
                self.close(stream)

    def _look(self, source: Log, engine: Engine) -> None:
        if source.changed():
            while self._read(source, engine) == BATCH:
                pass
        if time.monotonic() >= self._check_at:
            self._check_sessions()

    def _read(self, source: Log, engine: Engine) -> int:
        """Tell everybody what is new; returns how many rows were read."""
        with engine.connect() as connection:
            entries = source.since(connection, self.position or (), BATCH)
            if entries is None:  # The database was restored or emptied behind our back.
                self.position, self._early = source.latest(connection), set()
        if entries is None:
            self._tell([RELOAD], [RELOAD])
            return 0
        fresh = [e for e in entries if e.id not in self._early]
        self._early = {e.id for e in entries if not e.settled}
        self.position = max([self.position or (), *(e.position for e in entries if e.settled)])
        self._tell(_all(e.topics for e in fresh), _all(e.public for e in fresh))
        if any(_ends_sessions(e) for e in fresh):
            self._check_sessions()
        return len(fresh)

    def _tell(self, topics: Collection[str], public: Collection[str]) -> None:
        position = self.position or ()
        for stream in self._open():
            stream.tell(public if stream.session_id is None else topics, position)
        if self._lines is not None:
            self._lines.tell(topics, public, position)

    def _check_sessions(self) -> None:
        """End the streams of sessions that have ended, of people who were disabled, of strangers who may not read."""
        self._check_at = time.monotonic() + SESSION_SECONDS
        streams, lines = self._open(), list(self._lines or ())
        with self.app.app_context():
            alive = self.alive({stream.session_id for stream in streams} | {line.session_id for line in lines})
        for stream in streams:
            if stream.session_id not in alive:
                self.close(stream)
        for line in lines:
            if line.session_id not in alive and self._lines is not None:
                self._lines.end(line)

    def _open(self) -> list[Stream]:
        with self._lock:
            return list(self._streams)


def _all(parts: Iterable[Iterable[str]]) -> list[str]:
    return list(wire.noted({}, (topic for part in parts for topic in part)))


def _ends_sessions(entry: Entry) -> bool:
    return entry.verb.startswith(("session.", "person.", "setting.", "device.", "factor."))
