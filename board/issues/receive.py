"""A delivery from the first byte to its answer, in the contract's order; everything after the check is one transaction.

Connection (404) → length (411, 413) → bytes → signature (401) → delivery row → parse (400) → apply in a savepoint:
what fails there is kept as failed and answered with 202, so that an operator can replay it.
"""

import hashlib
import time
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import Headers

from board.activity.models import act
from board.db import db, transaction
from board.errors import Busy
from board.issues import callers, develop, providers, repositories
from board.issues.apply import Outcome, Place, apply
from board.issues.callers import Caller
from board.issues.message import Message, kind_of, take_apart
from board.issues.models import Delivery, Standing, Status
from board.issues.repositories import Known
from board.issues.signatures import Refused, verify
from board.issues.snapshot import Reading
from board.issues.store import insert_once
from board.log import log
from board.policy import FORGE


@dataclass(frozen=True)
class Answer:
    """The HTTP status, and what the small body says."""

    code: int
    status: str
    reason: str = ""
    delivery_id: int | None = None


def receive(who: Caller, headers: Headers, raw: bytes, *, form: bool) -> Answer:
    """Verify, record and apply a delivery. Raises Busy or a database error when nothing could be kept (503)."""
    began = time.perf_counter()
    try:
        secret = verify(who.connection.provider, headers, raw, form, who.secrets)
    except Refused as refused:
        callers.count_refused(who.connection.id, str(refused))
        return Answer(401, "refused")
    event = providers.event_of(who.connection.provider, headers)
    message = take_apart(who.connection.provider, event, raw, form)
    keys = {
        "connection_id": who.connection.id,
        "external_id": providers.id_of(who.connection.provider, headers),
        "body_hash": hashlib.sha256(raw).hexdigest(),
    }
    row = {**keys, "event": event, "action": message.action, "secret_id": secret.id}
    answer = _at_once(who, row, message, began)
    if answer is not None:
        return answer
    with transaction():
        callers.note_used(who, secret)
        callers.note_heard(who, secret, message)
        delivery_id = insert_once(Delivery, status=Status.RECEIVED, **row)
        if delivery_id is None:
            again = _copy(keys)
            if again is None:
                return Answer(200, Status.DUPLICATE)
            delivery_id = again
        return finish(who, delivery_id, message, began)


class _TakeBack(Exception):
    """Undo a transaction on purpose."""


def _at_once(who: Caller, row: dict[str, Any], message: Message, began: float) -> Answer | None:
    """The usual case in the fewest statements: applied, and recorded in the same transaction by one insert.

    None, with everything taken back, when anything stands in the way (a copy, a failure, a secret whose use must
    be noted): then the careful way decides.
    """
    if who.disabled or message.reading is None or message.reading.ping or callers.use_is_news(who, row["secret_id"]):
        return None
    try:
        with transaction():
            more, outcome = _follow(who.connection, message.reading)
            if outcome.reason == "unchanged":
                raise _TakeBack
            ms = round((time.perf_counter() - began) * 1000, 1)
            values = {**row, "body": message.body, **more, "status": outcome.status, "reason": outcome.reason, "ms": ms}
            delivery_id = insert_once(Delivery, **values)
            if delivery_id is None:
                raise _TakeBack
    except Busy:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the careful way meets it again and tells it.
        return None
    return Answer(200, outcome.status, outcome.reason, delivery_id)


def finish(who: Caller, delivery_id: int, message: Message, began: float) -> Answer:
    """Apply a message to its delivery row and say how it ended; inside a transaction."""
    values, outcome = _apply(who, delivery_id, message)
    values |= {"status": outcome.status, "reason": outcome.reason}
    values["ms"] = round((time.perf_counter() - began) * 1000, 1)
    db.session.execute(
        update(Delivery).where(Delivery.id == delivery_id).values(**values).execution_options(synchronize_session=False)
    )
    if outcome.status == Status.FAILED:
        act(FORGE, "delivery.fail", db.session.get_one(Delivery, delivery_id), connection=who.connection.id)
    code = 400 if message.unreadable else 202 if outcome.status == Status.FAILED else 200
    return Answer(code, outcome.status, outcome.reason, delivery_id)


