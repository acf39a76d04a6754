"""One thread per process reads the activity log and tells every open stream which topics it touched.

The only interface of the rest: `Hub.open`, `Hub.close`, `Hub.position`, and the `Stream` that a view waits on. Another
way (a stream server of its own, one writer for all sockets) can take its place behind them.
"""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from weakref import WeakSet

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from board.live.log import Entry, Log, Position, log_of
from board.log import log

RELOAD = "reload"
BATCH = 1000
MAX_TOPICS = 500
SESSION_SECONDS = 20
RETRY_SECONDS = 1


class Stream:
    """What one browser has yet to be told: each topic once, so that it cannot grow without bound."""

    def __init__(self, session_id: int | None = None, connection: socket.socket | None = None) -> None:
        self.session_id = session_id
        self.position: Position = ()
        self._connection = connection
        self._topics: dict[str, None] = {}
        self._ended = False
        self._woken = threading.Condition()

    def tell(self, topics: Iterable[str], position: Position) -> None:
        """Note topics and how far the log was read; too many become one `reload`."""
        with self._woken:
            self.position = max(self.position, position)
            self._topics |= dict.fromkeys(topics)
            if RELOAD in self._topics or len(self._topics) > MAX_TOPICS:
                self._topics = {RELOAD: None}
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
        if self._connection is None:
            return False
        try:
            ready = select.poll()  # Not `select.select`: it knows no socket above number 1,023.
            ready.register(self._connection, select.POLLIN)
            if not ready.poll(0):
                return False
            return self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except (OSError, ValueError):
            return True


class Hub:
    """All streams of this process and the thread that feeds them; begins with the first stream (so after a fork)."""

    def __init__(self, app: Flask, *, cap: int, stopping: threading.Event, alive: Callable[[int | None], bool]) -> None:
        self.app = app
        self.cap = cap
        self.stopping = stopping
        self.alive = alive
        self.position: Position | None = None
        self._streams: WeakSet[Stream] = WeakSet()  # One whose answer was dropped unread goes by itself.
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._early: set[int] = set()
        self._check_at = 0.0

    def open(self, stream: Stream, engine: Engine) -> bool:
        """Let a stream hear what is written from now on; False when the process has as many as it may."""
        with self._lock:
            if len(self._streams) >= self.cap:
                return False
            if self.stopping.is_set():  # Ends at once; the browser comes again and finds the next server.
                stream.end()
                return True
            self._streams.add(stream)
            if self._thread is None:
                self._begin(engine)
        return True

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        stream.end()
        with self._lock:
            self._streams.discard(stream)

    def __len__(self) -> int:
        return len(self._streams)

    def _begin(self, engine: Engine) -> None:
        source = log_of(engine)
        with engine.connect() as connection:
            self.position = source.latest(connection)
        self._thread = threading.Thread(target=self._run, args=(source, engine), name="live", daemon=True)
        self._thread.start()

    def _run(self, source: Log, engine: Engine) -> None:
        """Until the server stops; a database that is away is asked again every second."""
        while not self.stopping.wait(source.seconds):
            try:
                self._look(source, engine)
            except SQLAlchemyError as problem:
                log.warning("live", problem=type(problem).__name__)
                source = log_of(engine)
                self.stopping.wait(RETRY_SECONDS)
            except Exception as problem:  # noqa: BLE001 - the one thread that feeds all streams must not die.
                log.error("live", exc_info=problem)
                self.stopping.wait(RETRY_SECONDS)
        for stream in self._open():
            stream.end()

    def _look(self, source: Log, engine: Engine) -> None:
        for stream in self._open():
            if stream.deserted():
                self.close(stream)
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

    def _tell(self, topics: Iterable[str], public: Iterable[str]) -> None:
        for stream in self._open():
            stream.tell(public if stream.session_id is None else topics, self.position or ())

    def _check_sessions(self) -> None:
        """End the streams of sessions that have ended, of people who were disabled, of strangers who may not read."""
        self._check_at = time.monotonic() + SESSION_SECONDS
        with self.app.app_context():
            streams = self._open()
            alive = {number: self.alive(number) for number in {stream.session_id for stream in streams}}
            for stream in streams:
                if not alive[stream.session_id]:
                    self.close(stream)

    def _open(self) -> list[Stream]:
        with self._lock:
            return list(self._streams)


def _all(parts: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(topic for part in parts for topic in part))


def _ends_sessions(entry: Entry) -> bool:
    return entry.verb.startswith(("session.", "person.", "setting.", "device.", "factor."))
