"""Worlds that many tests begin with are made once and put back row by row: that costs a tenth of making them.

A world is only put back where the same steps were taken from an empty database and nobody has written since; anything
else makes it anew. It is made anew after some seconds too, for sessions and times grow old.
"""

import sqlite3
import time
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from flask import Flask, has_app_context
from sqlalchemy import Connection, Engine, text

from board import changes
from board.db import Base, db, now
from board.i18n import today
from board.record import guard

T = TypeVar("T")
SECONDS = 30
PRESENT = timedelta(seconds=1)


@dataclass(eq=False)
class Kept:
    """What making a world returned, the rows it left, when the oldest of them was made, and under which settings."""

    value: Any
    rows: Any
    made_at: float
    settings: object = None


@dataclass
class Worlds:
    """The worlds of one test database, and which of them it holds now (none: nobody knows what is in it)."""

    mark: changes.Mark
    store: "Sqlite | Postgres"
    held: Kept | None = None
    at: object = None
    kept: dict[Hashable, Kept] = field(default_factory=dict)

    def now_holds(self, kept: Kept) -> None:
        """Note how the database came to be as it is."""
        self.held, self.at = kept, self.mark.read()


EMPTY = Kept(None, None, 0.0)


def empty(app: Flask) -> None:
    """Remove all rows and begin every id at 1 again; the electorate starts at nobody."""
    with app.app_context():
        worlds = _of(app)
        worlds.store.empty()
        worlds.now_holds(EMPTY)


def begun(app: Flask, name: Hashable, make: Callable[[], T]) -> T:
    """As `made` after `empty`; what can be put back is written over whatever is there, which need not go before."""
    with app.app_context():
        worlds = _of(app)
        kept = _kept(app, worlds, EMPTY, name)
        if kept is None:
            empty(app)
            return _made(app, worlds, name, make)
        return _put_back(worlds, kept)  # type: ignore[no-any-return]


def made(app: Flask, name: Hashable, make: Callable[[], T]) -> T:
    """What `make()` returns, with the rows it makes: made now, or put back. Call it outside a transaction.

    `name` says all that `make` depends on but the database; what it returns must not be changed.
    """
    with nullcontext() if has_app_context() else app.app_context():
        return _made(app, _of(app), name, make)


def _made(app: Flask, worlds: Worlds, name: Hashable, make: Callable[[], T]) -> T:
    before = worlds.held
    if before is None or worlds.mark.read() != worlds.at or not _present():
        worlds.held = None
        return make()
    kept = _kept(app, worlds, before, name)
    if kept:
        return _put_back(worlds, kept)  # type: ignore[no-any-return]
    begun = time.monotonic()
    value = make()
    fresh = {key: kept for key, kept in worlds.kept.items() if begun - kept.made_at < SECONDS}
    made_at = begun if before is EMPTY else before.made_at
    kept = Kept(value, worlds.store.take(), made_at, app.config["BOARD"])
    worlds.kept = fresh | {_key(app, before, name): kept}
    worlds.now_holds(kept)
    return value


def _present() -> bool:
    """Whether the board's clock tells the time."""
    return abs(now() - datetime.now(UTC)) <= PRESENT


def _key(app: Flask, before: Kept, name: Hashable) -> Hashable:
    """Made from that very world: one made anew has other sessions."""
    return (before, name, id(app.config["BOARD"]), today())


def _kept(app: Flask, worlds: Worlds, before: Kept, name: Hashable) -> Kept | None:
    """What was made of that world, unless it has grown old."""
    kept = worlds.kept.get(_key(app, before, name)) if _present() else None
    return kept if kept and time.monotonic() - kept.made_at < SECONDS else None


def _put_back(worlds: Worlds, kept: Kept) -> Any:
    db.session.close()
    worlds.store.put(kept.rows)
    worlds.now_holds(kept)
    return kept.value


def _of(app: Flask) -> Worlds:
    if "worlds" not in app.extensions:
        with app.app_context():
            store = Sqlite(db.engine) if db.engine.dialect.name == "sqlite" else Postgres(db.engine)
            app.extensions["worlds"] = Worlds(changes.mark_of(db.engine), store)
    found: Worlds = app.extensions["worlds"]
    return found


