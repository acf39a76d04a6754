"""Variants and the packages of their return: the tables. The verbs are in `verbs`."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class VariantState(enum.StrEnum):
    """Where a variant stands towards the common base."""

    OWN = "own"
    RETURNING = "returning"
    RETURNED = "returned"


class Willing(enum.StrEnum):
    """Whether its partner would bring it back."""

    YES = "yes"
    OPEN = "open"
    NO = "no"


class Variant(Base):
    """One partner's own variant of a feature. The text, repository and branch are public, like the code they name."""

    __tablename__ = "variant"
    __table_args__ = (
        UniqueConstraint("proposal_id", "partner_id"),
        CheckConstraint("state IN ('own', 'returning', 'returned')", name="state"),
        CheckConstraint("willing IN ('yes', 'open', 'no')", name="willing"),
        CheckConstraint("state <> 'returning' OR willing = 'yes'", name="returning_is_willing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    differs: Mapped[str] = mapped_column(String(2000))
    repository: Mapped[str] = mapped_column(String(500), default="")
    branch: Mapped[str] = mapped_column(String(120), default="")
    willing: Mapped[str] = mapped_column(String(4), default=Willing.OPEN)
    state: Mapped[str] = mapped_column(String(10), default=VariantState.OWN)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}


class ReturnPackage(Base):
    """A work package that belongs to the return of one variant."""

    __tablename__ = "return_package"

    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), index=True)
