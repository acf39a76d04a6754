"""Every way to read endpoints and their log: for operators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import case, func, select

from board.db import db
from board.outgoing.models import Endpoint, EndpointSecret, OutgoingDelivery, Standing
from board.partners.models import Partner

PAGE = 50


@dataclass(frozen=True)
class SecretLine:
    """A valid secret, without itself; `number` counts the secrets that the endpoint has had."""

    id: int
    created_at: datetime
    number: int


@dataclass(frozen=True)
class EndpointLine:
    """An endpoint with what its operator must know at a glance."""

    id: int
    url: str
    description: str
    kinds: tuple[str, ...]
    partner_id: int | None
    partner: str
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_why: str
    last_good_at: datetime | None
    last_tried_at: datetime | None
    n_waiting: int
    n_failed: int
    secrets: tuple[SecretLine, ...] = ()

    @property
    def host(self) -> str:
        """The host of its address."""
        return urlsplit(self.url).netloc

    @property
    def name(self) -> str:
        """What it is called: what somebody wrote, else its host."""
        return self.description or self.host


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery in the log, without its content; `has_body` says whether it can be read and sent again."""

    id: int
    webhook_id: str
    event: str
    subject: str
    status: str
    attempts: int
    next_at: datetime
    created_at: datetime
    tried_at: datetime | None
    done_at: datetime | None
    code: int | None
    reason: str
    ms: float | None
    has_body: bool


@dataclass(frozen=True)
class Filter:
    """What the log shows: empty means all. `before`: the last id of the page before."""

    status: str = ""
    event: str = ""
    before: int | None = None

    def __bool__(self) -> bool:
        return bool(self.status or self.event)


def endpoints(endpoint_id: int | None = None) -> list[EndpointLine]:
    """All endpoints that are not deleted (or one): three statements."""
    wanted = (
        select(Endpoint, Partner.name)
        .outerjoin(Partner, Partner.id == Endpoint.partner_id)
        .where(Endpoint.deleted_at.is_(None))
    )
    if endpoint_id is not None:
        wanted = wanted.where(Endpoint.id == endpoint_id)
    rows = db.session.execute(wanted.order_by(Endpoint.id)).all()
    ids = [endpoint.id for endpoint, _partner in rows]
    counts, secrets = _counts(ids), _secrets(ids)
    return [
        EndpointLine(
            e.id, e.url, e.description, tuple(e.kinds), e.partner_id, partner or "", e.created_at, e.failing_since,
            e.disabled_at, e.disabled_why, *counts.get(e.id, (None, None, 0, 0)), tuple(secrets.get(e.id, ())),
        )
        for e, partner in rows
    ]  # fmt: skip


def endpoint(endpoint_id: int) -> EndpointLine | None:
    """One of them."""
    return next(iter(endpoints(endpoint_id)), None)


def _counts(ids: list[int]) -> dict[int, tuple[datetime | None, datetime | None, int, int]]:
    """Per endpoint: the last success, the last attempt, how many wait, how many failed and can be sent again."""
    row = OutgoingDelivery
    again = (row.status == Standing.FAILED) & row.payload.is_not(None)
    found = db.session.execute(
        select(
            row.endpoint_id,
            func.max(case((row.status == Standing.DELIVERED, row.tried_at))),
            func.max(row.tried_at),
            func.sum(case((row.status == Standing.WAITING, 1), else_=0)),
            func.sum(case((again, 1), else_=0)),
        )
        .where(row.endpoint_id.in_(ids))
        .group_by(row.endpoint_id)
    )
    return {number: (good, tried, int(waiting), int(failed)) for number, good, tried, waiting, failed in found}


def _secrets(ids: list[int]) -> dict[int, list[SecretLine]]:
    number = func.row_number().over(partition_by=EndpointSecret.endpoint_id, order_by=EndpointSecret.id)
    wanted = select(
        EndpointSecret.endpoint_id, EndpointSecret.id, EndpointSecret.created_at, number, EndpointSecret.retired_at
    )
    found: dict[int, list[SecretLine]] = {}
    for endpoint_id, *line, retired in db.session.execute(
        wanted.where(EndpointSecret.endpoint_id.in_(ids)).order_by(EndpointSecret.id)
    ):
        if retired is None:
            found.setdefault(endpoint_id, []).append(SecretLine(*line))
    return found


# The log

_COLUMNS: tuple[Any, ...] = (
    OutgoingDelivery.id, OutgoingDelivery.webhook_id, OutgoingDelivery.event, OutgoingDelivery.subject,
    OutgoingDelivery.status, OutgoingDelivery.attempts, OutgoingDelivery.next_at, OutgoingDelivery.created_at,
    OutgoingDelivery.tried_at, OutgoingDelivery.done_at, OutgoingDelivery.code, OutgoingDelivery.reason,
    OutgoingDelivery.ms, OutgoingDelivery.payload.is_not(None),
)  # fmt: skip


def deliveries(endpoint_id: int, chosen: Filter, limit: int = PAGE) -> list[DeliveryLine]:
    """The newest first, from `chosen.before` on."""
    wanted = select(*_COLUMNS).where(OutgoingDelivery.endpoint_id == endpoint_id)
    if chosen.status:
        wanted = wanted.where(OutgoingDelivery.status == chosen.status)
    if chosen.event:
        wanted = wanted.where(OutgoingDelivery.event == chosen.event)
    if chosen.before:
        wanted = wanted.where(OutgoingDelivery.id < chosen.before)
    rows = db.session.execute(wanted.order_by(OutgoingDelivery.id.desc()).limit(limit))
    return [DeliveryLine(*row) for row in rows]


def delivery(endpoint_id: int, delivery_id: int) -> DeliveryLine | None:
    """One of them."""
    wanted = select(*_COLUMNS).where(OutgoingDelivery.endpoint_id == endpoint_id, OutgoingDelivery.id == delivery_id)
    row = db.session.execute(wanted).first()
    return DeliveryLine(*row) if row else None


def content(delivery_id: int) -> tuple[str, list[Any]]:
    """What is kept of what was sent, and its attempts: time, status, milliseconds, reason."""
    wanted = select(OutgoingDelivery.payload, OutgoingDelivery.tries).where(OutgoingDelivery.id == delivery_id)
    row = db.session.execute(wanted).one()
    return row.payload or "", row.tries


def events(endpoint_id: int) -> list[str]:
    """The types of events that its log holds."""
    wanted = select(OutgoingDelivery.event).where(OutgoingDelivery.endpoint_id == endpoint_id).distinct()
    return list(db.session.scalars(wanted.order_by(OutgoingDelivery.event)))
