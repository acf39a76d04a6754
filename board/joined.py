"""The one connection of a request: opened by whoever needs it first, `db.run`, `transaction()` or the ORM's session.

The session joins what the first two have opened, and what it ends, ends for all. Most requests and the most frequent
changes never need the ORM, and setting up and ending a transaction of its own costs as much as a dozen statements.
"""

from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm import SessionTransaction

HELD = "connection"


class BoardSession(Session):
    """A session that works on the connection that is held for it, if there is one; it is closed with the session."""

    def held(self, *, write: bool = False) -> Connection:
        """The connection, in a transaction; begun if there is none, to `write` with the writer's lock of SQLite."""
        found: Connection | None = self.info.get(HELD)
        if found is not None:
            return found
        if self.in_transaction():  # It has begun by itself and lacks a connection only.
            return self.connection()
        connection = self._db.engine.connect()
        try:
            if write:
                connection.execution_options(write=True)
            connection.begin()
        except BaseException:
            connection.close()
            raise
        self.info[HELD] = connection
        return connection

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        """What the session works on."""
        return self.info.get(HELD) or super().get_bind(*args, **kwargs)

    def begin_nested(self) -> SessionTransaction:
        """A savepoint, set at once: what `db.run` does from now on is undone with it."""
        nested = super().begin_nested()
        self.connection()
        return nested

    def commit(self) -> None:
        """Commit what was done on either way."""
        held: Connection | None = self.info.get(HELD)
        if held is None:
            super().commit()
        elif self.in_transaction():
            self.connection()  # Joins, if it has not yet.
            super().commit()
        else:
            held.commit()
            self._put_down()

    def rollback(self) -> None:
        """Undo what was done on either way."""
        super().rollback()
        self._put_down()

    def close(self) -> None:
        """Undo, and give the connection back."""
        super().close()
        self._put_down()

    def invalidate(self) -> None:
        """Drop the connection: it is broken."""
        super().invalidate()
        held: Connection | None = self.info.get(HELD)
        if held is not None and not held.closed:
            held.invalidate()
        self._put_down()

    def _put_down(self) -> None:
        held: Connection | None = self.info.get(HELD)
        if held is not None and not held.closed:
            held.close()
        self.info.pop(HELD, None)


@event.listens_for(BoardSession, "after_begin")
def _hold(session: AnySession, _transaction: SessionTransaction, connection: Connection) -> None:
    """Asking a session for its connection costs as much as a small statement."""
    session.info[HELD] = connection


@event.listens_for(BoardSession, "after_transaction_end")
def _let_go(session: AnySession, transaction: SessionTransaction) -> None:
    if transaction.parent is None and isinstance(session, BoardSession):
        session._put_down()
