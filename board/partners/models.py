"""Partners and the electorate they form."""

from __future__ import annotations

import enum
from datetime import date, datetime
from functools import lru_cache
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from board import text
from board.db import Base, now

HUES = 12
PLAIN = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that both databases put in the same order: that of its characters."""


class Kind(enum.StrEnum):
    """What sort of body a partner is."""

    MUNICIPALITY = "municipality"
    COUNTY = "county"
    ASSOCIATION = "association"
    PROVIDER = "provider"


def searchable(name: str, state: str) -> str:
    """The folded text by which a partner is found and lists of partners are sorted: a short name before longer ones."""
    return f"{text.fold(name)}\n{text.fold(state)}"


def _searchable(context: DefaultExecutionContext) -> str:
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return searchable(row["name"], row.get("state") or "")


class Partner(Base):
    """A body taking part in the partnership. `votes` comes from the cooperation agreement; a provider never votes.

    A partner that left (`left_on`) rests for good: `paused_at` is set too, so it counts nowhere.
    `funded_until` is the last day on which its work here is funded, where it says so.
    `search` is `searchable` of name and state; `edit` renews it.
    `ags` is the official municipality key as text of eight digits: a number would lose its leading zero.
    """

    __tablename__ = "partner"
    __table_args__ = (
        CheckConstraint("kind <> 'provider' OR NOT votes", name="provider_never_votes"),
        CheckConstraint("ags IS NULL OR length(ags) IN (5, 8)", name="ags_length"),
        Index("ix_partner_listed", "kind", "fictional", "search", "id"),
        Index("ix_partner_search", "search", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    official_name: Mapped[str] = mapped_column(String(200), default="")
    sign: Mapped[str] = mapped_column(String(2))
    kind: Mapped[str] = mapped_column(String(16))
    votes: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None]
    ags: Mapped[str | None] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(40), default="")
    search: Mapped[str] = mapped_column(PLAIN, default=_searchable)
    population: Mapped[int | None]
    population_on: Mapped[date | None]
    contact: Mapped[str] = mapped_column(String(200), default="")
    cohort: Mapped[int | None]
    sources: Mapped[str] = mapped_column(String(2000), default="")
    fictional: Mapped[bool] = mapped_column(default=False)
    left_on: Mapped[date | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    funded_until: Mapped[date | None]
    joined_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def hue(self) -> int:
        """The index of the partner's colour, 0 … 11, steady because derived from the AGS (else from the slug)."""
        return hue(self.ags or self.slug)

    @property
    def counts(self) -> bool:
        """Whether it belongs to the electorate now: it votes and is not paused."""
        return self.votes and self.paused_at is None

    @property
    def source_links(self) -> list[tuple[str, str]]:
        """The sources as (title, address); `sources` keeps one a line, the address last. Other schemes are left out."""
        pairs = [line.rpartition(" ")[::2] for line in self.sources.splitlines()]
        return [(title or url, url) for title, url in pairs if url.startswith(("https://", "http://"))]

    @property
    def is_provider(self) -> bool:
        """Whether this is a service provider."""
        return self.kind == Kind.PROVIDER

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"about_id": self.id}


@lru_cache(maxsize=4096)
def hue(seed: str) -> int:
    """A steady colour index for an AGS or slug."""
    return sum(ord(c) * (i + 1) for i, c in enumerate(seed)) % HUES


class Electorate(Base):
    """One row: how many partners vote now (paused ones do not count), and a version for caches."""

    __tablename__ = "electorate"
    ONLY: ClassVar[int] = 1

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
