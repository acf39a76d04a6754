"""The issues that the board knows from the forges, what they belong to, and what their labels mean.

The text of a confidential or hidden issue is never in these tables: such an issue is a tombstone (`visible` false).
Connections, repositories and deliveries stand in `forge_models`; everybody takes them from here.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.db import Base, now
from board.issues.forge_models import (
    Backfill,
    BigInt,
    Connection,
    ConnectionRepository,
    ConnectionSecret,
    Delivery,
    Provider,
    Repository,
    Standing,
    Status,
)
from board.proposals.models import Proposal
from board.work.models import Package

__all__ = [
    "Backfill",
    "Connection", "ConnectionRepository", "ConnectionSecret", "Delivery", "Development", "Issue", "IssueLink",
    "LabelRule", "Provider", "Repository", "Standing", "Status", "Triage",
]  # fmt: skip


class Triage(enum.StrEnum):
    """Where an issue stands in the inbox."""

    NEW = "new"
    SNOOZED = "snoozed"
    LINKED = "linked"
    DISMISSED = "dismissed"


class Issue(Base):
    """An issue of a forge, as the board last heard of it. An unknown state or label list is NULL.

    `hidden` says why it is not visible: confidential, private, deleted, transferred. `judged` is true once a
    person has triaged it: no rule overrides that. `undo` remembers what the last triage verb changed.
    """

    __tablename__ = "issue"
    __table_args__ = (
        Index("uq_issue_number", "repository_id", "number", unique=True),
        Index("ix_issue_inbox", "visible", "triage", "id"),
        Index("ix_issue_partner", "partner_id", "id"),
        CheckConstraint("visible OR (title = '' AND body = '')", name="tombstone"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id"))
    number: Mapped[int] = mapped_column(BigInt)
    title: Mapped[str] = mapped_column(String(1000), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str | None] = mapped_column(String(6))
    labels: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    url: Mapped[str] = mapped_column(String(1000), default="")
    search: Mapped[str] = mapped_column(Text, default="")
    provider_updated_at: Mapped[datetime | None]
    visible: Mapped[bool] = mapped_column(default=True)
    hidden: Mapped[str] = mapped_column(String(12), default="")
    triage: Mapped[str] = mapped_column(String(10), default=Triage.NEW)
    judged: Mapped[bool] = mapped_column(default=False)
    snoozed_until: Mapped[datetime | None]
    dismiss_reason: Mapped[str] = mapped_column(String(200), default="")
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    first_seen_at: Mapped[datetime] = mapped_column(default=now)
    active_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    repository: Mapped[Repository] = relationship(lazy="raise_on_sql")
    links: Mapped[list[IssueLink]] = relationship(lazy="raise_on_sql", order_by="IssueLink.id")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: its own id stands in the details, links name proposal or package."""
        return {"about_id": self.partner_id}


class IssueLink(Base):
    """An issue belongs to a proposal or to a package. An ended link stays, so that no mention brings it back."""

    __tablename__ = "issue_link"
    __table_args__ = (
        Index("uq_issue_link_proposal", "issue_id", "proposal_id", unique=True),
        Index("uq_issue_link_package", "issue_id", "package_id", unique=True),
        Index("ix_issue_link_proposal", "proposal_id"),
        Index("ix_issue_link_package", "package_id"),
        CheckConstraint("(proposal_id IS NULL) <> (package_id IS NULL)", name="one_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    automatic: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    issue: Mapped[Issue] = relationship(lazy="raise_on_sql", overlaps="links")
    proposal: Mapped[Proposal | None] = relationship(lazy="raise_on_sql")
    package: Mapped[Package | None] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "package_id": self.package_id}


class LabelRule(Base):
    """What a label means on a connection: a topic, a partner, to be dismissed, or to become a proposal."""

    __tablename__ = "label_rule"
    __table_args__ = (
        Index("uq_label_rule", "connection_id", "label", "effect", unique=True),
        CheckConstraint("effect IN ('topic', 'partner', 'dismiss', 'propose')", name="effect"),
        CheckConstraint("effect NOT IN ('topic', 'propose') OR topic_id IS NOT NULL", name="topic"),
        CheckConstraint("effect <> 'partner' OR partner_id IS NOT NULL", name="partner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id"))
    label: Mapped[str] = mapped_column(String(200))
    effect: Mapped[str] = mapped_column(String(8))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    enabled: Mapped[bool] = mapped_column(default=False)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"about_id": self.partner_id}


class Development(Base):
    """Work seen in Git that names a package: a branch that was pushed, or a merge or pull request."""

    __tablename__ = "development"
    __table_args__ = (
        Index("uq_development", "package_id", "repository_id", "kind", "ref", unique=True),
        CheckConstraint("kind IN ('branch', 'merge')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id"))
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id"), index=True)
    kind: Mapped[str] = mapped_column(String(6))
    ref: Mapped[str] = mapped_column(String(255))
    url: Mapped[str] = mapped_column(String(1000), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(6), default="open")
    provider_updated_at: Mapped[datetime | None]
    seen_at: Mapped[datetime] = mapped_column(default=now)

    repository: Mapped[Repository] = relationship(lazy="raise_on_sql")
    package: Mapped[Package] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"package_id": self.package_id}
