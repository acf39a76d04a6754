"""Sending: claim a delivery, try it, note what came of it.

A delivery is claimed by one conditional UPDATE under a lease before it goes out, and noted right after the answer. Who
is killed in between leaves the lease to run out; then it goes out again under the same id, by which receivers know it.
Losing it instead would be worse. One endpoint's deliveries go out one after the other, as far as one can tell.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import aliased

from board.db import db, now, transaction
from board.log import log
from board.mail.letter import origin
from board.outgoing import endpoints, letters, signing, wire
from board.outgoing.models import Endpoint, OutgoingDelivery, Standing, Why
from board.outgoing.outcomes import GONE, Answer, pause
from board.outgoing.spooling import ACTIVE
from board.policy import SYSTEM
from board.vault import Unreadable

LEASE = timedelta(minutes=1)
PATIENCE = timedelta(days=5)
"""An endpoint that took nothing for so long is disabled."""
AT_ONCE = 200


def work_off(endpoint_id: int, seconds: float = 30.0, going_on: Callable[[], bool] = lambda: True) -> int:
    """Send what is due to one endpoint, the oldest first; returns how many attempts were made.

    Stops for now when nobody answered, so that a dead endpoint costs one attempt a turn, and after so many seconds.
    """
    end, n = time.monotonic() + seconds, 0
    while n < AT_ONCE and time.monotonic() < end and going_on():
        delivery = claim(endpoint_id)
        if delivery is None:
            return n
        n += 1
        if attempt(delivery).status is None:
            return n
    return n


def claim(endpoint_id: int, delivery_id: int | None = None) -> OutgoingDelivery | None:
    """The next due delivery (or this one), ours for the length of a lease; None when there is none.

    None as well while another of the same endpoint is on its way. A transaction of its own.
    """
    mark, moment = secrets.token_hex(16), now()
    other = aliased(OutgoingDelivery)
    busy = exists().where(other.endpoint_id == endpoint_id, other.claimed_until > moment)
    due = [
        OutgoingDelivery.endpoint_id == endpoint_id, OutgoingDelivery.status == Standing.WAITING,
        OutgoingDelivery.next_at <= moment,
        or_(OutgoingDelivery.claimed_until.is_(None), OutgoingDelivery.claimed_until <= moment),
        *([OutgoingDelivery.id == delivery_id] if delivery_id else [~busy]),
    ]  # fmt: skip
    while True:
        found = db.session.scalar(select(OutgoingDelivery.id).where(*due).order_by(OutgoingDelivery.id).limit(1))
        if found is None:
            db.session.close()  # No snapshot is held while somebody waits for the next turn.
            return None
        with transaction():
            taken = db.session.execute(
                update(OutgoingDelivery)
                .where(OutgoingDelivery.id == found, *due)
                .values(claim=mark, claimed_until=moment + LEASE)
                .execution_options(synchronize_session=False)
            )
        if taken.rowcount:  # type: ignore[attr-defined]
            delivery = db.session.get_one(OutgoingDelivery, found)
            db.session.expunge(delivery)
            return delivery


def attempt(delivery: OutgoingDelivery) -> Answer:
    """Try a claimed delivery once and note what came of it. No transaction is open while the receiver thinks."""
    answer = _send(delivery)
    with transaction():
        endpoint = db.session.scalar(select(Endpoint).where(Endpoint.id == delivery.endpoint_id).with_for_update())
        if endpoint is not None and _note(delivery, answer):
            _judge(endpoint, delivery, answer)
    if not answer.good:
        log.info("outgoing", delivery=delivery.id, endpoint=delivery.endpoint_id, reason=answer.reason)
    return answer


def due_endpoints() -> list[int]:
    """Those with something to send now: the well ones first, then the longest waiting; what is on its way is left."""
    due = OutgoingDelivery
    waiting = (
        select(due.endpoint_id)
        .join(Endpoint, Endpoint.id == due.endpoint_id)
        .where(due.status == Standing.WAITING, due.next_at <= now(), *ACTIVE)
        .where(or_(due.claimed_until.is_(None), due.claimed_until <= now()))
        .group_by(due.endpoint_id, Endpoint.failing_since)
        .order_by(Endpoint.failing_since.is_not(None), func.min(due.next_at), due.endpoint_id)
    )
    return list(db.session.scalars(waiting))


def _send(delivery: OutgoingDelivery) -> Answer:
    endpoint = db.session.scalar(select(Endpoint).where(Endpoint.id == delivery.endpoint_id, *ACTIVE))
    try:
        keys = endpoints.keys(delivery.endpoint_id)
    except Unreadable:
        keys = []
    db.session.close()
    if endpoint is None or delivery.payload is None:
        return Answer(None, "disabled", 0)
    if not keys:
        return Answer(None, "no_secret", 0)
    body = delivery.payload.encode()
    headers = {
        "User-Agent": f"Stadtrunde ({origin()})",
        "Content-Type": "application/json",
        **signing.headers(delivery.webhook_id, int(now().timestamp()), body, keys),
    }
    return wire.post(endpoint.url, headers, body, current_app.config["BOARD"].webhooks)


def _note(delivery: OutgoingDelivery, answer: Answer) -> bool:
    """Write down an attempt; False when the lease had run out and somebody else has taken it since."""
    attempts = delivery.attempts + 1
    wait = None if answer.good else pause(answer, attempts, now())
    ms = round(answer.seconds * 1000, 1)
    values: Mapping[str, Any] = {
        "attempts": attempts, "code": answer.status, "reason": answer.reason, "ms": ms, "tried_at": now(),
        "tries": [*delivery.tries, [now().isoformat(timespec="seconds"), answer.status, ms, answer.reason]][-30:],
        "claimed_until": None,
        "status": Standing.DELIVERED if answer.good else Standing.WAITING if wait is not None else Standing.FAILED,
        "done_at": None if wait is not None else now(),
        **({"next_at": now() + wait} if wait is not None else {}),
    }  # fmt: skip
    noted = db.session.execute(
        update(OutgoingDelivery)
        .where(OutgoingDelivery.id == delivery.id, OutgoingDelivery.claim == delivery.claim)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(noted.rowcount)  # type: ignore[attr-defined]


def _judge(endpoint: Endpoint, delivery: OutgoingDelivery, answer: Answer) -> None:
    """What an attempt says about its endpoint: well again, failing, or to be left alone."""
    if answer.good:
        endpoint.failing_since = None
        return
    endpoint.failing_since = endpoint.failing_since or now()
    if endpoint.disabled_at is not None or endpoint.deleted_at is not None:
        return
    if answer.status == GONE:
        endpoints.disable(endpoint, SYSTEM, Why.GONE)
        letters.tell(endpoint, "gone")
    elif endpoint.failing_since <= now() - PATIENCE:
        endpoints.disable(endpoint, SYSTEM, Why.SILENT)
        letters.tell(endpoint, "silent")
    elif pause(answer, delivery.attempts + 1, now()) is None:
        letters.tell(endpoint, "failed")
