"""The activity log and `act`, the first line of every verb."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import JSON, ForeignKey, Index, String, insert
from sqlalchemy.orm import Mapped, mapped_column, object_session

from board.db import Base, db, now, run
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
        Index("ix_activity_partner_verb", "partner_id", "verb", "id"),
        Index("ix_activity_about_verb", "about_id", "verb", "id"),
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


REFS = ("proposal_id", "package_id", "comment_id", "about_id")
_WRITE = insert(Activity)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What was read past the ORM and can still be acted on; `within` is the transaction it was read in."""

    within: object = field(default_factory=lambda: db.session().info.get("writing"), compare=False, repr=False)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        raise NotImplementedError


def act(by: Actor, verb: str, on: Any, **details: Any) -> None:
    """Check the right and write the activity row: first line of every verb.

    `on` must be loaded inside the running transaction (a stale object raises RuntimeError).
    Raises Denied when the policy says no. Details: ids and enumerations only.
    """
    if not allowed(by, verb, on):
        raise Denied(_("You may not do this."))
    session = db.session()
    writing = session.info.get("writing")
    fresh = on.within is writing if isinstance(on, Held) else object_session(on) is session
    if writing is None or not fresh:
        raise RuntimeError(f"{verb}: load the object inside transaction()")
    session.flush()
    source = "provider" if by.is_forge else "system" if by.is_system else "person"
    refs = dict.fromkeys(REFS) | on.refs()
    run(_WRITE, verb=verb, source=source, person_id=by.person_id, partner_id=by.partner_id, details=details, **refs)
