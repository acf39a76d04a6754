"""Ballots, offers, conditions and reuse: the tables. Their verbs are in `ballots`, `offers` and `reuses`."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.accounts.models import Person
from board.db import Base, now
from board.partners.models import Partner
from board.proposals.models import Proposal


class Choice(enum.StrEnum):
    """What a ballot can say."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class OfferKind(enum.StrEnum):
    """What a partner can bring in beside its ballot."""

    LEAD = "lead"
    PILOT = "pilot"
    CO_FUND = "co_fund"
    DAYS = "days"
    USE = "use"


class ReuseStatus(enum.StrEnum):
    """How far a partner is with using a feature."""

    EXAMINING = "examining"
    PLANNED = "planned"
    PILOT = "pilot"
    LIVE = "live"
    ENDED = "ended"


class Ballot(Base):
    """One partner's ballot on one proposal; it remembers which text it answered.

    `counted` is false while its partner is paused; a decision freezes it with the rest of the tally.
    """

    __tablename__ = "ballot"
    __table_args__ = (
        UniqueConstraint("proposal_id", "partner_id"),
        Index("ix_ballot_partner", "partner_id", "proposal_id"),
        Index("ix_ballot_cast", "partner_id", "cast_at", "proposal_id"),
        CheckConstraint("choice IN ('for', 'against', 'abstain')", name="choice"),
        CheckConstraint("choice <> 'against' OR reason <> ''", name="against_has_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    choice: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(2000), default="")
    text_version: Mapped[int]
    counted: Mapped[bool] = mapped_column(default=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cast_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")
    person: Mapped[Person | None] = relationship(lazy="raise_on_sql")
    proposal: Mapped[Proposal] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}


class Offer(Base):
    """What a partner brings in: declared until confirmed by its own body on a date. One row per kind."""

    __tablename__ = "offer"
    __table_args__ = (
        UniqueConstraint("proposal_id", "partner_id", "kind"),
        Index("ix_offer_partner", "partner_id", "proposal_id"),
        CheckConstraint("kind IN ('lead', 'pilot', 'co_fund', 'days', 'use')", name="kind"),
        CheckConstraint("(kind = 'days') = (days IS NOT NULL)", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    kind: Mapped[str] = mapped_column(String(8))
    days: Mapped[int | None]
    declared_at: Mapped[datetime] = mapped_column(default=now)
    confirmed_body: Mapped[str] = mapped_column(String(160), default="")
    confirmed_on: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(default=1)

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}


class Condition(Base):
    """What a partner's stance depends on: a text, and a reservation until its committee has sat."""

    __tablename__ = "condition"
    __table_args__ = (UniqueConstraint("proposal_id", "partner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    text: Mapped[str] = mapped_column(String(1000), default="")
    reserved: Mapped[bool] = mapped_column(default=False)
    reserved_body: Mapped[str] = mapped_column(String(160), default="")
    reserved_on: Mapped[date | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(default=now)

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}


class Reuse(Base):
    """How one partner uses one feature. `planned_for` is a quarter such as 2027-Q1."""

    __tablename__ = "reuse"
    __table_args__ = (
        UniqueConstraint("proposal_id", "partner_id"),
        Index("ix_reuse_partner", "partner_id", "status", "proposal_id"),
        CheckConstraint("status IN ('examining', 'planned', 'pilot', 'live', 'ended')", name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    status: Mapped[str] = mapped_column(String(10))
    variant: Mapped[str] = mapped_column(String(160), default="")
    release: Mapped[str] = mapped_column(String(60), default="")
    planned_for: Mapped[str] = mapped_column(String(7), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    contact: Mapped[str] = mapped_column(String(200), default="")
    source: Mapped[str] = mapped_column(String(500), default="")
    confirmed_on: Mapped[date | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")
    proposal: Mapped[Proposal] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}
