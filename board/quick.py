"""Statements that were built once, run on SQLite past SQLAlchemy's execution, which costs ten times what they cost.

`db.run` is the name for it. SQLAlchemy still writes the SQL and says how values go in and come out; here its outcome is
kept, so that the next run only fills it in; for lists of values once per length. What this does not know (an empty or
a long list, errors, another database) is run by SQLAlchemy, with the same outcome. Who listens to statements (`narrow`,
tests) hears of these as well. ADR 31.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import Engine, Executable
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import MultipleResultsFound, NoResultFound, OperationalError

from board.joined import BoardSession

MOST = 1000
LONGEST = 100
"""Longer lists of values are rare, and each length is a statement of its own."""

Place = Connection | BoardSession
"""Where a statement is run. On SQLite a session need not have a connection of SQLAlchemy's."""
Fill = Callable[[Mapping[str, Any]], Any]


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
    """A statement as SQLite's driver takes it, for one choice of named values and one length of each list in it."""

    def __init__(self, statement: Executable, dialect: Dialect, values: Mapping[str, Any]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(values))  # type: ignore[attr-defined]
        self.sql: str = compiled.string
        self.fits = not (compiled.literal_execute_params or compiled.update_prefetch) and all(
            _is_list(bind, values) for bind in compiled.post_compile_params
        )
        self._given: list[Any] = []
        self._filled: list[tuple[int, Fill]] = []
        if self.fits:
            places, members = compiled.positiontup or (), {}
            if compiled.post_compile_params:
                state = compiled.construct_expanded_state(values)
                self.sql, places = state.statement, state.positiontup
                members = {
                    one: (name, n) for name, all_ in state.parameter_expansion.items() for n, one in enumerate(all_)
                }
            for nth, place in enumerate(places):
                fixed, fill = _bind(compiled, values, *members.get(place, (place, None)))
                self._given.append(fixed)
                if fill is not None:
                    self._filled.append((nth, fill))
        columns = compiled._result_columns or ()
        self._row = shape(tuple([entry.keyname for entry in columns])) if columns else None
        told = [entry.type._cached_result_processor(dialect, None) for entry in columns]
        self._told = [(place, process) for place, process in enumerate(told) if process]

    def run(self, driver: Any, engine: Engine, values: Mapping[str, Any]) -> Found:
        """Run it on a connection of SQLite's driver. Raises sqlite3.Error, and KeyError for a value not given."""
        given = self._given.copy()
        for nth, fill in self._filled:
            given[nth] = fill(values)
        cursor = driver.cursor()
        for heard in engine.dispatch.before_cursor_execute:
            heard(None, cursor, self.sql, given, None, False)
        cursor.execute(self.sql, given)
        found = Found(map(self._row, self._read(cursor.fetchall())) if self._row else ())
        cursor.close()
        return found

    def _read(self, rows: Sequence[Any]) -> Iterable[Any]:
        """The values of those rows as Python has them; column by column, since most need nothing done."""
        if not (self._told and rows):
            return rows
        columns: list[Any] = [*zip(*rows, strict=True)]
        for place, process in self._told:
            columns[place] = map(process, columns[place])
        return zip(*columns, strict=True)


@cache
def shape(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """How a row with these names is made: as a tuple, which costs a third of SQLAlchemy's own rows."""
    kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    make: Callable[[Any], Any] = kind._make
    return make


def _is_list(bind: Any, values: Mapping[str, Any]) -> bool:
    """Whether it is filled with a list that is known here: a fixed one, or a given one whose length is in the key."""
    value = values.get(bind.key, bind.effective_value)
    usual = type(value) is list if bind.key in values else isinstance(value, list | tuple)
    return usual and 0 < len(value) <= LONGEST and not bind.type._is_tuple_type


def _bind(compiled: Any, values: Mapping[str, Any], name: str, nth: int | None) -> tuple[Any, Fill | None]:
    """What a place in the statement is filled with: a fixed value, or one of each run (a given one, a default)."""
    bind, process = compiled.binds[name], compiled._bind_processors.get(name) or _as_it_is
    key, made = bind.key, {column.key: column.default for column in compiled.insert_prefetch}
    if nth is not None:
        if bind.required:
            return None, lambda values: process(values[key][nth])
        return process(bind.effective_value[nth]), None
    if default := made.get(key):
        make = default.arg
        return (None, lambda values: process(make(_Context(values)))) if default.is_callable else (process(make), None)
    if key not in values and not bind.required:
        return process(bind.effective_value), None
    return None, itemgetter(key) if process is _as_it_is else lambda values: process(values[key])


class _Context:
    """What a default that depends on the row's other values asks."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def get_current_parameters(self) -> dict[str, Any]:
        """The values that were given."""
        return dict(self._values)


def _as_it_is(value: Any) -> Any:
    return value


_prepared: dict[tuple[Executable, tuple[str, ...], tuple[int, ...]], Prepared] = {}


def run(session: BoardSession, statement: Executable, values: Mapping[str, Any]) -> Any:
    """What the statement finds, within the session's transaction."""
    if session.on_sqlite:
        found = _prepare(session.engine.dialect, statement, values)
        if found.fits:
            driver = session.driver()
            try:
                return found.run(driver, session.engine, values)
            except sqlite3.Error as why:  # SQLAlchemy meets it again and tells it in its own words,
                if not driver.in_transaction:  # but never outside the transaction that it has ended.
                    raise OperationalError(found.sql, None, why) from why
    return session.held().execute(statement, values)


def on(connection: Place, statement: Executable, values: Mapping[str, Any]) -> Any:
    """What it finds on that connection."""
    if isinstance(connection, BoardSession):
        return run(connection, statement, values)
    if connection.dialect.name == "sqlite":
        found = _prepare(connection.dialect, statement, values)
        if found.fits:
            with suppress(sqlite3.Error):
                return found.run(connection.connection, connection.engine, values)
    return connection.execute(statement, values)


def _prepare(dialect: Dialect, statement: Executable, values: Mapping[str, Any]) -> Prepared:
    key = (statement, tuple(values), tuple([len(value) for value in values.values() if type(value) is list]))
    found = _prepared.get(key)
    if found is None:
        if len(_prepared) >= MOST:
            _prepared.clear()
        _prepared[key] = found = Prepared(statement, dialect, values)
    return found
