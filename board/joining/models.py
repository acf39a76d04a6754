"""Invitations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from board.accounts import links
from board.accounts.models import Role
from board.db import Base, now

_PENDING = text("accepted_at IS NULL AND withdrawn_at IS NULL")


class Invitation(Base):
    """Somebody is asked to join a partner, or the board without one. The link dies when used, withdrawn or resent.

    `issue` counts the links that were sent; only the newest opens. The address goes when the invitation has ended.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        Index(
            "uq_invitation_pending",
            "email",
            "partner_id",
            unique=True,
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"), index=True)
    role: Mapped[str] = mapped_column(String(10), default=Role.MEMBER)
    locale: Mapped[str] = mapped_column(String(2), default="de")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    hours: Mapped[int]
    issue: Mapped[int] = mapped_column(default=1)
    nonce: Mapped[str] = mapped_column(String(32), default=links.nonce)
    link_hash: Mapped[str] = mapped_column(String(64), default="", index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @property
    def pending(self) -> bool:
        """Whether it can still be accepted, were its time not over."""
        return self.accepted_at is None and self.withdrawn_at is None

    @property
    def open(self) -> bool:
        """Whether it can be accepted now."""
        return self.pending and self.expires_at > now()

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"about_id": self.partner_id}
