"""What was done to several proposals at once, kept for taking it back."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class Batch(Base):
    """`items`: proposal id → what was there before and what came after, as `verbs` reads and writes it."""

    __tablename__ = "batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    items: Mapped[dict[str, list[Any]]] = mapped_column(JSON, default=dict)
    done_at: Mapped[datetime] = mapped_column(default=now)
    undone_at: Mapped[datetime | None]
