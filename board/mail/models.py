"""The outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now

_DUE = text("sent_at IS NULL AND dead_at IS NULL")


class Mail(Base):
    """One mail to one recipient: a person (at the address they have when it is sent) or an address.

    `details` holds ids and enumerations only. `once` keeps a mail from being put twice. Until `until` it makes sense.
    `claim` and `claimed_until` belong to the worker that is sending it. `problem` never holds an address.
    """

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_due", "next_try_at", sqlite_where=_DUE, postgresql_where=_DUE),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(String(254), default="")
    locale: Mapped[str] = mapped_column(String(2), default="de")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    once: Mapped[str | None] = mapped_column(String(80), unique=True)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]
    next_try_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(32), default="")
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(String(200), default="")
