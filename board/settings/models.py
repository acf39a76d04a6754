"""The table of changed settings. What nobody has changed has no row and holds as `registry` says."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class Setting(Base):
    """One changed setting. A row is never deleted: `value` null means the initial value again."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    value: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: under nothing; the details name it."""
        return {}
