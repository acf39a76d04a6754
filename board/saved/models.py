"""A saved view and its verbs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from board.activity.models import act
from board.db import Base, db, now
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor

NAME = 60
MOST = 50
FACES = {"list": "/proposals", "table": "/proposals/table", "pictures": "/proposals/pictures"}
PRIVATE, PARTNER, ALL = "private", "partner", "all"
BEGINNING = text("beginning")


def address(face: str, query: str) -> str:
    """Where a view with this face and filter leads."""
    return FACES[face] + (f"?{query}" if query else "")


class SavedView(Base):
    """`query` is the normalised filter, `face` how it is shown. Seen by its owner, the partner's people, or everybody.

    `beginning`: what a partner's people see when they open the proposals; one for each partner, by the database.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        Index(
            "uq_saved_view_beginning", "partner_id", unique=True,
            sqlite_where=BEGINNING, postgresql_where=BEGINNING,
        ),
        CheckConstraint("audience IN ('private', 'partner', 'all')", name="audience"),
        CheckConstraint("NOT beginning OR (partner_id IS NOT NULL AND audience <> 'private')", name="beginning"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME))
    face: Mapped[str] = mapped_column(String(8))
    query: Mapped[str] = mapped_column(String(600))
    audience: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"), index=True)
    beginning: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime] = mapped_column(default=now)

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: under nothing; the details hold its number."""
        return {}

    @property
    def url(self) -> str:
        """Where it leads."""
        return address(self.face, self.query)

    @classmethod
    def save(cls, by: Actor, *, name: str, face: str, query: str, audience: str) -> SavedView:
        """Keep a view; the same again is harmless. Raises Denied, Conflict for too many."""
        mine = select(cls).where(cls.person_id == by.person_id)
        same = mine.where(cls.name == name, cls.face == face, cls.query == query, cls.audience == audience)
        if found := db.session.scalar(same.where(cls.partner_id.is_not_distinct_from(by.partner_id))):
            return found
        view = cls(name=name, face=face, query=query, audience=audience, person_id=by.person_id)
        view.partner_id, view.beginning = by.partner_id, False
        act_on = "view.publish" if audience == ALL else "view.save"
        if (db.session.scalar(select(func.count()).select_from(mine.subquery())) or 0) >= MOST:
            raise Conflict(_("You have saved as many views as there is room for: remove one first."))
        db.session.add(view)
        db.session.flush()
        act(by, act_on, view, view=view.id)
        return view

    def remove(self, by: Actor) -> None:
        """Forget it. Raises Denied."""
        act(by, "view.remove", self, view=self.id)
        db.session.delete(self)

    def begin_with(self, by: Actor) -> None:
        """Let the partner's people begin with it, instead of the one before. Twice is harmless. Raises Denied."""
        act(by, "view.begin_with", self, view=self.id)
        if self.audience == PRIVATE:
            raise Conflict(_("Share the view first: a partner begins with one that all its people see."))
        rows = select(SavedView).where(SavedView.partner_id == self.partner_id).order_by(SavedView.id)
        for view in db.session.scalars(rows.with_for_update()):
            view.beginning = False
        db.session.flush()
        self.beginning = True

    def begin_without(self, by: Actor) -> None:
        """Begin with the plain list again. Twice is harmless. Raises Denied."""
        act(by, "view.begin_without", self, view=self.id)
        self.beginning = False
