"""Learnings and who found them useful: the tables. The verbs are in `verbs`."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class Occasion(enum.StrEnum):
    """The turn in a partner's use that a learning tells of; a free one has none."""

    FREE = "free"
    PILOT = "pilot"
    LIVE = "live"
    ENDED = "ended"


class Learning(Base):
    """What one partner tells the others. About a proposal, one of its packages, a topic, or nothing in particular.

    `effort`: person-days really needed, from the beginning to then. All but the contact is public where reading is.
    """

    __tablename__ = "learning"
    __table_args__ = (
        Index("ix_learning_proposal", "proposal_id", "id"),
        Index("ix_learning_package", "package_id", "id"),
        Index("ix_learning_partner", "partner_id", "id"),
        Index("ix_learning_topic", "topic_id", "id"),
        CheckConstraint("occasion IN ('free', 'pilot', 'live', 'ended')", name="occasion"),
        CheckConstraint("occasion = 'free' OR proposal_id IS NOT NULL", name="occasion_has_proposal"),
        CheckConstraint("effort IS NULL OR (effort > 0 AND effort <= 9999)", name="effort"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    occasion: Mapped[str] = mapped_column(String(6), default=Occasion.FREE)
    title: Mapped[str] = mapped_column(String(120))
    effort: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    configuration: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    privacy_notice: Mapped[str] = mapped_column(Text, default="")
    press_release: Mapped[str] = mapped_column(Text, default="")
    other_text: Mapped[str] = mapped_column(Text, default="")
    contact: Mapped[str] = mapped_column(String(200), default="")
    search: Mapped[str] = mapped_column(Text, default="")
    written_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "package_id": self.package_id, "about_id": self.partner_id}


class Useful(Base):
    """A partner says that a learning was useful to it."""

    __tablename__ = "useful"

    learning_id: Mapped[int] = mapped_column(ForeignKey("learning.id"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True, index=True)
