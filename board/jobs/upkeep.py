"""What the database itself needs now and then: to know how its tables have grown, so that it looks things up well."""

from sqlalchemy import Connection, text

from board.db import db, on_postgres, transaction

ENTRIES = 2000
"""So many entries of each index are looked at, so it is done in a moment and holds up nobody who writes."""


def analyse() -> None:
    """Let SQLite's planner know what is in its tables; PostgreSQL's autovacuum does that by itself."""
    if on_postgres():
        return
    with transaction():
        analyse_on(db.session.connection())


def analyse_on(connection: Connection) -> None:
    """The same on one connection, in its transaction."""
    connection.execute(text(f"PRAGMA analysis_limit = {ENTRIES}"))
    connection.execute(text("ANALYZE"))
