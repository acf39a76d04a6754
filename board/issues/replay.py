"""Stored deliveries, applied once more by an operator."""

import json
import time

from sqlalchemy import ColumnElement, select

from board.activity.models import act
from board.db import db, now, transaction
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.issues import connections
from board.issues.callers import Caller
from board.issues.message import read
from board.issues.models import Delivery, Status
from board.issues.receive import Answer, finish
from board.policy import Actor

MOST = 500


def replay(delivery_id: int, by: Actor) -> Answer:
    """Apply a stored delivery once more, inside a transaction. What was applied already changes nothing."""
    began = time.perf_counter()
    delivery = db.session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise Missing(_("There is no such delivery."))
    act(by, "delivery.replay", delivery, delivery=delivery.id, connection=delivery.connection_id)
    if delivery.body is None:
        raise Conflict(_("The content of this delivery is not kept: it cannot be replayed."))
    connection = connections.locked(delivery.connection_id)
    who = Caller(connections.known(connection), connection.disabled_at is not None, (), {})
    message = read(connection.provider, delivery.event, json.loads(delivery.body), delivery.body)
    delivery.replayed_at = now()
    db.session.flush()
    return finish(who, delivery.id, message, began)


def replay_failed(connection_id: int, by: Actor, most: int = MOST) -> list[Answer]:
    """Replay all failed deliveries of a connection, oldest first; each in a transaction of its own."""
    return _replay_all(by, most, Delivery.connection_id == connection_id, Delivery.status == Status.FAILED)


def replay_ignored(connection_id: int, repository_id: int, by: Actor, most: int = MOST) -> list[Answer]:
    """Make up for what was ignored while a repository waited for the operator's choice; as far as it is kept."""
    here = (Delivery.connection_id == connection_id, Delivery.repository_id == repository_id)
    return _replay_all(by, most, *here, Delivery.status == Status.IGNORED, Delivery.reason == "unknown_repository")


def _replay_all(by: Actor, most: int, *which: ColumnElement[bool]) -> list[Answer]:
    wanted = select(Delivery.id).where(*which, Delivery.body.is_not(None)).order_by(Delivery.id).limit(most)
    found = []
    for delivery_id in list(db.session.scalars(wanted)):
        with transaction():
            found.append(replay(delivery_id, by))
    return found
