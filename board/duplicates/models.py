"""Suggestions that two proposals are the same, and mergers with what each of them moved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now

RUNNING = text("undone_at IS NULL")
WAITS = text("dismissed_at IS NULL")


class Duplicate(Base):
    """Somebody thinks that `proposal_id` says the same as `of_id`; a product owner merges or dismisses it."""

    __tablename__ = "duplicate"
    __table_args__ = (
        Index(
            "uq_duplicate_waits", "proposal_id", "of_id", unique=True, sqlite_where=WAITS, postgresql_where=WAITS
        ),
        CheckConstraint("proposal_id <> of_id", name="two"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    of_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    dismissed_at: Mapped[datetime | None]

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id}


class Merger(Base):
    """One proposal became part of another. `moved` is what taking it back needs: ids, and what was overwritten."""

    __tablename__ = "merger"
    __table_args__ = (
        Index("uq_merger_running", "proposal_id", unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING),
        CheckConstraint("proposal_id <> into_id", name="two"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    undone_at: Mapped[datetime | None]
    moved: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
