"""Work packages, claims and providers' bids."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    Update,
    bindparam,
    text,
    update,
)  # fmt: skip
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.accounts.models import Person
from board.db import Base, db, now, only_with, run
from board.partners.models import Partner
from board.proposals.models import Proposal


class PackageState(enum.StrEnum):
    """Where a package stands; on hold is a clock that stops, not a state."""

    OPEN = "open"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    DONE = "done"


MERGED = "merged"
"""The state of a package that has become part of another one; no move leads there or back."""


class Seat(enum.StrEnum):
    """Which part a partner takes in a package."""

    LEAD = "lead"
    SUPPORT = "support"


class EndReason(enum.StrEnum):
    """Why a claim ended."""

    HANDED_BACK = "handed_back"
    LAPSED = "lapsed"
    DONE = "done"
    MERGED = "merged"


class Package(Base):
    """A piece of work under a proposal. Effort in person-days (PT), `points` are a file's story points.

    `source_id` is its id in files, `stage` what a file says of it while it is free, `extra` what the format of files
    does not know. One that was merged (`merged_into_id`) is in state `MERGED` and stands in no list.
    """

    __tablename__ = "package"
    __table_args__ = (
        Index("ix_package_proposal", "proposal_id", "id"),
        Index("ix_package_state", "state", "id"),
        Index("ix_package_lead", "lead_partner_id", "state", "id"),
        Index("ix_package_merged", "merged_into_id", **only_with("merged_into_id")),
        CheckConstraint("effort IS NULL OR (effort > 0 AND effort <= 9999)", name="effort"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    deliverables: Mapped[str] = mapped_column(Text, default="")
    acceptance: Mapped[str] = mapped_column(Text, default="")
    search: Mapped[str] = mapped_column(Text, default="")
    effort: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    points: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    cluster: Mapped[str] = mapped_column(String(80), default="")
    owner: Mapped[str] = mapped_column(String(160), default="")
    funder: Mapped[str] = mapped_column(String(160), default="")
    due_on: Mapped[date | None]
    milestone_id: Mapped[int | None] = mapped_column(ForeignKey("milestone.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default=PackageState.OPEN)
    held_at: Mapped[datetime | None]
    held_reason: Mapped[str] = mapped_column(String(160), default="")
    lead_partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    commissioned: Mapped[str] = mapped_column(String(160), default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    source_id: Mapped[str] = mapped_column(String(60), default="")
    stage: Mapped[str] = mapped_column(String(12), default="")
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    split_from_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    active_at: Mapped[datetime] = mapped_column(default=now)
    n_comments: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    text_version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship(lazy="raise_on_sql")
    lead_partner: Mapped[Partner | None] = relationship(lazy="raise_on_sql")
    claims: Mapped[list[Claim]] = relationship(lazy="raise_on_sql", order_by="Claim.id")
    links: Mapped[list[PackageLink]] = relationship(
        lazy="raise_on_sql", order_by="PackageLink.id", cascade="all, delete-orphan"
    )
    skilled: Mapped[list[PackageSkill]] = relationship(
        lazy="raise_on_sql", order_by="PackageSkill.skill", cascade="all, delete-orphan"
    )

    @property
    def key(self) -> str:
        """How people call it: AP-7."""
        return f"AP-{self.id}"

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"package_id": self.id, "proposal_id": self.proposal_id}


class PackageLink(Base):
    """A titled link under a package."""

    __tablename__ = "package_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    url: Mapped[str] = mapped_column(String(500))


class PackageSkill(Base):
    """A skill that a package asks for: one of `skills.SKILLS`."""

    __tablename__ = "package_skill"
    __table_args__ = (Index("ix_package_skill", "skill", "package_id"),)

    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"), primary_key=True)
    skill: Mapped[str] = mapped_column(String(16), primary_key=True)


class Dependency(Base):
    """A package waits for another one. There are no circles: `dependencies` sees to it under one lock."""

    __tablename__ = "package_dependency"
    __table_args__ = (CheckConstraint("package_id <> needs_id", name="not_itself"),)

    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"), primary_key=True)
    needs_id: Mapped[int] = mapped_column(ForeignKey("package.id"), primary_key=True, index=True)


class Claim(Base):
    """A seat in a package, held for a partner under a lease. One live lead per package, by the database."""

    __tablename__ = "claim"
    __table_args__ = (
        Index(
            "uq_claim_live_lead",
            "package_id",
            unique=True,
            sqlite_where=text("seat = 'lead' AND ended_at IS NULL"),
            postgresql_where=text("seat = 'lead' AND ended_at IS NULL"),
        ),
        Index(
            "uq_claim_live_seat",
            "package_id",
            "partner_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_claim_partner", "partner_id", "ended_at"),
        Index("ix_claim_lease", "ended_at", "lease_until"),
        CheckConstraint("seat IN ('lead', 'support')", name="seat"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seat: Mapped[str] = mapped_column(String(8))
    days: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    claimed_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[date]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(12))

    package: Mapped[Package] = relationship(lazy="raise_on_sql", overlaps="claims")
    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")
    person: Mapped[Person | None] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it; the package must be loaded in the same session."""
        return {**self.package.refs(), "about_id": self.partner_id}


class Bid(Base):
    """A provider's offer to carry a package out; the lead may record whom it commissioned."""

    __tablename__ = "bid"
    __table_args__ = (
        Index(
            "uq_bid_live",
            "package_id",
            "partner_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"))
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(String(1000), default="")
    days: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    made_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")
    package: Mapped[Package] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it; the package must be loaded in the same session."""
        return {**self.package.refs(), "about_id": self.partner_id}


def touch_package(package_id: int, **changes: int) -> None:
    """Something shown on the package changed: add whole numbers to its counters, renew its version.

    Lock and touch a package before its proposal, everywhere: one order, no deadlock.
    """
    db.session.flush()
    steps = {f"by_{name}": by for name, by in changes.items()}
    run(_touching(*changes), touched=package_id, at=now(), **steps)


@cache
def _touching(*counters: str) -> Update:
    """The statement for one of the few ways to touch a package, built once."""
    moved = {name: getattr(Package, name) + bindparam(f"by_{name}") for name in counters}
    return (
        update(Package)
        .where(Package.id == bindparam("touched"))
        .values(version=Package.version + 1, active_at=bindparam("at"), **moved)
    )
