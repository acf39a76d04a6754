"""Trying an endpoint out, and sending again what was not delivered, or was and got lost there."""

from sqlalchemy import select, update

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.mail.letter import origin
from board.outgoing import events, signing
from board.outgoing.models import Endpoint, OutgoingDelivery, Standing
from board.policy import Actor

AFRESH = {"status": Standing.WAITING, "attempts": 0, "done_at": None, "claimed_until": None}
"""Its id stays: to the receiver it is the same message."""


def try_out(endpoint: Endpoint, by: Actor) -> int:
    """Put a test into the log, to be sent at once; its id. Raises Conflict while the endpoint is disabled."""
    act(by, "endpoint.try", endpoint, endpoint=endpoint.id)
    _able(endpoint)
    made = OutgoingDelivery(
        endpoint_id=endpoint.id, webhook_id=signing.new_id(), event=events.TRIAL,
        payload=events.trial(endpoint, now(), origin()),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def resend(endpoint: Endpoint, by: Actor, delivery_id: int) -> None:
    """Send one once more, under the same id. Raises Missing, and Conflict when it waits or its content is gone."""
    act(by, "endpoint.resend", endpoint, endpoint=endpoint.id, delivery=delivery_id)
    _able(endpoint)
    row = db.session.scalar(
        select(OutgoingDelivery)
        .where(OutgoingDelivery.id == delivery_id, OutgoingDelivery.endpoint_id == endpoint.id)
        .with_for_update()
    )
    if row is None:
        raise Missing(_("There is no such delivery."))
    if row.status == Standing.WAITING:
        raise Conflict(_("This delivery waits to be sent already."))
    if row.payload is None:
        raise Conflict(_("The content of this delivery is kept no longer; it cannot be sent again."))
    for name, value in {**AFRESH, "next_at": now()}.items():
        setattr(row, name, value)


def resend_failed(endpoint: Endpoint, by: Actor) -> int:
    """Send all failed ones once more, as far as their content is kept; returns how many."""
    act(by, "endpoint.resend", endpoint, endpoint=endpoint.id)
    _able(endpoint)
    again = db.session.execute(
        update(OutgoingDelivery)
        .where(
            OutgoingDelivery.endpoint_id == endpoint.id, OutgoingDelivery.status == Standing.FAILED,
            OutgoingDelivery.payload.is_not(None),
        )
        .values(**AFRESH, next_at=now())
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return int(again.rowcount)  # type: ignore[attr-defined]


def _able(endpoint: Endpoint) -> None:
    if endpoint.disabled_at is not None:
        raise Conflict(_("The webhook is disabled: enable it first."))
