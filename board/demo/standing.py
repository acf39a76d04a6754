"""What stands in the database before the demo touches it. Looking changes nothing: it neither migrates nor writes."""

import enum

from sqlalchemy import Connection, inspect, text

from board.db import db
from board.demo.models import Installation

OURS = frozenset({"alembic_version", "person", "partner", "topic", "proposal", "activity"})
FILLED = ("person", "partner", "topic", "proposal", "activity")


class Standing(enum.Enum):
    """What was found."""

    EMPTY = "empty"
    DEMO = "demo"
    OTHER = "other"


def look() -> Standing:
    """EMPTY: no tables, or the board's own without a row. DEMO: a board that is marked as one. OTHER: anything else."""
    with db.engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return Standing.EMPTY
        if not tables >= OURS:
            return Standing.OTHER
        if Installation.__tablename__ in tables and _marked(connection):
            return Standing.DEMO
        filled = any(connection.scalar(text(f"SELECT 1 FROM {name} LIMIT 1")) for name in FILLED)  # noqa: S608 # nosec
        return Standing.OTHER if filled else Standing.EMPTY


def _marked(connection: Connection) -> bool:
    return bool(connection.scalar(text("SELECT kind FROM installation")) == Installation.DEMO)
