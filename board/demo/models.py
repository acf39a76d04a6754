"""What kind of installation a database belongs to: so that the demo never takes one that is not its own."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, now


class Installation(Base):
    """At most one row. A demo has it, a real board has none; it is written in the transaction that fills the demo."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
    ONLY: ClassVar[int] = 1
    DEMO: ClassVar[str] = "demo"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime] = mapped_column(default=now)
