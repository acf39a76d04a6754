"""Milestones and their verbs: create, edit, end, and resume what was ended by mistake."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, mapped_column

from board.activity.models import act
from board.db import Base, db, now
from board.policy import Actor

NAME = 80


class Milestone(Base):
    """A name and, when it is known, the day it is due. An ended one stays on what was planned for it."""

    __tablename__ = "milestone"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME))
    due_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: under nothing; the details hold its number."""
        return {}

    @classmethod
    def create(cls, by: Actor, *, name: str, due_on: date | None) -> Milestone:
        """Add one."""
        milestone = cls(name=name, due_on=due_on)
        db.session.add(milestone)
        db.session.flush()
        act(by, "milestone.create", milestone, milestone=milestone.id)
        return milestone

    def edit(self, by: Actor, *, name: str, due_on: date | None) -> None:
        """Call it otherwise or move its day. The same again is harmless."""
        if (self.name, self.due_on) != (name, due_on):
            self._change(by, "milestone.edit", name=name, due_on=due_on)

    def end(self, by: Actor) -> None:
        """It is reached or given up: nothing new is planned for it. Twice is harmless."""
        if self.ended_at is None:
            self._change(by, "milestone.end", ended_at=now())

    def resume(self, by: Actor) -> None:
        """It goes on after all. Twice is harmless."""
        if self.ended_at is not None:
            self._change(by, "milestone.resume", ended_at=None)

    def _change(self, by: Actor, verb: str, **values: Any) -> None:
        act(by, verb, self, milestone=self.id)
        for name, value in values.items():
            setattr(self, name, value)
        self.version += 1
        for table in (Base.metadata.tables["proposal"], Base.metadata.tables["package"]):
            planned = update(table).where(table.c.milestone_id == self.id)
            db.session.execute(planned.values(version=table.c.version + 1))  # They show its name and day.