def _apply(who: Caller, delivery_id: int, message: Message) -> tuple[dict[str, Any], Outcome]:
    """The outcome, and what else the log keeps: repository, number, and the body unless it must not be kept."""
    if who.disabled:
        return {}, Outcome(Status.IGNORED, "disabled")
    values: dict[str, Any] = {"body": message.body}
    if message.reading is None:
        return values, Outcome(Status.FAILED, message.problem)
    try:
        with db.session.begin_nested():
            more, outcome = _follow(who.connection, message.reading)
    except Exception as crash:
        if isinstance(crash, DBAPIError) and crash.connection_invalidated:
            raise
        log.error("delivery failed", delivery=delivery_id, why=kind_of(crash), at=_place(crash))
        # The visibility of the repository is not known any more: keep no text that may be private.
        hidden = _may_be_private(message.reading) and not who.connection.show_private
        number = message.reading.snapshot.number if message.reading.snapshot else None
        return {"body": None if hidden else message.body, "number": number}, Outcome(Status.FAILED, kind_of(crash))
    if outcome.reason == "unchanged" and _seen(delivery_id):
        outcome = replace(outcome, status=Status.DUPLICATE)
    if outcome.status == Status.PROCESSED and message.reading.ping:
        outcome = replace(outcome, reason="ping")
    return values | more, outcome


def _follow(connection: Known, reading: Reading) -> tuple[dict[str, Any], Outcome]:
    """Let repository, issue or package follow what the delivery says."""
    number = reading.snapshot.number if reading.snapshot else None
    values: dict[str, Any] = {"number": number}
    if reading.repository is None:
        return values, _idle(reading, "no_repository")
    home = repositories.settle(connection, reading.repository, reading)
    if home is None:
        return values, _idle(reading, "no_repository")
    values["repository_id"] = home.id
    hide = home.private and not connection.show_private
    if hide or reading.confidential:
        values["body"] = None
    if home.standing != Standing.KNOWN:
        return values, Outcome(Status.IGNORED, "unknown_repository")
    if reading.repository_gone:
        repositories.lost(home.id)
        return values, Outcome(Status.PROCESSED, "repository_deleted")
    if reading.snapshot is not None:
        place = Place(home.id, home.name, hide, connection.id)
        return values, apply(place, reading.snapshot, known_only=reading.known_only)
    if reading.work is not None and not reading.private:
        return values, Outcome(Status.IGNORED, "private") if hide else develop.note(home.id, reading.work)
    return values, _idle(reading, "no_change")


def _idle(reading: Reading, reason: str) -> Outcome:
    """Nothing to apply: a ping is good news, everything else is ignored."""
    if reading.ping:
        return Outcome(Status.PROCESSED, "ping")
    return Outcome(Status.IGNORED, reading.reason if reading.reason not in {"", "work"} else reason)


def _may_be_private(reading: Reading) -> bool:
    return reading.repository is None or reading.repository.private is not False


def _copy(keys: dict[str, Any]) -> int | None:
    """The delivery is here already: count the copy; one that had failed is tried again (returns its id)."""
    row = db.session.execute(
        update(Delivery)
        .where(*(getattr(Delivery, name) == value for name, value in keys.items()))
        .values(copies=Delivery.copies + 1)
        .returning(Delivery.id, Delivery.status, Delivery.reason)
        .execution_options(synchronize_session=False)
    ).one()
    return row.id if row.status == Status.FAILED and row.reason != "unreadable" else None


def _seen(delivery_id: int) -> bool:
    """Whether the same body came before under another id: a redelivery by hand."""
    this = select(Delivery.connection_id, Delivery.body_hash).where(Delivery.id == delivery_id).subquery()
    other = select(Delivery.id).where(
        Delivery.connection_id == this.c.connection_id,
        Delivery.body_hash == this.c.body_hash,
        Delivery.id < delivery_id,
    )
    return db.session.scalar(other.limit(1)) is not None


def _place(crash: BaseException) -> str:
    trace, found = crash.__traceback__, ""
    while trace:
        found = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
