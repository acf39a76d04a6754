"""What a link in a mail proves: that somebody reads the mail of an address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from board.accounts import links
from board.db import Base, now


class Proof(Base):
    """A one-time link: `reset` to set a new password, `email` to confirm a new address.

    A reset is kept for whatever address was typed, so that known and unknown ones cost the same; only the letter and
    the link look for a person. `person_id` is who asked for another address.
    """

    __tablename__ = "proof"
    __table_args__ = (Index("ix_proof_email", "purpose", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(8))
    email: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(32), default=links.nonce)
    link_hash: Mapped[str] = mapped_column(String(64), default="", index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def open(self) -> bool:
        """Whether its link still works."""
        return self.ended_at is None and self.expires_at > now()
