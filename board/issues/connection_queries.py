"""Every way to read connections and deliveries: for operators."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select

from board.db import db
from board.issues.models import Connection, ConnectionRepository, ConnectionSecret, Delivery, Repository, Status

PAGE = 50


@dataclass(frozen=True)
class SecretLine:
    """A valid secret, without itself."""

    id: int
    created_at: datetime
    last_used_at: datetime | None


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
    """A connection with what its operator must know at a glance."""

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
    pinged: bool
    n_failed: int
    n_refused: int
    refused_at: datetime | None
    secrets: tuple[SecretLine, ...] = ()
    repositories: tuple[RepositoryLine, ...] = ()


def hook_url(origin: str, provider: str, public_id: str) -> str:
    """The address to enter at the forge."""
    return f"{origin}/hooks/{provider}/{public_id}"


def connections(connection_id: int | None = None) -> list[ConnectionLine]:
    """All connections that are not deleted (or one), with secrets and repositories: three statements."""
    of = Delivery.connection_id == Connection.id
    wanted = select(
        Connection,
        select(func.max(Delivery.received_at)).where(of).correlate(Connection).scalar_subquery(),
        exists().where(of, Delivery.reason == "ping").correlate(Connection),
        select(func.count())
        .select_from(Delivery)
        .where(of, Delivery.status == Status.FAILED)
        .correlate(Connection)
        .scalar_subquery(),
    ).where(Connection.deleted_at.is_(None))
    if connection_id is not None:
        wanted = wanted.where(Connection.id == connection_id)
    rows = db.session.execute(wanted.order_by(Connection.id)).all()
    secrets, repositories = _secrets(), _repositories()
    return [
        ConnectionLine(
            c.id, c.public_id, c.provider, c.name, c.instance, c.accept_new, c.show_private, c.token_box is not None,
            c.disabled_at is not None, c.created_at, last, pinged, failed, c.n_refused, c.refused_at,
            tuple(secrets.get(c.id, ())), tuple(repositories.get(c.id, ())),
        )
        for c, last, pinged, failed in rows
    ]  # fmt: skip


def _secrets() -> dict[int, list[SecretLine]]:
    found: dict[int, list[SecretLine]] = {}
    wanted = select(
        ConnectionSecret.connection_id, ConnectionSecret.id, ConnectionSecret.created_at, ConnectionSecret.last_used_at
    ).where(ConnectionSecret.retired_at.is_(None))
    for row in db.session.execute(wanted.order_by(ConnectionSecret.id)):
        found.setdefault(row[0], []).append(SecretLine(*row[1:]))
    return found


def _repositories() -> dict[int, list[RepositoryLine]]:
    found: dict[int, list[RepositoryLine]] = {}
    wanted = select(
        ConnectionRepository.connection_id, Repository.id, Repository.name, Repository.external_id, Repository.url,
        Repository.private, ConnectionRepository.standing, ConnectionRepository.synced_at,
    ).join(Repository, Repository.id == ConnectionRepository.repository_id)  # fmt: skip
    for row in db.session.execute(wanted.order_by(Repository.name, Repository.id)):
        found.setdefault(row[0], []).append(RepositoryLine(*row[1:]))
    return found


def deliveries(
    connection_id: int, *, status: str = "", event: str = "", before: int | None = None, limit: int = PAGE
) -> list[Delivery]:
    """The newest deliveries of a connection, by keyset; their bodies are loaded (redacted, for operators only)."""
    wanted = select(Delivery).where(Delivery.connection_id == connection_id)
    if status:
        wanted = wanted.where(Delivery.status == status)
    if event:
        wanted = wanted.where(Delivery.event == event)
    if before is not None:
        wanted = wanted.where(Delivery.id < before)
    return list(db.session.scalars(wanted.order_by(Delivery.id.desc()).limit(limit)))


def delivery(delivery_id: int) -> Delivery | None:
    """One delivery."""
    return db.session.get(Delivery, delivery_id)
