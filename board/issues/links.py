"""Which proposal or package an issue belongs to; several issues may belong to one package."""

from sqlalchemy import select

from board.activity.models import act
from board.db import db
from board.duplicates.queries import leads_to
from board.issues import mentions
from board.issues.models import Issue, IssueLink
from board.issues.store import insert_once
from board.policy import FORGE
from board.proposals.models import Proposal, touch
from board.work.models import Package, touch_package
from board.work.packages import stands_for


def automatic(issue: Issue) -> int:
    """Link the proposals and packages that title and text name, unless a person ended that link; how many are new.

    A key of one that was merged means the one that it became part of.
    """
    new = 0
    for prefix, named in mentions.keys(issue.title, issue.body):
        number = leads_to(named) if prefix == "FV" else stands_for(named)
        model: type[Proposal] | type[Package] = Proposal if prefix == "FV" else Package
        if db.session.scalar(select(model.id).where(model.id == number)):
            column = "proposal_id" if prefix == "FV" else "package_id"
            new += add(issue, automatic=True, **{column: number}) is not None
    return new


def add(
    issue: Issue,
    *,
    proposal_id: int | None = None,
    package_id: int | None = None,
    automatic: bool = False,
) -> IssueLink | None:
    """A new link, or None when there is (or, for automatic ones, was) one. The caller has asked for the right."""
    link_id = insert_once(
        IssueLink, issue_id=issue.id, proposal_id=proposal_id, package_id=package_id, automatic=automatic
    )
    if link_id is None:
        if automatic:
            return None
        return _again(issue, proposal_id, package_id)
    link = db.session.get_one(IssueLink, link_id)
    if automatic:
        act(FORGE, "issue.mention", link, issue=issue.id)
    renew(link)
    return link


def _again(issue: Issue, proposal_id: int | None, package_id: int | None) -> IssueLink | None:
    """A link that was ended holds again."""
    end = IssueLink.proposal_id == proposal_id if proposal_id is not None else IssueLink.package_id == package_id
    link = db.session.scalars(select(IssueLink).where(IssueLink.issue_id == issue.id, end)).one()
    if link.ended_at is None:
        return None
    link.ended_at, link.automatic = None, False
    renew(link)
    return link


def live(issue_id: int) -> list[IssueLink]:
    """The links that hold, packages first: locks are taken in one order."""
    wanted = select(IssueLink).where(IssueLink.issue_id == issue_id, IssueLink.ended_at.is_(None))
    return list(
        db.session.scalars(wanted.order_by(IssueLink.package_id.is_(None), IssueLink.package_id, IssueLink.proposal_id))
    )


def renew(link: IssueLink) -> None:
    """What shows the link has changed."""
    if link.package_id is not None:
        touch_package(link.package_id)
    if link.proposal_id is not None:
        touch(link.proposal_id)
