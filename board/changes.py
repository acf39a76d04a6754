"""Whether anything was committed since: a mark that changes with every commit, by whomever, in microseconds.

Two equal marks mean that every statement would read the same; nothing has to be remembered when something is written.
Not the log's position: some changes write no activity row, and on PostgreSQL ids do not commit in order. See ADR 17.
"""

import sqlite3
import threading
import time
import weakref
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

from sqlalchemy import Engine

from board.db import now, patience

SNAPSHOT = "SELECT pg_current_snapshot()::text"
RETRY_SECONDS = 1.0
MOMENT_SECONDS = 0.25


class Away(Exception):
    """The database does not answer."""


class Mark(Protocol):
    """The mark of one database; to be read *before* what is kept under it."""

    def read(self) -> object:
        """The mark at this moment. Raises Away."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class Gate:
    """Asks the mark, but a database that is away only once a second: whoever comes meanwhile need not wait for it.

    The first to come after that second looks again. Who comes while it looks waits a moment for what it finds: the
    outage may be over for long, if nobody has asked since, and then nobody is to be told that anything is away.
    """

    def __init__(self) -> None:
        self.passed_at = now()
        self._shut_until = 0.0
        self._looking = threading.Lock()

    def ask(self, mark: Mark) -> object:
        """The mark. Raises Away, at once if somebody has just found that out."""
        if not self._shut_until:
            return self._look(mark)
        if time.monotonic() < self._shut_until:
            raise Away
        if not self._looking.acquire(timeout=MOMENT_SECONDS):
            self._shut()  # It does not answer at all: the next ones go on at once.
            raise Away
        try:
            if time.monotonic() < self._shut_until:  # The one before has looked, and found nothing.
                raise Away
            return self._look(mark)
        finally:
            self._looking.release()

    def _look(self, mark: Mark) -> object:
        try:
            found = mark.read()
        except Away:
            self._shut()
            raise
        self._shut_until, self.passed_at = 0.0, now()
        return found

    def _shut(self) -> None:
        self._shut_until = time.monotonic() + RETRY_SECONDS


class SqliteMark:
    """`PRAGMA data_version`: it moves when another connection commits, and this one never does.

    The number means something on one connection only, so there is one for all threads, behind a lock.
    """

    def __init__(self, engine: Engine) -> None:
        self._path = engine.url.database or ""
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = 0

    def read(self) -> object:
        """(how often the file was opened, its version on this connection)."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                    self._opened += 1
                return self._opened, self._connection.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error as why:
                self._drop()
                raise Away from why

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresMark:
    """The snapshot itself: `xmin:xmax:running`. Equal snapshots see the same transactions, so the same rows.

    One statement on a connection of its own that never writes (so it takes no transaction id), kept for the next.
    """

    def __init__(self, engine: Engine) -> None:
        self._dialect: Any = engine.dialect
        self._url = engine.url
        self._idle: deque[Any] = deque()
        weakref.finalize(self, _close_all, self._idle)

    def read(self) -> object:
        """The snapshot as text. A connection that broke while it was idle is replaced once."""
        with suppress(Away):
            return self._ask()
        self.close()
        return self._ask()

    def _ask(self) -> object:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            (mark,) = connection.execute(SNAPSHOT).fetchone()
        except self._dialect.loaded_dbapi.Error as why:
            with suppress(Exception):
                connection.close()
            raise Away from why
        self._idle.append(connection)
        return mark

    def _connect(self) -> Any:
        arguments, options = self._dialect.create_connect_args(self._url)
        try:
            return self._dialect.connect(*arguments, **patience(self._url) | options, autocommit=True)
        except self._dialect.loaded_dbapi.Error as why:
            raise Away from why

    def close(self) -> None:
        """Close the connections that are idle."""
        _close_all(self._idle)


def _close_all(connections: deque[Any]) -> None:
    while connections:
        with suppress(Exception):
            connections.pop().close()


def mark_of(engine: Engine) -> Mark:
    """The mark of this database."""
    return SqliteMark(engine) if engine.dialect.name == "sqlite" else PostgresMark(engine)
