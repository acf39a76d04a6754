"""Endpoints that are told what happens, their secrets, and what was sent to them."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class Standing(enum.StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Why(enum.StrEnum):
    """Why an endpoint is disabled."""

    PERSON = "person"
    GONE = "gone"
    SILENT = "silent"


_WAITING = text("status = 'waiting'")
_LIVE = text("retired_at IS NULL")


class Endpoint(Base):
    """An address that is told of events of the chosen kinds, from `since_at` on; with a partner only of its own.

    `person_id`: who made it and hears when it fails. `failing_since`: the first failure after the last success.
    """

    __tablename__ = "outgoing_endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    url: Mapped[str] = mapped_column(String(1000))
    description: Mapped[str] = mapped_column(String(200), default="")
    kinds: Mapped[list[str]] = mapped_column(JSON)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    since_at: Mapped[datetime] = mapped_column(default=now)
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_why: Mapped[str] = mapped_column(String(8), default="")
    deleted_at: Mapped[datetime | None]

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: by its id in the details only."""
        return {}


class EndpointSecret(Base):
    """A secret, encrypted with a key outside the database. Two slots: at most two are active."""

    __tablename__ = "outgoing_secret"
    __table_args__ = (
        Index(
            "uq_outgoing_secret_slot", "endpoint_id", "slot", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
        ),
        CheckConstraint("slot IN (1, 2)", name="slot"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("outgoing_endpoint.id"), index=True)
    slot: Mapped[int]
    box: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]


class OutgoingDelivery(Base):
    """One event for one endpoint, once; without an activity it is a test.

    `payload` is what is sent, to the byte, at every attempt, under the same `webhook_id`. `claim` and `claimed_until`
    belong to whoever is sending it. `tries` lists the attempts: time, status of the answer, milliseconds, reason.
    """

    __tablename__ = "outgoing_delivery"
    __table_args__ = (
        Index("uq_outgoing_delivery_once", "endpoint_id", "activity_id", unique=True),
        Index("ix_outgoing_delivery_log", "endpoint_id", "id"),
        Index("ix_outgoing_delivery_status", "endpoint_id", "status", "id"),
        Index("ix_outgoing_delivery_due", "next_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outgoing_delivery_created", "created_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("outgoing_endpoint.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    webhook_id: Mapped[str] = mapped_column(String(40), unique=True)
    event: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(16), default="")
    payload: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10), default=Standing.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now)
    claim: Mapped[str] = mapped_column(String(32), default="")
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    tried_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    code: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(20), default="")
    ms: Mapped[float | None]
    tries: Mapped[list[Any]] = mapped_column(JSON, default=list)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: by ids in the details only."""
        return {}
