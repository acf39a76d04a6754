"""Proposals, their topics, links and decisions."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.accounts.models import Person
from board.db import Base, db, now
from board.partners.models import Partner


class State(enum.StrEnum):
    """Where a proposal stands; the verbs between them are in product.md and below."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DECLINED = "declined"
    BUILDING = "building"
    PILOTING = "piloting"
    AVAILABLE = "available"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class Topic(Base):
    """A subject of the city app, after the topic values of the Fraunhofer IESE city-app module schema."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    label_de: Mapped[str] = mapped_column(String(80))
    label_en: Mapped[str] = mapped_column(String(80))

    def label(self, locale: str) -> str:
        """The name people read."""
        return self.label_en if locale == "en" else self.label_de


class Proposal(Base):
    """A feature that one partner asks the others for.

    The counters (`n_…`, `days_…`, `contest`) are kept in SQL in the transaction that changes what they count.
    `version` changes with anything shown, `text_version` with title or text only.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        Index("ix_proposal_state", "state", "id"),
        Index("ix_proposal_topic", "topic_id", "id"),
        Index("ix_proposal_partner", "partner_id", "id"),
        Index("ix_proposal_support", "n_for", "id"),
        Index("ix_proposal_contest", "contest", "id"),
        Index("ix_proposal_vote_by", "vote_by", "id"),
        Index("ix_proposal_active", "active_at", "id"),
        CheckConstraint("n_for >= 0 AND n_against >= 0 AND n_abstain >= 0", name="tally"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    title_en: Mapped[str] = mapped_column(String(120), default="")
    summary_en: Mapped[str] = mapped_column(String(240), default="")
    text_en: Mapped[str] = mapped_column(Text, default="")
    html_en: Mapped[str] = mapped_column(Text, default="")
    search: Mapped[str] = mapped_column(Text, default="")
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    state: Mapped[str] = mapped_column(String(12), default=State.OPEN)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    imported: Mapped[bool] = mapped_column(default=False)
    vote_by: Mapped[date | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    electorate_size: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    active_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)
    text_version: Mapped[int] = mapped_column(default=1)
    n_for: Mapped[int] = mapped_column(default=0)
    n_against: Mapped[int] = mapped_column(default=0)
    n_abstain: Mapped[int] = mapped_column(default=0)
    contest: Mapped[int] = mapped_column(default=0)
    n_comments: Mapped[int] = mapped_column(default=0)
    n_packages: Mapped[int] = mapped_column(default=0)
    n_free: Mapped[int] = mapped_column(default=0)
    n_live: Mapped[int] = mapped_column(default=0)
    coalition: Mapped[str] = mapped_column(Text, default="")

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")
    partner: Mapped[Partner | None] = relationship(lazy="raise_on_sql")
    author: Mapped[Person | None] = relationship(lazy="raise_on_sql")
    links: Mapped[list[ProposalLink]] = relationship(
        lazy="raise_on_sql", order_by="ProposalLink.id", cascade="all, delete-orphan"
    )
    builders: Mapped[list[Partner]] = relationship(
        secondary="proposal_builder", lazy="raise_on_sql", order_by="Partner.name"
    )
    decisions: Mapped[list[Decision]] = relationship(lazy="raise_on_sql", order_by="Decision.id")

    @property
    def key(self) -> str:
        """How people call it: FV-12."""
        return f"FV-{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether ballots can be cast."""
        return self.state == State.OPEN

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.id}


class ProposalLink(Base):
    """A titled link under a proposal; `source` marks where an imported proposal comes from."""

    __tablename__ = "proposal_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    url: Mapped[str] = mapped_column(String(500))
    source: Mapped[bool] = mapped_column(default=False)


class ProposalBuilder(Base):
    """Which partner built it, as its source says."""

    __tablename__ = "proposal_builder"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True, index=True)


class ProposalCount(Base):
    """How many proposals there are per state and topic: totals without counting."""

    __tablename__ = "proposal_count"

    state: Mapped[str] = mapped_column(String(12), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True)
    n: Mapped[int] = mapped_column(default=0)


class Decision(Base):
    """What a committee decided about a proposal, on which date, and why; the electorate is frozen with it."""

    __tablename__ = "decision"
    __table_args__ = (CheckConstraint("outcome IN ('accepted', 'deferred', 'declined')", name="outcome"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(String(160))
    decided_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(2000))
    n_for: Mapped[int]
    n_against: Mapped[int]
    n_abstain: Mapped[int]
    electorate_size: Mapped[int]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(default=now)


def touch(proposal_id: int, **changes: int | str) -> None:
    """Something shown on the proposal changed: add whole numbers to its counters, set texts, renew its version."""
    values = {name: getattr(Proposal, name) + by if isinstance(by, int) else by for name, by in changes.items()}
    db.session.execute(
        update(Proposal)
        .where(Proposal.id == proposal_id)
        .values(version=Proposal.version + 1, active_at=now(), **values)
        .execution_options(synchronize_session=False)
    )
