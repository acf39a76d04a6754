"""Many rows at once: what keeps each single row in order is set aside meanwhile and made anew in one go.

Indexes, text indexes, references (PostgreSQL) and triggers are read from the database itself and put back as
they were, in the transaction of the rows: whoever interrupts it finds the database as it was before. Putting back a
reference or a unique index checks every row, so nothing gets in that could not have come in one by one.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, Boolean, Connection, Date, DateTime, Table, text
from sqlalchemy.types import TypeDecorator

from board.db import Base
from board.search import index

CACHE_KB = 400_000
_DEFAULT_CACHE_KB = 2000

_ON_SQLITE = """
    SELECT type, name, tbl_name, sql FROM sqlite_master
    WHERE type IN ('index', 'trigger') AND tbl_name = :t AND sql IS NOT NULL ORDER BY rowid
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
    WHERE i.indrelid = CAST(:t AS regclass)
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    ORDER BY i.indexrelid
"""
_REFERENCES = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND conrelid = CAST(:t AS regclass) ORDER BY conname
"""


@contextmanager
def set_aside(connection: Connection, tables: Sequence[Table]) -> Iterator[None]:
    """Do without indexes and triggers of these tables, within the running transaction; afterwards all is as before."""
    names = [table.name for table in tables]
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KB}")
    try:
        again = (_sqlite_without if sqlite else _postgres_without)(connection, names)
        yield
        for statement in again:
            connection.exec_driver_sql(statement)
        if sqlite:
            index.rebuild(connection, names)
        connection.exec_driver_sql("ANALYZE")  # The planners know nothing of what came in one transaction.
    finally:
        if sqlite:
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_DEFAULT_CACHE_KB}")


def _sqlite_without(connection: Connection, names: Sequence[str]) -> list[str]:
    again = []
    for name in names:
        for kind, thing, _table, made in connection.execute(text(_ON_SQLITE), {"t": name}).all():
            connection.exec_driver_sql(f'DROP {kind.upper()} "{thing}"')
            again.append(made)
    return again


def _postgres_without(connection: Connection, names: Sequence[str]) -> list[str]:
    indexes, references, triggers = [], [], []
    for name in names:
        connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        triggers.append(f"ALTER TABLE {name} ENABLE TRIGGER USER")
        for reference, definition in connection.execute(text(_REFERENCES), {"t": name}).all():
            connection.exec_driver_sql(f'ALTER TABLE {name} DROP CONSTRAINT "{reference}"')
            references.append(f'ALTER TABLE {name} ADD CONSTRAINT "{reference}" {definition}')
        for thing, made in connection.execute(text(_INDEXES), {"t": name}).all():
            connection.exec_driver_sql(f"DROP INDEX {thing}")
            indexes.append(made)
    return indexes + references + triggers


def table(model: type[Base]) -> Table:
    """The table of a model."""
    return cast("Table", model.__table__)


def write(connection: Connection, into: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows that all have the same columns; what they leave out gets its default. COPY on PostgreSQL."""
    if not rows:
        return
    defaults = {
        column.name: column.default.arg  # type: ignore[attr-defined]
        for column in into.columns
        if column.name not in rows[0] and column.default is not None and column.default.is_scalar
    }
    names = [*rows[0], *defaults]
    change = {name: _change(into.columns[name].type, connection.dialect.name) for name in names}
    steps = tuple((name, change[name]) for name in rows[0])
    same = tuple(change[name](value) for name, value in defaults.items())
    values = (tuple([to(row[name]) for name, to in steps]) + same for row in rows)
    driver: Any = connection.connection.driver_connection
    place = f"{into.name} ({', '.join(names)})"
    if connection.dialect.name == "sqlite":
        driver.executemany(f"INSERT INTO {place} VALUES ({', '.join('?' * len(names))})", values)  # noqa: S608 # nosec
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {place} FROM STDIN") as copy:
        for one in values:
            copy.write_row(one)


def _change(kind: Any, dialect: str) -> Callable[[Any], Any]:
    """What SQLAlchemy would do to a value of this type on its way to the database, in a tenth of the time."""
    kind = kind.impl if isinstance(kind, TypeDecorator) else kind
    if isinstance(kind, JSON):
        return lambda value: json.dumps(value) if value else "{}"
    if dialect != "sqlite":
        return _same
    if isinstance(kind, DateTime):
        return _moment
    if isinstance(kind, Date):
        return lambda value: None if value is None else value.isoformat()
    return _number if isinstance(kind, Boolean) else _same


def _same(value: Any) -> Any:
    return value


def _number(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _moment(value: datetime | None) -> str | None:
    """As `Moment` keeps it; what is made in bulk is UTC."""
    return None if value is None else value.isoformat(" ", "microseconds")[:26]
