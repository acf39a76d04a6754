"""The one connection of a request: opened by whoever needs it first, `db.run`, `transaction()` or the ORM's session.

The session joins what the first two have opened, and what it ends, ends for all. Most requests and the most frequent
changes never need the ORM, and setting up and ending a transaction of its own costs as much as a dozen statements.

On SQLite they do not need SQLAlchemy's connection either: a `Line` is the driver's own, from the pool, and stays with
the session until that is closed, one transaction after the other. Whoever needs more than the driver joins it.
"""

import sqlite3
from functools import cached_property
from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm import SessionTransaction

HELD, LINE, SPARE = "connection", "line", "spare"
"""In a session's `info`: its connection of SQLAlchemy's; or its line in a transaction; or its line between two."""


class Line:
    """A connection of SQLite's driver, on loan from the pool."""

    def __init__(self, engine: Engine) -> None:
        try:
            self.lent = engine.raw_connection()
        except sqlite3.Error as why:
            raise OperationalError("connect", None, why) from why
        self.driver: Any = self.lent.dbapi_connection

    def begin(self, write: bool) -> None:
        """Begin a transaction, to `write` with the writer's lock."""
        begin(self.driver, write)

    def joined(self, engine: Engine) -> Connection:
        """SQLAlchemy's connection over it, in the transaction that has begun."""
        if not self.driver.in_transaction:  # SQLite has undone it by itself: nothing may go on as if it had not.
            raise OperationalError("join", None, sqlite3.OperationalError("the transaction is gone"))
        connection = Connection(engine, self.lent)
        connection.begin()
        return connection


def begin(driver: Any, write: bool = False) -> None:
    """Begin on SQLite's driver. A write takes its lock at the start: upgrading a read snapshot would fail at once.

    It also looks whether tables were changed elsewhere. If a text index met that in a statement whose triggers write
    into it, SQLite would read the schema anew in the middle, and no more find the statement's own table.
    """
    statement = "BEGIN IMMEDIATE" if write else "BEGIN"
    try:
        driver.execute(statement)
        if write:
            driver.execute("SELECT 1 FROM sqlite_master LIMIT 0")
    except sqlite3.Error as why:
        raise OperationalError(statement, None, why) from why


class BoardSession(Session):
    """A session that works on the connection that is held for it, if there is one; it is closed with the session."""

    @cached_property
    def engine(self) -> Engine:
        """What connects it to the database."""
        return self._db.engine

    @cached_property
    def on_sqlite(self) -> bool:
        """Whether that is SQLite."""
        return self.engine.dialect.name == "sqlite"

    def driver(self, *, write: bool = False) -> Any:
        """The connection of SQLite's driver, in a transaction; begun if there is none."""
        line: Line | None = self.info.get(LINE)
        if line is not None:
            return line.driver
        if HELD in self.info or self.in_transaction():
            return self.held().connection.dbapi_connection
        line = self.info.pop(SPARE, None) or Line(self.engine)
        try:
            line.begin(write)
        except BaseException:
            line.lent.close()
            raise
        self.info[LINE] = line
        return line.driver

    def held(self) -> Connection:
        """SQLAlchemy's connection, in a transaction; begun if there is none."""
        found: Connection | None = self.info.get(HELD)
        if found is None and self.on_sqlite and (LINE in self.info or not self.in_transaction()):
            self.driver()
            found = self.info[HELD] = self.info[LINE].joined(self.engine)
            del self.info[LINE]  # It is that connection's now.
        elif found is None and self.in_transaction():  # It has begun by itself and lacks a connection only.
            found = self.connection()
        elif found is None:
            found = self.engine.connect()
            try:
                found.begin()
            except BaseException:
                found.close()
                raise
            self.info[HELD] = found
        return found

    def begin_writing(self) -> None:
        """Begin a transaction to write in."""
        if self.on_sqlite:
            self.driver(write=True)
        else:
            self.held()

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        """What the session works on."""
        if LINE in self.info:
            return self.held()
        return self.info.get(HELD) or super().get_bind(*args, **kwargs)

    def begin_nested(self) -> SessionTransaction:
        """A savepoint, set at once: what `db.run` does from now on is undone with it."""
        nested = super().begin_nested()
        self.connection()
        return nested

    def commit(self) -> None:
        """Commit what was done on either way."""
        line: Line | None = self.info.get(LINE)
        held: Connection | None = self.info.get(HELD)
        if line is None and held is None:
            super().commit()
        elif self.in_transaction():
            self.connection()  # Joins, if it has not yet.
            super().commit()
        else:
            if held is not None:
                held.commit()
            elif line is not None:
                self._commit(line)
            self._put_down()

    def _commit(self, line: Line) -> None:
        for heard in self.engine.dispatch.commit:
            heard(line)
        try:
            line.driver.commit()
        except sqlite3.Error as why:  # Told in SQLAlchemy's words, and to who listens to errors.
            Connection(self.engine, line.lent)._handle_dbapi_exception(why, None, None, None, None)

    def rollback(self) -> None:
        """Undo what was done on either way."""
        super().rollback()
        self._put_down()

    def close(self) -> None:
        """Undo, and give the connection back."""
        self.end()
        spare: Line | None = self.info.pop(SPARE, None)
        if spare is not None:
            spare.lent.close()

    def invalidate(self) -> None:
        """Drop the connection: it is broken."""
        super().invalidate()
        held: Connection | None = self.info.get(HELD)
        if held is not None and not held.closed:
            held.invalidate()
        self.close()

    def end(self) -> None:
        """Undo, and let go of what was loaded; a line stays for the next transaction."""
        if self.in_transaction() or self.identity_map:  # Else there is nothing in it, and emptying it shows.
            super().close()
        self._put_down()

    def _put_down(self) -> None:
        held: Connection | None = self.info.pop(HELD, None)
        if held is not None and not held.closed:
            held.close()
        line: Line | None = self.info.pop(LINE, None)
        if line is not None:
            try:
                line.driver.rollback()
            except sqlite3.Error as why:
                line.lent.invalidate()
                raise OperationalError("rollback", None, why) from why
            self.info[SPARE] = line


@event.listens_for(BoardSession, "after_begin")
def _hold(session: AnySession, _transaction: SessionTransaction, connection: Connection) -> None:
    """Asking a session for its connection costs as much as a small statement."""
    session.info[HELD] = connection


@event.listens_for(BoardSession, "after_transaction_end")
def _let_go(session: AnySession, transaction: SessionTransaction) -> None:
    if transaction.parent is None and isinstance(session, BoardSession):
        session._put_down()
