"""Objections: which partner stopped a consent, and why. That one runs stands on the proposal: `consent_until`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.db import Base, now
from board.partners.models import Partner


class Objection(Base):
    """One partner's objection, with its reason: for signed-in readers, like the reason of a ballot. It stays."""

    __tablename__ = "objection"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    reason: Mapped[str] = mapped_column(String(2000))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(default=now)

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}
