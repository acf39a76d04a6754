"""The activity log, read by position so that nothing is missed, on SQLite and on PostgreSQL.

A position is a tuple that grows: `(id,)` on SQLite, where one writer at a time commits ids in order;
`(xid, id)` on PostgreSQL, where ids do not commit in order: rows are *settled* once every transaction up to theirs
has ended (`xid < pg_snapshot_xmin`), and only settled rows move a position.
"""

import re
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Engine, func, select, text

from board import quick
from board.activity.models import Activity
from board.activity.topics import public_topics, topics

Position = tuple[int, ...]
_POSITION = re.compile(r"\d{1,18}(-\d{1,18})?")
_COLUMNS = (
    Activity.id, Activity.verb, Activity.proposal_id, Activity.package_id, Activity.comment_id,
    Activity.partner_id, Activity.about_id,
)  # fmt: skip

_SQLITE_LATEST = select(func.max(Activity.id))
_POSTGRES_LATEST = text("""
    SELECT CAST(activity.xid AS text) AS xid, id
    FROM activity
    WHERE activity.xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY activity.xid DESC, id DESC
    LIMIT 1
""")
_POSTGRES_SINCE = text("""
    SELECT id, verb, proposal_id, package_id, comment_id, partner_id, about_id, CAST(activity.xid AS text) AS xid,
           activity.xid < pg_snapshot_xmin(pg_current_snapshot()) AS settled
    FROM activity
    WHERE (activity.xid, id) > (CAST(:xid AS xid8), :id)
    ORDER BY activity.xid, id
    LIMIT :limit
""")


@dataclass(frozen=True)
class Entry:
    """One row of the log: its position, whether that is settled, and the topics it touches."""

    id: int
    position: Position
    settled: bool
    topics: frozenset[str]
    public: frozenset[str]
    verb: str


class Log(Protocol):
    """The activity log of one database."""

    seconds: float
    """How long to wait between two looks."""

    def changed(self) -> bool:
        """Whether anything may have been written since the last look; cheap."""
        ...

    def latest(self, connection: quick.Place) -> Position:
        """A position before which everything is visible to every snapshot taken from now on."""
        ...

    def since(self, connection: quick.Place, position: Position, limit: int) -> list[Entry] | None:
        """At most `limit` rows after the position, in order; None when the log does not know such a position."""
        ...


class SqliteLog:
    """One writer at a time: ids are the order of commits, and `data_version` tells when to look."""

    seconds = 0.05

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._watch: Any = None
        self._version = -1

    def changed(self) -> bool:
        """Ask a connection of its own, kept for this: the pragma tells what *others* have committed."""
        if self._watch is None:
            self._watch = self.engine.raw_connection()
        (version,) = self._watch.driver_connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(before != version)

    def latest(self, connection: quick.Place) -> Position:
        """The newest id."""
        return (quick.on(connection, _SQLITE_LATEST, {}).scalar() or 0,)

    def since(self, connection: quick.Place, position: Position, limit: int) -> list[Entry] | None:
        """Rows with a greater id."""
        if len(position) != 1 or position > self.latest(connection):
            return None
        query = select(*_COLUMNS).where(Activity.id > position[0]).order_by(Activity.id).limit(limit)
        return [_entry(row, (row.id,), True) for row in connection.execute(query)]


class PostgresLog:
    """Rows in the order (xid, id); what is visible but not settled is told at once and told again if in doubt."""

    seconds = 0.25

    def changed(self) -> bool:
        """Look every time: one short index scan, four times a second and process."""
        return True

    def latest(self, connection: quick.Place) -> Position:
        """The last settled row. Never a bare transaction id: after a crash PostgreSQL gives some of them out again."""
        row = connection.execute(_POSTGRES_LATEST).first()
        return (int(row.xid), row.id) if row else (0, 0)

    def since(self, connection: quick.Place, position: Position, limit: int) -> list[Entry] | None:
        """Rows after (xid, id), settled ones first."""
        ahead = text("SELECT CAST(:xid AS xid8) > pg_snapshot_xmax(pg_current_snapshot())")
        if len(position) != 2 or connection.scalar(ahead, {"xid": str(position[0])}):
            return None
        rows = connection.execute(_POSTGRES_SINCE, {"xid": str(position[0]), "id": position[1], "limit": limit})
        return [_entry(row, (int(row.xid), row.id), row.settled) for row in rows]


def log_of(engine: Engine) -> Log:
    """The log of this database."""
    return SqliteLog(engine) if engine.dialect.name == "sqlite" else PostgresLog()


def written(position: Position) -> str:
    """`4711`, or `812-4711` on PostgreSQL."""
    return "-".join(map(str, position))


def read(position: str) -> Position | None:
    """The position in such a text; None when it is none."""
    return tuple(map(int, position.split("-"))) if _POSITION.fullmatch(position) else None


def _entry(row: Any, position: Position, settled: bool) -> Entry:
    return Entry(row.id, position, settled, topics(row), public_topics(row), row.verb)
