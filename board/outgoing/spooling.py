"""From the log to deliveries: each entry becomes one delivery for each endpoint that wants it, once.

The log is read from a stored cursor; deliveries and cursor are one transaction, and a delivery is unique for its
endpoint and entry, so that nothing is told twice or forgotten, whoever dies and however many do this at once.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from board.db import db, now, on_postgres, transaction
from board.mail.letter import origin
from board.notifications import cursor
from board.outgoing import events, signing
from board.outgoing.models import Endpoint, OutgoingDelivery, Standing

CURSOR = "outgoing"
ACTIVE = (Endpoint.deleted_at.is_(None), Endpoint.disabled_at.is_(None))


def spool() -> int:
    """Put what happened since into the deliveries of all endpoints; returns how many. Opens its own transactions."""
    if not wanted():
        return 0  # Without an endpoint the log is not read; the next endpoint begins at its end.
    n, more = 0, True
    while more:
        with transaction():
            entries = cursor.fresh(CURSOR)
            more = len(entries) == cursor.BATCH
            ids = [entry.id for entry in entries if events.kind_of(entry.verb)]
            n += _put(ids) if ids else 0
    return n


def wanted() -> bool:
    """Whether anybody wants to be told."""
    return db.session.scalar(select(Endpoint.id).where(*ACTIVE).limit(1)) is not None


def begin() -> None:
    """The first endpoint begins at the end of the log; in the transaction that makes or enables it."""
    if not wanted():
        cursor.begin(CURSOR)


def _put(ids: list[int]) -> int:
    endpoints = list(db.session.scalars(select(Endpoint).where(*ACTIVE).order_by(Endpoint.id)))
    kinds = {kind for endpoint in endpoints for kind in endpoint.kinds}
    rows: list[dict[str, Any]] = [
        {
            "endpoint_id": endpoint.id, "activity_id": told.activity_id, "webhook_id": signing.new_id(),
            "event": told.event, "subject": told.subject, "payload": told.body, "status": Standing.WAITING,
            "next_at": now(), "created_at": now(),
        }
        for told in events.told(ids, kinds, origin())
        for endpoint in endpoints
        if events.wants(endpoint, told)
    ]  # fmt: skip
    if not rows:
        return 0
    insert = postgresql.insert if on_postgres() else sqlite.insert
    db.session.execute(insert(OutgoingDelivery).on_conflict_do_nothing(), rows)
    return len(rows)
