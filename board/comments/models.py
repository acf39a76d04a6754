"""Comments under proposals and packages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.accounts.models import Person
from board.db import Base, now
from board.partners.models import Partner


class Comment(Base):
    """Something said about a proposal, or about one of its packages. Deleting empties the text and leaves the row."""

    __tablename__ = "comment"
    __table_args__ = (
        Index("ix_comment_proposal", "proposal_id", "id"),
        Index("ix_comment_package", "package_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    partner: Mapped[Partner | None] = relationship(lazy="raise_on_sql")

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "package_id": self.package_id, "comment_id": self.id}
