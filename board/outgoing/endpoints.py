"""Endpoints: made, rotated, switched off and on, deleted by administrators and product owners.

A secret is returned once, by the verb that made it; afterwards only its box is kept.
"""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from board import vault
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.outgoing import signing, spooling
from board.outgoing.models import Endpoint, EndpointSecret, OutgoingDelivery, Standing, Why
from board.policy import Actor

SLOTS = (1, 2)


@dataclass(frozen=True)
class Wishes:
    """What an operator says about an endpoint: its address, and what it is told."""

    url: str
    kinds: Sequence[str]
    description: str = ""
    partner_id: int | None = None


def create(by: Actor, wishes: Wishes, public_id: str = "") -> tuple[Endpoint, str]:
    """A new endpoint and its secret, to be shown once. Raises Conflict when the same form was sent before."""
    endpoint = Endpoint(
        public_id=public_id or new_public_id(), url=wishes.url, description=wishes.description,
        kinds=sorted(wishes.kinds), partner_id=wishes.partner_id, person_id=by.person_id,
    )  # fmt: skip
    taken = select(Endpoint.id).where(Endpoint.public_id == endpoint.public_id)
    if db.session.scalar(taken) is not None:
        raise Conflict(_("This webhook was created already; its secret is not shown again."))
    spooling.begin()
    db.session.add(endpoint)
    db.session.flush()
    act(by, "endpoint.create", endpoint, endpoint=endpoint.id)
    return endpoint, _add_secret(endpoint.id)


def edit(endpoint: Endpoint, by: Actor, wishes: Wishes) -> None:
    """Change what is told and where to; another address begins without the failures of the old one."""
    act(by, "endpoint.edit", endpoint, endpoint=endpoint.id)
    if endpoint.url != wishes.url:
        endpoint.failing_since = None
    endpoint.url, endpoint.description = wishes.url, wishes.description
    endpoint.kinds, endpoint.partner_id = sorted(wishes.kinds), wishes.partner_id


def rotate(endpoint: Endpoint, by: Actor) -> str:
    """A second valid secret beside the first; both sign. Raises Conflict when two are active already."""
    act(by, "endpoint.rotate", endpoint, endpoint=endpoint.id)
    return _add_secret(endpoint.id)


def retire(endpoint: Endpoint, by: Actor, secret_id: int) -> None:
    """A secret signs no more and is forgotten; once more is harmless. Raises Missing; Conflict for the last one."""
    act(by, "endpoint.retire", endpoint, endpoint=endpoint.id, secret=secret_id)
    row = db.session.get(EndpointSecret, secret_id)
    if row is None or row.endpoint_id != endpoint.id:
        raise Missing(_("There is no such secret."))
    if row.retired_at is not None:
        return
    if len(_live(endpoint.id)) == 1:
        raise Conflict(_("This is the only secret left: make a new one first, or disable the webhook."))
    row.retired_at, row.box = now(), None


def disable(endpoint: Endpoint, by: Actor, why: Why = Why.PERSON) -> None:
    """Tell it nothing any more; what still waits has failed, and can be sent again once it is enabled."""
    act(by, "endpoint.disable", endpoint, endpoint=endpoint.id, why=str(why))
    if endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_why = now(), why
    _end_waiting(endpoint.id, "disabled")


def enable(endpoint: Endpoint, by: Actor) -> None:
    """Tell it what happens from now on."""
    act(by, "endpoint.enable", endpoint, endpoint=endpoint.id)
    if endpoint.disabled_at is not None:
        spooling.begin()
        endpoint.disabled_at, endpoint.disabled_why, endpoint.failing_since = None, "", None
        endpoint.since_at = now()


def delete(endpoint: Endpoint, by: Actor) -> None:
    """Address and secrets are gone for good; its log stays until its time is over."""
    act(by, "endpoint.delete", endpoint, endpoint=endpoint.id)
    endpoint.deleted_at, endpoint.url = now(), ""
    _end_waiting(endpoint.id, "deleted")
    for row in _live(endpoint.id):
        row.retired_at, row.box = now(), None


def new_public_id() -> str:
    """128 random bits, by which a form that is sent twice makes one endpoint."""
    return random.token_hex(16)


def locked(endpoint_id: int) -> Endpoint:
    """By its id, held until the transaction ends. Raises Missing."""
    same = (Endpoint.id == endpoint_id, Endpoint.deleted_at.is_(None))
    found = db.session.scalar(select(Endpoint).where(*same).with_for_update())
    if found is None:
        raise Missing(_("There is no such webhook."))
    return found


def keys(endpoint_id: int) -> list[str]:
    """Its valid secrets, readable; raises vault.Unreadable."""
    return [vault.unseal(row.box, _purpose(endpoint_id)) for row in _live(endpoint_id) if row.box]


def _end_waiting(endpoint_id: int, reason: str) -> None:
    db.session.execute(
        update(OutgoingDelivery)
        .where(OutgoingDelivery.endpoint_id == endpoint_id, OutgoingDelivery.status == Standing.WAITING)
        .values(status=Standing.FAILED, reason=reason, done_at=now())
        .execution_options(synchronize_session=False)
    )


def _add_secret(endpoint_id: int) -> str:
    taken = {row.slot for row in _live(endpoint_id)}
    free = [slot for slot in SLOTS if slot not in taken]
    if not free:
        raise Conflict(_("Two secrets are active already: retire one first."))
    secret = signing.new_secret()
    db.session.add(EndpointSecret(endpoint_id=endpoint_id, slot=free[0], box=vault.seal(secret, _purpose(endpoint_id))))
    db.session.flush()
    return secret


def _live(endpoint_id: int) -> list[EndpointSecret]:
    wanted = select(EndpointSecret).where(
        EndpointSecret.endpoint_id == endpoint_id, EndpointSecret.retired_at.is_(None)
    )
    return list(db.session.scalars(wanted.order_by(EndpointSecret.id)))


def _purpose(endpoint_id: int) -> str:
    return f"outgoing-{endpoint_id}"
