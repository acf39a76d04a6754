"""Answers that are kept for a day, so that a request sent twice is done once."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class KeptAnswer(Base):
    """What was answered to a request with an idempotency key; `asked` is the hash of that request.

    It is written in the transaction of what it answers to: either both are there or neither is.
    """

    __tablename__ = "kept_answer"
    __table_args__ = (UniqueConstraint("token_id", "key"), Index("ix_kept_answer_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(ForeignKey("access_token.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    key: Mapped[str] = mapped_column(String(64))
    asked: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(default=0)
    headers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    body: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=now)
