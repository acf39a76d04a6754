"""Workshops, their agenda, who is there, drafts of ballots, and the minutes: the tables."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class WorkshopState(enum.StrEnum):
    """Where a workshop stands."""

    PLANNED = "planned"
    RUNNING = "running"
    CLOSED = "closed"


class ItemKind(enum.StrEnum):
    """What an item of the agenda is: a proposal to answer, a package nobody leads, old entries on reuse, a talk."""

    VOTE = "vote"
    PACKAGE = "package"
    STALE = "stale"
    TALK = "talk"


class Workshop(Base):
    """A dated meeting. `item_id`: what is on the screen now; `late_until`: answers until then join the minutes."""

    __tablename__ = "workshop"
    __table_args__ = (
        CheckConstraint("state IN ('planned', 'running', 'closed')", name="state"),
        CheckConstraint("state <> 'closed' OR closed_at IS NOT NULL", name="closed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    held_on: Mapped[date] = mapped_column(index=True)
    begins: Mapped[str] = mapped_column(String(5), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(8), default=WorkshopState.PLANNED)
    item_id: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    late_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: under nothing; the details hold its number."""
        return {}


class AgendaItem(Base):
    """One point of the agenda, in the order of `position`."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        Index("ix_agenda_item_workshop", "workshop_id", "position"),
        CheckConstraint("kind IN ('vote', 'package', 'stale', 'talk')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshop.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    title: Mapped[str] = mapped_column(String(160), default="")
    url: Mapped[str] = mapped_column(String(500), default="")


class Attendance(Base):
    """A partner was there: somebody who acts for it joined."""

    __tablename__ = "attendance"

    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshop.id"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(default=now)


class Draft(Base):
    """What a partner said by voice, as the host heard it. Never a ballot: it counts once its delegate confirms it.

    At most one waits for each workshop, proposal and partner, by the database.
    """

    __tablename__ = "draft"
    __table_args__ = (
        Index(
            "uq_draft_waiting",
            "workshop_id",
            "proposal_id",
            "partner_id",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_draft_partner", "partner_id", "settled_at"),
        CheckConstraint("choice IN ('for', 'against', 'abstain')", name="choice"),
        CheckConstraint("choice <> 'against' OR reason <> ''", name="against_has_reason"),
        CheckConstraint("outcome IN ('', 'confirmed', 'discarded')", name="outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshop.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    choice: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(String(2000), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(10), default="")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}


class Minutes(Base):
    """What a workshop came to, frozen: the database refuses to change it. `part`: closing, then once the late answers.

    Partners only, never a person's name.
    """

    __tablename__ = "minutes"
    __table_args__ = (
        UniqueConstraint("workshop_id", "part"),
        CheckConstraint("part IN ('closing', 'late')", name="part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("workshop.id"))
    part: Mapped[str] = mapped_column(String(8))
    written_at: Mapped[datetime] = mapped_column(default=now)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
