"""What people want to hear of, what they watch, and what they have been told."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class Sort(enum.StrEnum):
    """A sort of mail that a person may decline."""

    WEEKLY = "weekly"
    REMINDERS = "reminders"
    DECISIONS = "decisions"
    REPLIES = "replies"
    MENTIONS = "mentions"


class Choice(Base):
    """A sort of mail that somebody has declined; without a row it is sent."""

    __tablename__ = "mail_choice"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    declined: Mapped[str] = mapped_column(String(12), primary_key=True)


class Watch(Base):
    """Somebody wants to hear of a proposal (`FV-12`), a package (`AP-7`), a partner (`PA-3`) or a topic (`TH-2`).

    Of the first two they hear comments and changes of state, of the others new proposals and decisions on those.
    """

    __tablename__ = "watch"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: as the person's own affair."""
        return {}


TOLD_KEPT = timedelta(days=30)
"""How long it is remembered; by then the week of a digest and the date of a reminder are long past."""


class Told(Base):
    """Something that a person was told, or need not be told: a week's digest, a reminder. Never twice."""

    __tablename__ = "told"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(40), primary_key=True)
    told_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Cursor(Base):
    """How far a job has read the activity log, as `board.live.log` writes positions."""

    __tablename__ = "log_cursor"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[str] = mapped_column(String(40))
