"""The seal of each activity row: its place in the chain and the hash over everything up to it."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base

HASH_LENGTH = 64


class Seal(Base):
    """Row `position` of the chain: `hash` is SHA-256 over the hash before it and the activity row. Append-only."""

    __tablename__ = "seal"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), unique=True)
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
