"""The lock row of each recurring task: whoever moves its time forward runs it, so only one process does."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base


class TaskLock(Base):
    """A recurring task, the moment until which nobody needs to run it again, and how its last run went.

    `problem` is the kind of error that ended the last run, empty when it went well.
    """

    __tablename__ = "task_lock"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime]
    ran_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(String(80), default="", server_default="")
