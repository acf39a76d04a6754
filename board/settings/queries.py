"""How changed settings are read: a stamp that tells whether anything changed, and all of them together with it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from board.db import db, run
from board.settings.models import Setting

Stamp = tuple[object, ...]

_STAMP = select(func.count(), func.coalesce(func.sum(Setting.version), 0), func.max(Setting.changed_at)).select_from(
    Setting
)
_ALL = select(Setting.name, Setting.version, Setting.changed_at, Setting.value)


def stamp() -> Stamp:
    """Changes with every change. Rows are never deleted and versions only grow, so two states never share one;
    the time keeps a restored or emptied database apart.
    """
    return tuple(run(_STAMP).one())


def changed() -> tuple[Stamp, Mapping[str, Any]]:
    """Name → value of all that was ever changed (None: as initially), with the stamp of just this state."""
    rows = db.session.execute(_ALL).all()
    latest = max((row.changed_at for row in rows), default=None)
    return (len(rows), sum(row.version for row in rows), latest), {row.name: row.value for row in rows}
