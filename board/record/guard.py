"""The database itself refuses to change or remove what is on record, whoever asks: triggers on both databases.

Recreating a table drops its triggers, so the environment of migrations calls `lower` before and `raise_` after every
upgrade, in its transaction. Nothing else lowers the guard but a restore, which replaces the whole database.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

TABLES = ("activity", "seal", "decision_record", "minutes")
KEYS = {"activity": "id", "seal": "position", "decision_record": "decision_id", "minutes": "id"}
ONLY = {"decision_record": " OF decision_id, proposal_id, made_at, content, words"}
"""Columns that an UPDATE must not touch, where it is not all of them: a confidential issue's words must still go."""
FUNCTION = "append_only"

_SQLITE = {
    "update": "BEFORE UPDATE{only} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    "delete": "BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    # INSERT OR REPLACE removes a row without asking the trigger on DELETE.
    "replace": "BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
    " BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
}
_POSTGRES = {
    "change": f"BEFORE UPDATE{{only}} OR DELETE ON {{table}} FOR EACH ROW EXECUTE FUNCTION {FUNCTION}()",
    "truncate": f"BEFORE TRUNCATE ON {{table}} FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()",
}
_REFUSE = f"""
    CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""


def raise_(connection: Connection) -> None:
    """Create the triggers that are missing, on those of the tables that exist."""
    lower(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text(_REFUSE))
    for table in _present(connection):
        for name, rule in _triggers(connection).items():
            told = rule.format(table=table, key=KEYS[table], only=ONLY.get(table, ""))
            connection.execute(text(f"CREATE TRIGGER {table}_{name} {told}"))


def lower(connection: Connection) -> None:
    """Remove the triggers: for migrations, a restore and the emptying of test databases only."""
    for table in _present(connection):
        on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        for name in _triggers(connection):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_{name}{on}"))
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP FUNCTION IF EXISTS {FUNCTION}()"))


@contextmanager
def lowered(connection: Connection) -> Iterator[None]:
    """Lower the guard for a while, in the transaction of the caller."""
    lower(connection)
    yield
    raise_(connection)


def missing(connection: Connection) -> list[str]:
    """The triggers that should be there and are not (for `flask check`)."""
    expected = {f"{table}_{name}" for table in TABLES for name in _triggers(connection)}
    if connection.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return sorted(expected - set(connection.scalars(text(query))))


def _triggers(connection: Connection) -> dict[str, str]:
    return _POSTGRES if connection.dialect.name == "postgresql" else _SQLITE


def _present(connection: Connection) -> list[str]:
    there = inspect(connection)
    return [table for table in TABLES if there.has_table(table)]
