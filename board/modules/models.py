"""What a module's or the app's file says beyond the board's own knowledge. The verbs are in `taking`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class ModuleFile(Base):
    """What the file of one proposal's module says: field → value, known to the schema or not."""

    __tablename__ = "module_file"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True, autoincrement=False)
    given: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    source: Mapped[str] = mapped_column(String(500), default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=0)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id}


class AppFile(Base):
    """What the file of the whole app says; one row."""

    __tablename__ = "app_file"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    given: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    source: Mapped[str] = mapped_column(String(500), default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=0)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: under nothing."""
        return {}
