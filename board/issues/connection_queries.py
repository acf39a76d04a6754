"""Every way to read connections, their backfills and deliveries: for operators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, func, select

from board.db import db
from board.issues.models import (
    Backfill,
    Connection,
    ConnectionRepository,
    ConnectionSecret,
    Delivery,
    Repository,
    Status,
)

PAGE = 50


@dataclass(frozen=True)
class SecretLine:
    """A valid secret, without itself; `number` counts the secrets that the connection has had."""

    id: int
    created_at: datetime
    last_used_at: datetime | None
    number: int = 1


@dataclass(frozen=True)
class RepositoryLine:
    """A repository under a connection."""

    id: int
    name: str
    external_id: int | None
    url: str
    private: bool
    standing: str
    synced_at: datetime | None


@dataclass(frozen=True)
class ConnectionLine:
    """A connection with what its operator must know at a glance. `n_failed`: deliveries that can be replayed."""

    id: int
    public_id: str
    provider: str
    name: str
    instance: str
    accept_new: bool
    show_private: bool
    has_token: bool
    disabled: bool
    created_at: datetime
    last_delivery_at: datetime | None
    pinged_at: datetime | None
    n_failed: int
    n_refused: int
    refused_at: datetime | None
    secrets: tuple[SecretLine, ...] = ()
    repositories: tuple[RepositoryLine, ...] = ()

    @property
    def n_waiting(self) -> int:
        """How many repositories wait for the operator's choice."""
        return sum(r.standing == "waiting" for r in self.repositories)


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery in the log, without its body; `has_body` says whether it can be read and replayed."""

    id: int
    external_id: str
    event: str
    action: str
    number: int | None
    status: str
    reason: str
    ms: float | None
    received_at: datetime
    secret_id: int | None
    copies: int
    replayed_at: datetime | None
    has_body: bool
    repository: str | None
    secret_number: int | None = None


@dataclass(frozen=True)
class DeliveryFilter:
    """What the log shows: empty means all. `before`: the last id of the page before."""

    status: str = ""
    event: str = ""
    repository_id: int | None = None
    before: int | None = None

    def __bool__(self) -> bool:
        return bool(self.status or self.event or self.repository_id)


def hook_url(origin: str, provider: str, public_id: str) -> str:
    """The address to enter at the forge."""
    return f"{origin}/hooks/{provider}/{public_id}"


def connections(connection_id: int | None = None) -> list[ConnectionLine]:
    """All connections that are not deleted (or one), with secrets and repositories: three statements."""
    wanted = select(
        Connection, _newest(), _newest(Delivery.reason == "ping"),
        select(func.count())
        .where(Delivery.connection_id == Connection.id, Delivery.status == Status.FAILED, Delivery.body.is_not(None))
        .correlate(Connection)
        .scalar_subquery(),
    ).where(Connection.deleted_at.is_(None))  # fmt: skip
    if connection_id is not None:
        wanted = wanted.where(Connection.id == connection_id)
    rows = db.session.execute(wanted.order_by(Connection.name, Connection.id)).all()
    secrets, repositories = _secrets(connection_id), _repositories(connection_id)
    return [
        ConnectionLine(
            c.id, c.public_id, c.provider, c.name, c.instance, c.accept_new, c.show_private, c.token_box is not None,
            c.disabled_at is not None, c.created_at, last, pinged, failed, c.n_refused, c.refused_at,
            tuple(secrets.get(c.id, ())), tuple(repositories.get(c.id, ())),
        )
        for c, last, pinged, failed in rows
    ]  # fmt: skip


def connection(connection_id: int) -> ConnectionLine | None:
    """One of them."""
    return next(iter(connections(connection_id)), None)


def _newest(*which: Any) -> ScalarSelect[Any]:
    """When the newest delivery came, of all or of some."""
    return (
        select(Delivery.received_at)
        .where(Delivery.connection_id == Connection.id, *which)
        .order_by(Delivery.id.desc())
        .limit(1)
        .correlate(Connection)
        .scalar_subquery()
    )


def _secrets(connection_id: int | None) -> dict[int, list[SecretLine]]:
    found: dict[int, list[SecretLine]] = {}
    number = func.row_number().over(partition_by=ConnectionSecret.connection_id, order_by=ConnectionSecret.id)
    wanted: Select[Any] = select(
        ConnectionSecret.connection_id, ConnectionSecret.id, ConnectionSecret.created_at,
        ConnectionSecret.last_used_at, number, ConnectionSecret.retired_at,
    )  # fmt: skip
    if connection_id is not None:
        wanted = wanted.where(ConnectionSecret.connection_id == connection_id)
    for *line, retired in db.session.execute(wanted.order_by(ConnectionSecret.id)):
        if retired is None:
            found.setdefault(line[0], []).append(SecretLine(*line[1:]))
    return found


def _repositories(connection_id: int | None) -> dict[int, list[RepositoryLine]]:
    found: dict[int, list[RepositoryLine]] = {}
    wanted = (
        select(
            ConnectionRepository.connection_id, Repository.id, Repository.name, Repository.external_id, Repository.url,
            Repository.private, ConnectionRepository.standing, ConnectionRepository.synced_at,
        )
        .join(Repository, Repository.id == ConnectionRepository.repository_id)
        .where(Repository.deleted_at.is_(None))
    )  # fmt: skip
    if connection_id is not None:
        wanted = wanted.where(ConnectionRepository.connection_id == connection_id)
    for row in db.session.execute(wanted.order_by(Repository.name, Repository.id)):
        found.setdefault(row[0], []).append(RepositoryLine(*row[1:]))
    return found


def latest_backfill(connection_id: int) -> Backfill | None:
    """The newest fetch of a connection, whatever its state."""
    wanted = select(Backfill).where(Backfill.connection_id == connection_id).order_by(Backfill.id.desc()).limit(1)
    return db.session.scalar(wanted)


# The log

_COLUMNS: tuple[Any, ...] = (
    Delivery.id, Delivery.external_id, Delivery.event, Delivery.action, Delivery.number, Delivery.status,
    Delivery.reason, Delivery.ms, Delivery.received_at, Delivery.secret_id, Delivery.copies, Delivery.replayed_at,
    Delivery.body.is_not(None), Repository.name,
)  # fmt: skip


def deliveries(connection_id: int, by: DeliveryFilter, limit: int = PAGE) -> list[DeliveryLine]:
    """The newest deliveries of a connection, by keyset, without their bodies: two statements."""
    wanted = _lines(connection_id)
    if by.status:
        wanted = wanted.where(Delivery.status == by.status)
    if by.event:
        wanted = wanted.where(Delivery.event == by.event)
    if by.repository_id is not None:
        wanted = wanted.where(Delivery.repository_id == by.repository_id)
    if by.before is not None:
        wanted = wanted.where(Delivery.id < by.before)
    return _numbered(connection_id, wanted.order_by(Delivery.id.desc()).limit(limit))


def delivery_line(connection_id: int, delivery_id: int) -> DeliveryLine | None:
    """One of them."""
    return next(iter(_numbered(connection_id, _lines(connection_id).where(Delivery.id == delivery_id))), None)


def body(connection_id: int, delivery_id: int) -> str | None:
    """The stored body of a delivery, redacted; None when it is not kept."""
    here = and_(Delivery.id == delivery_id, Delivery.connection_id == connection_id)
    return db.session.scalar(select(Delivery.body).where(here))


def _lines(connection_id: int) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .outerjoin(Repository, Repository.id == Delivery.repository_id)
        .where(Delivery.connection_id == connection_id)
    )


def _numbered(connection_id: int, wanted: Select[Any]) -> list[DeliveryLine]:
    """Each with the number of the secret that fitted."""
    own = select(ConnectionSecret.id).where(ConnectionSecret.connection_id == connection_id)
    numbers = {id_: n for n, id_ in enumerate(db.session.scalars(own.order_by(ConnectionSecret.id)), 1)}
    return [_line(*row, numbers.get(row[9] or 0)) for row in db.session.execute(wanted)]


def _line(*values: Any) -> DeliveryLine:
    return DeliveryLine(*values)


def events(connection_id: int) -> list[str]:
    """The events that stand in its log, to choose from."""
    wanted = select(Delivery.event).where(Delivery.connection_id == connection_id).distinct().order_by(Delivery.event)
    return [event for event in db.session.scalars(wanted.limit(PAGE)) if event]
