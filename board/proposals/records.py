"""What is kept of a proposal's sheet with each decision; the database refuses to change it (`record.guard`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class DecisionRecord(Base):
    """The sheet as it stood when the decision was recorded.

    `content` holds everything but the proposal's own words and names no person. The words (`title` … `summary_en`)
    stand beside it, because one thing may still take them out: the withdrawal of a confidential issue they came from.
    `words` is the SHA-256 over them as they were decided.
    """

    __tablename__ = "decision_record"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), primary_key=True, autoincrement=False)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(default=now)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    words: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    text_en: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(String(240), default="")
    summary_en: Mapped[str] = mapped_column(String(240), default="")
    withheld_at: Mapped[datetime | None]
