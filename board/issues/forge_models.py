"""Connections to Git forges, the repositories behind them and what they deliver."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.db import Base, now

BigInt = BigInteger().with_variant(Integer(), "sqlite")


class Provider(enum.StrEnum):
    """Which dialect a forge speaks; Forgejo and Gogs speak Gitea's."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"


class Standing(enum.StrEnum):
    """Whether issues of a repository are taken in through a connection; `waiting` asks the operator."""

    KNOWN = "known"
    WAITING = "waiting"
    REFUSED = "refused"


class Status(enum.StrEnum):
    """How a delivery ended."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    STALE = "stale"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class Connection(Base):
    """A webhook of a forge: its public id stands in the address, its secrets do not.

    `instance` is the forge's host; empty means that each payload says it. `accept_new`: repositories not named
    beforehand are known at once. `show_private`: issues of private repositories are shown.
    """

    __tablename__ = "connection"
    __table_args__ = (CheckConstraint("provider IN ('github', 'gitlab', 'gitea')", name="provider"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    provider: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(120))
    instance: Mapped[str] = mapped_column(String(200), default="")
    accept_new: Mapped[bool] = mapped_column(default=True)
    show_private: Mapped[bool] = mapped_column(default=False)
    token_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    n_refused: Mapped[int] = mapped_column(default=0)
    refused_at: Mapped[datetime | None]

    secrets: Mapped[list[ConnectionSecret]] = relationship(lazy="raise_on_sql", order_by="ConnectionSecret.id")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: by its id in the details only."""
        return {}


class ConnectionSecret(Base):
    """A secret, encrypted with a key outside the database. Two slots: at most two are active."""

    __tablename__ = "connection_secret"
    __table_args__ = (
        Index(
            "uq_connection_secret_slot",
            "connection_id",
            "slot",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
        CheckConstraint("slot IN (1, 2)", name="slot"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"), index=True)
    slot: Mapped[int]
    box: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Repository(Base):
    """A repository of a forge: known by host and numeric id; its name is refreshed by each payload.

    `external_id` is empty only for a repository that was named by a file import before any payload came.
    """

    __tablename__ = "repository"
    __table_args__ = (
        Index("uq_repository_external", "instance", "external_id", unique=True),
        Index(
            "uq_repository_nameless",
            "instance",
            "name",
            unique=True,
            sqlite_where=text("external_id IS NULL"),
            postgresql_where=text("external_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(8))
    instance: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[int | None] = mapped_column(BigInt)
    name: Mapped[str] = mapped_column(String(300), default="")
    url: Mapped[str] = mapped_column(String(1000), default="")
    private: Mapped[bool] = mapped_column(default=False)
    private_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)


class ConnectionRepository(Base):
    """What a repository is to a connection, and how far its backfill has come."""

    __tablename__ = "connection_repository"

    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id"), primary_key=True, index=True)
    standing: Mapped[str] = mapped_column(String(8), default=Standing.KNOWN)
    created_at: Mapped[datetime] = mapped_column(default=now)
    etag: Mapped[str] = mapped_column(String(200), default="")
    synced_at: Mapped[datetime | None]

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {}


class Delivery(Base):
    """One verified message of a forge. `body` is redacted JSON; `reason` a code; `ms` the time it took."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("uq_delivery_once", "connection_id", "body_hash", "external_id", unique=True),
        Index("ix_delivery_log", "connection_id", "id"),
        Index("ix_delivery_status", "connection_id", "status", "id"),
        Index("ix_delivery_issue", "number", "repository_id"),
        Index("ix_delivery_received", "received_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    external_id: Mapped[str] = mapped_column(String(100), default="")
    body_hash: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(60), default="")
    action: Mapped[str] = mapped_column(String(60), default="")
    repository_id: Mapped[int | None] = mapped_column(ForeignKey("repository.id"))
    number: Mapped[int | None] = mapped_column(BigInt)
    status: Mapped[str] = mapped_column(String(10), default=Status.RECEIVED)
    reason: Mapped[str] = mapped_column(String(60), default="")
    ms: Mapped[float | None]
    received_at: Mapped[datetime] = mapped_column(default=now)
    secret_id: Mapped[int | None] = mapped_column(ForeignKey("connection_secret.id"))
    body: Mapped[str | None] = mapped_column(Text)
    copies: Mapped[int] = mapped_column(default=0)
    replayed_at: Mapped[datetime | None]

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {}


class Backfill(Base):
    """A fetch of issues over the forge's REST API: asked for, then run by a job. `full`: not only what changed.

    A job takes it in turns: `position` says how far it came, and nobody takes it before `next_at`.
    """

    __tablename__ = "backfill"
    __table_args__ = (
        Index("ix_backfill_latest", "connection_id", "id"),
        Index(
            "uq_backfill_open",
            "connection_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    full: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    n_new: Mapped[int] = mapped_column(default=0)
    n_changed: Mapped[int] = mapped_column(default=0)
    n_unchanged: Mapped[int] = mapped_column(default=0)
    n_confidential: Mapped[int] = mapped_column(default=0)
    n_skipped: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    next_at: Mapped[datetime | None]
