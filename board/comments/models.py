"""Comments under proposals and packages."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board import text as texts
from board.accounts.models import Person
from board.activity.models import Subject, act
from board.comments.mentions import linked
from board.db import Base, db, now
from board.errors import Conflict
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import touch

MAX_LENGTH = 5000
DOUBLE_SUBMIT = timedelta(minutes=10)


class Comment(Base):
    """Something said about a proposal, or about one of its packages. Deleting empties the text and leaves the row."""

    __tablename__ = "comment"
    __table_args__ = (
        Index("ix_comment_proposal", "proposal_id", "id"),
        Index("ix_comment_package", "package_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text, default="")
    written_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    partner: Mapped[Partner | None] = relationship(lazy="raise_on_sql")

    @classmethod
    def write(cls, on: Subject, text: str, by: Actor) -> Comment:
        """Say something about a proposal or package (locked by the caller), in Markdown.

        The same words sent twice within ten minutes are one comment: a double click answers like a single one.
        Raises Denied for people without a seat, product owners excepted.
        """
        again = _just_written(on, text, by)
        if again:
            return again
        comment = cls(
            person_id=by.person_id, partner_id=by.partner_id, text=text, html=texts.markdown(linked(text)),
            search=texts.fold(text), **_place(on),
        )  # fmt: skip
        db.session.add(comment)
        act(by, "comment.write", comment)
        comment._count(+1)
        return comment

    def edit(self, text: str, version: int, by: Actor) -> None:
        """Put it differently; readers see that it was edited. `version` is the one that the author had before them.

        Raises Denied for everybody but the author, Conflict if it was edited or deleted since.
        """
        if self.text == text and self.person_id == by.person_id and self.deleted_at is None:
            return  # Sent twice, or nothing changed: there is nothing to record.
        act(by, "comment.edit", self)
        if self.deleted_at:
            raise Conflict(_("This comment has been deleted."))
        if self.version != version:
            raise Conflict(_("You have changed this comment elsewhere since. Your text stands in the field."))
        self.text, self.html, self.search, self.edited_at = text, texts.markdown(linked(text)), texts.fold(text), now()
        self.version += 1

    def delete(self, by: Actor) -> None:
        """Take the words back for good; a line stays that says so. Repeating it is harmless.

        Raises Denied for everybody but the author.
        """
        if self.deleted_at and self.person_id == by.person_id:
            return
        act(by, "comment.delete", self)
        self.text = self.html = self.search = ""
        self.deleted_at = now()
        self.version += 1
        self._count(-1)

    def _count(self, n: int) -> None:
        """Keep the number of comments where it is shown; packages lie beside this layer, so their table is named."""
        if self.package_id is None:
            touch(self.proposal_id, n_comments=n)
            return
        package = Base.metadata.tables["package"]
        db.session.execute(
            update(package)
            .where(package.c.id == self.package_id)
            .values(n_comments=package.c.n_comments + n, version=package.c.version + 1, active_at=now())
        )

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.proposal_id, "package_id": self.package_id, "comment_id": self.id}


def _place(on: Subject) -> dict[str, int | None]:
    refs = on.refs()
    return {"proposal_id": refs["proposal_id"], "package_id": refs.get("package_id")}


def _just_written(on: Subject, text: str, by: Actor) -> Comment | None:
    return db.session.scalar(
        select(Comment)
        .where(*(getattr(Comment, name) == value for name, value in _place(on).items()))
        .where(Comment.person_id == by.person_id, Comment.partner_id == by.partner_id, Comment.text == text)
        .where(Comment.deleted_at.is_(None), Comment.written_at > now() - DOUBLE_SUBMIT)
        .order_by(Comment.id.desc())
        .limit(1)
    )
