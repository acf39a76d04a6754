"""How far a job has read the activity log: each entry once, none missed, though it may be cut off anywhere."""

from board.db import db
from board.live import log
from board.notifications.models import Cursor

BATCH = 500


def fresh(name: str) -> list[log.Entry]:
    """What has been committed since this job last read the log; moves its cursor, in the running transaction.

    A new cursor begins at the end of the log: nobody is told of what happened before.
    """
    source, connection = log.log_of(db.engine), db.session.connection()
    cursor = db.session.get(Cursor, name, with_for_update=True)
    position = log.read(cursor.position) if cursor else None
    entries = source.since(connection, position, BATCH) if position else None
    if cursor is None or entries is None:
        begin(name)
        return []
    settled = [entry for entry in entries if entry.settled]
    if settled:
        cursor.position = log.written(settled[-1].position)
    return settled


def begin(name: str) -> None:
    """Read from the end of the log on."""
    position = log.log_of(db.engine).latest(db.session.connection())
    db.session.merge(Cursor(name=name, position=log.written(position)))
