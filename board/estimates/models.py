"""An estimate of a proposal, by a partner or a provider."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.accounts.models import Person
from board.db import Base, now
from board.i18n import today
from board.partners.models import Partner

MOST_DAYS = 99_999
PROVIDER = 160
LIVE = text("withdrawn_at IS NULL AND partner_id IS NOT NULL")
LIVE_PROVIDER = text("withdrawn_at IS NULL AND partner_id IS NULL")


class Estimate(Base):
    """Whole person-days from `low` to `high`. One per proposal and author stands; withdrawn ones stay on record.

    The author is a partner, or a provider by its name (`provider`) that a product owner speaks for. `expired_at` is
    set by the sweep once `valid_until` has passed.
    """

    __tablename__ = "estimate"
    __table_args__ = (
        Index(
            "uq_estimate_partner", "proposal_id", "partner_id",
            unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
        ),
        Index(
            "uq_estimate_provider", "proposal_id", "provider",
            unique=True, sqlite_where=LIVE_PROVIDER, postgresql_where=LIVE_PROVIDER,
        ),
        Index("ix_estimate_proposal", "proposal_id"),
        Index("ix_estimate_partner", "partner_id", "valid_until"),
        Index("ix_estimate_valid", "valid_until"),
        CheckConstraint(f"low > 0 AND low <= high AND high <= {MOST_DAYS}", name="range"),
        CheckConstraint("partner_id IS NOT NULL OR provider <> ''", name="author"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    provider: Mapped[str] = mapped_column(String(PROVIDER), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    low: Mapped[int]
    high: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    valid_until: Mapped[date]
    made_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    expired_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    partner: Mapped[Partner | None] = relationship(lazy="raise_on_sql")
    person: Mapped[Person | None] = relationship(lazy="raise_on_sql")

    @property
    def author(self) -> str:
        """Who estimated: the name of the partner (which must be loaded) or of the provider."""
        return self.partner.name if self.partner else self.provider

    @property
    def is_valid(self) -> bool:
        """Whether it stands today."""
        return self.withdrawn_at is None and self.valid_until >= today()

    @property
    def of_provider(self) -> bool:
        """Whether product owners look after it: its author is a provider that has no seat here."""
        return self.partner_id is None

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "about_id": self.partner_id}
