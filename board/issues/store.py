"""One statement that the whole feature needs: insert a row unless it is there already, decided by the database."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from board.db import Base, db, on_postgres


def insert_once(model: type[Base], **values: Any) -> int | None:
    """Insert unless a unique index objects; the new id, or None. Defaults of the model apply."""
    insert = postgresql.insert if on_postgres() else sqlite.insert
    statement = insert(model).values(**values).on_conflict_do_nothing().returning(model.__table__.c.id)
    found: int | None = db.session.scalar(statement)
    return found
