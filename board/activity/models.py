"""The activity log and `act`, the first line of every verb."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, object_session

from board.db import Base, db, now
from board.errors import Denied
from board.i18n import gettext as _
from board.policy import Actor, allowed


class Subject(Protocol):
    """Something that can be acted on: it names the ids under which the log files it."""

    def refs(self) -> dict[str, int | None]:
        """A subset of proposal_id, package_id, comment_id and about_id (the partner it is about)."""
        ...


class Activity(Base):
    """One thing that happened. Append-only; `details` holds ids and enumerations only."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_proposal", "proposal_id", "id"),
        Index("ix_activity_package", "package_id", "id"),
        Index("ix_activity_partner", "partner_id", "id"),
        Index("ix_activity_about", "about_id", "id"),
        Index("ix_activity_person", "person_id", "id"),
        Index("ix_activity_verb", "verb", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    verb: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(16), default="person")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"))
    about_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def act(by: Actor, verb: str, on: Any, **details: Any) -> Activity:
    """Check the right and write the activity row: first line of every verb.

    `on` must be loaded inside the running transaction (a stale object raises RuntimeError).
    Raises Denied when the policy says no. Details: ids and enumerations only.
    """
    if not allowed(by, verb, on):
        raise Denied(_("You may not do this."))
    session = object_session(on)
    if session is None or not session.info.get("writing"):
        raise RuntimeError(f"{verb}: load the object inside transaction()")
    session.flush()
    row = Activity(
        verb=verb,
        source="provider" if by.is_forge else "system" if by.is_system else "person",
        person_id=by.person_id,
        partner_id=by.partner_id,
        details=details,
        **on.refs(),
    )
    db.session.add(row)
    return row
