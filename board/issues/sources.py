"""Which words of a proposal or package came from an issue, so that they can go when it must not be read any more.

The words are kept as they were taken, only as long as the issue is visible. An issue that names a proposal, or that was
begun from its page, is no source: its words are the board's own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, db, now
from board.issues.models import Issue, IssueLink
from board.policy import FORGE
from board.proposals import queries as proposals
from board.proposals import writing
from board.withheld import Taken, Withheld
from board.work import packages
from board.work.models import Package


class IssueSource(Base):
    """The words that a proposal or a package took from an issue when it was made of it."""

    __tablename__ = "issue_source"
    __table_args__ = (
        Index("ix_issue_source_issue", "issue_id"),
        CheckConstraint("(proposal_id IS NULL) <> (package_id IS NULL)", name="one_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id"))
    title: Mapped[str] = mapped_column(String(1000))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


def note(issue: Issue, *, proposal_id: int | None = None, package_id: int | None = None) -> None:
    """Remember that one of both was made of this issue."""
    db.session.add(
        IssueSource(
            issue_id=issue.id, proposal_id=proposal_id, package_id=package_id, title=issue.title, body=issue.body
        )
    )


def withhold(issue_id: int, why: str) -> None:
    """The issue must not be read any more: its words go from all that was made of it. Before they go from its row.

    Also what was made of it and was unlinked or withdrawn since. Packages are locked first, as everywhere.
    """
    made = list(db.session.scalars(select(IssueSource).where(IssueSource.issue_id == issue_id)))
    if not made:
        return
    issue = db.session.execute(select(Issue.title, Issue.body, Issue.url).where(Issue.id == issue_id)).one()
    _lock_packages(issue_id, [one.package_id for one in made if one.package_id is not None])
    for one in sorted(made, key=lambda one: (one.package_id is None, one.package_id or one.proposal_id)):
        gone = Withheld([Taken(one.title, one.body), Taken(issue.title, issue.body)], why)
        if one.package_id is not None:
            packages.withhold(packages.locked(one.package_id, links=True), FORGE, gone, issue.url)
        elif one.proposal_id is not None:
            writing.withhold(proposals.locked(one.proposal_id), FORGE, gone, issue.url)
    db.session.execute(delete(IssueSource).where(IssueSource.issue_id == issue_id))


def _lock_packages(issue_id: int, made: list[int]) -> None:
    linked = select(IssueLink.package_id).where(IssueLink.issue_id == issue_id, IssueLink.package_id.is_not(None))
    wanted = select(Package.id).where(Package.id.in_(linked) | Package.id.in_(made)).order_by(Package.id)
    db.session.execute(wanted.with_for_update(key_share=True)).all()
