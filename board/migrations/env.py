"""Alembic's environment: one connection, our metadata, foreign keys off while SQLite recreates tables.

The triggers of the record and of what is counted are lowered for the upgrade and raised after it: recreating a table
would drop them silently.
"""

from alembic import context
from flask import current_app

from board.db import Moment
from board.jobs import upkeep
from board.models import metadata
from board.proposals import ahead
from board.record import guard
from board.search import index

config = context.config


def _mine(thing, name, kind, _reflected, _other):
    """Text indexes are made by board.search.index, the live readers' column by hand, the queue's tables by Huey."""
    name = name or ""
    made_elsewhere = "_fts" in name or (kind == "table" and name.startswith("huey_"))
    return not made_elsewhere and name not in {"xid", "ix_activity_xid", "fts"}


def _plain_times(kind, thing, _autogen):
    """Migrations are history: they must not import the board's own types."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, Moment) else False


def run():
    engine = current_app.extensions["migrate"].db.engine
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect().execution_options(write=True) as connection:
        if sqlite:
            # Recreating a parent with foreign keys on would silently delete its children.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        # Our own transaction around everything: Alembic alone would commit SQLite step by step.
        with connection.begin():
            context.configure(
                connection=connection,
                target_metadata=metadata,
                render_as_batch=True,
                compare_type=True,
                include_object=_mine,
                render_item=_plain_times,
            )
            guard.lower(connection)
            ahead.lower(connection)
            before = context.get_context().get_current_heads()
            context.run_migrations()
            guard.raise_(connection)
            ahead.raise_(connection)
            index.ensure(connection)
            if (
                sqlite and context.get_context().get_current_heads() != before
            ):  # Every reference: long on a large board.
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"foreign keys broken by the migration: {broken[:5]}")
                upkeep.analyse_on(connection)  # Of a new index the planner believes that it narrows better than any.
        connection.commit()
        with connection.begin():
            index.ensure(connection)  # Recreating a table has dropped its triggers.
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


run()
