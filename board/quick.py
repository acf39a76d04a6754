"""Statements that were built once, run on SQLite past SQLAlchemy's execution, which costs ten times what they cost.

`db.run` is the name for it. SQLAlchemy still writes the SQL and says how values go in and come out; here its outcome is
kept, so that the next run only fills it in. What this does not know (lists of values, errors, another database) is
run by SQLAlchemy, with the same outcome. Who listens to statements (`narrow`, tests) hears of these as well. ADR 31.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import Executable, Row, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Session, SessionTransaction

HELD = "connection"
MOST = 1000


class Rows(Protocol):
    """What a statement has found, of SQLAlchemy's results as much as is used."""

    def __iter__(self) -> Iterator[Any]: ...
    def all(self) -> Any: ...  # noqa: D102
    def first(self) -> Any: ...  # noqa: D102
    def one(self) -> Any: ...  # noqa: D102
    def one_or_none(self) -> Any: ...  # noqa: D102
    def scalar(self) -> Any: ...  # noqa: D102


class Found(list[Any]):
    """All rows, already read."""

    def all(self) -> list[Any]:
        """Every row."""
        return self

    def first(self) -> Any:
        """The first row, or None."""
        return self[0] if self else None

    def one(self) -> Any:
        """The only row; raises NoResultFound, MultipleResultsFound."""
        if not self:
            raise NoResultFound("No row was found when one was required")
        return self.one_or_none()

    def one_or_none(self) -> Any:
        """The only row, or None; raises MultipleResultsFound."""
        if len(self) > 1:
            raise MultipleResultsFound("Multiple rows were found when one or none was required")
        return self[0] if self else None

    def scalar(self) -> Any:
        """The first value of the first row, or None."""
        return self[0][0] if self else None


class Prepared:
    """A statement as SQLite's driver takes it, for one choice of named values."""

    def __init__(self, statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        self.sql: str = compiled.string
        self.fits = not (compiled.post_compile_params or compiled.literal_execute_params or compiled.update_prefetch)
        self._binds = [_bind(compiled, name) for name in compiled.positiontup or ()] if self.fits else []
        self._row: Callable[[Any], Any] | None = None
        if columns := compiled._result_columns:
            processors = [entry.type._cached_result_processor(dialect, None) for entry in columns]
            meta = SimpleResultMetaData([entry.keyname for entry in columns])
            whole, index = processors if any(processors) else None, meta._key_to_index
            self._row = lambda data: Row(meta, whole, index, data)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Found:
        """Run it. Raises sqlite3.Error, and KeyError for a value that is not given."""
        given = [value(values) for value in self._binds]
        cursor = connection.connection.cursor()
        for heard in connection.dispatch.before_cursor_execute:
            heard(connection, cursor, self.sql, given, None, False)
        cursor.execute(self.sql, given)
        found = Found(map(self._row, cursor.fetchall()) if self._row else ())
        cursor.close()
        return found


def _bind(compiled: Any, name: str) -> Callable[[Mapping[str, Any]], Any]:
    """How a place in the statement is filled: with a given value, a fixed one, or what its column makes by itself."""
    bind, process = compiled.binds[name], compiled._bind_processors.get(name)
    key, made = bind.key, {column.key: column.default for column in compiled.insert_prefetch}
    take: Callable[[Mapping[str, Any]], Any]
    if default := made.get(key):
        make: Any = default.arg if default.is_callable else lambda _context: default.arg
        take = lambda _values: make(None)  # noqa: E731
    elif bind.required:
        take = itemgetter(key)
    else:
        fixed = bind.effective_value
        take = lambda values: values.get(key, fixed)  # noqa: E731
    return (lambda values: process(take(values))) if process else take


_prepared: dict[tuple[Executable, tuple[str, ...]], Prepared] = {}


def run(session: Session, statement: Executable, values: Mapping[str, Any]) -> Any:
    """What the statement finds, within the session's transaction."""
    connection: Connection = session.info.get(HELD) or session.connection()
    if connection.dialect.name == "sqlite":
        key = (statement, tuple(values))
        found = _prepared.get(key)
        if found is None:
            if len(_prepared) >= MOST:
                _prepared.clear()
            _prepared[key] = found = Prepared(statement, connection.dialect, key[1])
        if found.fits:
            with suppress(sqlite3.Error):  # SQLAlchemy meets it again and tells it in its own words.
                return found.run(connection, values)
    return connection.execute(statement, values)


@event.listens_for(Session, "after_begin")
def _hold(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    """Asking a session for its connection costs as much as a small statement."""
    session.info[HELD] = connection


@event.listens_for(Session, "after_transaction_end")
def _let_go(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(HELD, None)
