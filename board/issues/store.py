"""The few statements of the hot path, built once: inserting a row unless it is there, updating a row by its id.

They run on the transaction's connection, past the ORM: a delivery must cost about as much as a bare request.
"""

from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from board.db import Base, db, on_postgres


def insert_once(model: type[Base], **values: Any) -> int | None:
    """Insert unless a unique index objects; the new id, or None. Defaults of the model apply."""
    found: int | None = db.session.connection().execute(_insert(model, on_postgres()), values).scalar()
    return found


def update_row(model: type[Base], id_: int, values: dict[str, Any], *, shown: bool = False) -> None:
    """Set columns of one row; `shown`: its version goes up too. Objects in the session are not refreshed."""
    statement = _update(model, tuple(sorted(values)), shown)
    db.session.connection().execute(statement, {"row_id": id_, **values})


@cache
def _insert(model: type[Base], postgres: bool) -> Executable:
    insert = postgresql.insert if postgres else sqlite.insert
    return insert(model.__table__).on_conflict_do_nothing().returning(model.__table__.c.id)  # type: ignore[arg-type]


@cache
def _update(model: type[Base], names: tuple[str, ...], shown: bool) -> Executable:
    table = model.__table__
    values: dict[str, Any] = {name: bindparam(name, type_=table.c[name].type) for name in names}
    if shown:
        values["version"] = table.c.version + 1
    return update(table).where(table.c.id == bindparam("row_id")).values(values)  # type: ignore[arg-type]