def forget(app: Flask) -> None:
    """The tables were made anew: their columns may stand in another order, so nothing that was kept fits."""
    if "worlds" in app.extensions:
        app.extensions["worlds"].kept.clear()


def close(app: Flask) -> None:
    """Let go of the database."""
    if "worlds" in app.extensions:
        app.extensions["worlds"].mark.close()


class Sqlite:
    """Copies the database page by page."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pristine: sqlite3.Connection | None = None

    def empty(self) -> None:
        """Write the empty database over the used one."""
        if self.pristine is None:
            with self.engine.connect().execution_options(write=True) as connection:
                with guard.lowered(connection):
                    for table in reversed(Base.metadata.sorted_tables):
                        connection.execute(table.delete())
                connection.execute(text("INSERT INTO electorate (id, size, version) VALUES (1, 0, 1)"))
                connection.commit()
            self.pristine = self.take()
        self.put(self.pristine)

    def take(self) -> sqlite3.Connection:
        """The database as it is."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        with self.engine.connect() as connection:
            _driver(connection).backup(copy)
        return copy

    def put(self, copy: sqlite3.Connection) -> None:
        """Make the database what it was."""
        with self.engine.connect() as connection:
            copy.backup(_driver(connection))


EMPTYING = """SET LOCAL session_replication_role = replica;  -- The record's guard sleeps.
DO $$ DECLARE t text; used boolean; s record; BEGIN
  FOREACH t IN ARRAY ARRAY[{tables}] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', t) INTO used;
    IF used THEN EXECUTE format('DELETE FROM %I', t); END IF;
  END LOOP;
  FOR s IN SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences WHERE last_value > 0 LOOP
    PERFORM setval(s.name, 1, false);
  END LOOP;
END $$;
"""
COLUMNS = """SELECT attrelid::regclass::text, string_agg(quote_ident(attname), ', ' ORDER BY attnum),
  string_agg('r.' || quote_ident(attname), ', ' ORDER BY attnum)
  FROM pg_attribute WHERE attrelid = ANY(%s::regclass[]) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
  GROUP BY 1"""
NUMBERS = """SELECT format('SELECT setval(%L, %s);', format('%I.%I', schemaname, sequencename), last_value)
  FROM pg_sequences WHERE last_value IS NOT NULL"""


class Postgres:
    """Deletes from the tables that were used, and inserts what was there as one script."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tables = [table.name for table in Base.metadata.sorted_tables]
        self.emptying = EMPTYING.format(tables=", ".join(f"'{name}'" for name in self.tables))
        self.puts = 0

    def empty(self) -> None:
        """Delete everything."""
        self.put("INSERT INTO electorate (id, size, version) VALUES (1, 0, 1);")

    def take(self) -> str:
        """A script that inserts all rows as they are and lets ids go on where they were."""
        arrays = " UNION ALL ".join(
            f"SELECT '{name}', quote_literal((SELECT array_agg(t) FROM \"{name}\" t)::text)" for name in self.tables
        )
        with self.engine.connect() as connection:
            cursor = _driver(connection).cursor()
            columns = {row[0]: row[1:] for row in cursor.execute(COLUMNS, [self.tables])}
            script = []
            for name, rows in cursor.execute(arrays).fetchall():
                if rows:
                    into, of = columns[name]
                    script.append(
                        f'INSERT INTO "{name}" ({into}) OVERRIDING SYSTEM VALUE SELECT {of}'
                        f' FROM unnest({rows}::"{name}"[]) AS r;'
                    )
            return "\n".join([*script, *(row[0] for row in cursor.execute(NUMBERS))])

    def put(self, script: str) -> None:
        """Make the database what the script says."""
        self.puts += 1
        with self.engine.connect() as connection:
            _driver(connection).execute(f"{self.emptying}{script}")
            _driver(connection).commit()
            if self.puts % 20 == 0:  # What was deleted would be read again and again.
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
