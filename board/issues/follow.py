"""What follows from a changed issue: its chips, its packages, automatic links, rules and the activity log.

Everything here is told as the provider's doing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from board.activity.models import act
from board.db import db
from board.issues import links, mentions, rules, sources
from board.issues.models import Delivery, Issue, IssueLink, Triage
from board.policy import FORGE
from board.work import forge as work
from board.work.leases import terms
from board.work.models import Package, PackageState
from board.work.packages import locked


def appeared(issue_id: int, connection_id: int | None) -> None:
    """An issue is visible for the first time, or again."""
    issue = load(issue_id)
    act(FORGE, "issue.appear", issue, issue=issue.id)
    rules.judge(issue, connection_id)
    _mention(issue)
    _mirror(issue, "issue.update")


def changed(
    issue_id: int, state_before: str | None, fields: set[str], connection_id: int | None,
    *, linked: bool, words: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Something shown on a visible issue changed. `linked`: it has links; `words`: its title and body now."""
    if not (linked or "labels" in fields or (("title" in fields or "body" in fields) and mentions.keys(*words))):
        return
    issue = load(issue_id)
    if "labels" in fields:
        rules.judge(issue, connection_id)
    if fields & {"title", "body"}:
        _mention(issue)
    if fields == {"body"}:
        return
    moved = "state" in fields and (state_before == "closed") != (issue.state == "closed")
    _mirror(issue, ("issue.close" if issue.state == "closed" else "issue.reopen") if moved else "issue.update")


def hide(issue_id: int, why: str, at: datetime | None) -> None:
    """Leave a tombstone: no title, text, label or address stays, here or in what was made of it; chips go."""
    sources.withhold(issue_id, why)
    values: dict[str, Any] = {
        "title": "", "body": "", "search": "", "labels": None, "url": "", "state": None, "visible": False,
        "hidden": why, "provider_updated_at": at, "version": Issue.version + 1,
    }  # fmt: skip
    db.session.execute(
        update(Issue).where(Issue.id == issue_id).values(**values).execution_options(synchronize_session=False)
    )
    issue = load(issue_id)
    _forget(issue)
    _mirror(issue, "issue.hide")


def _forget(issue: Issue) -> None:
    """What earlier deliveries told of it goes too; those that failed may not know their repository."""
    here = or_(Delivery.repository_id == issue.repository_id, Delivery.repository_id.is_(None))
    db.session.execute(
        update(Delivery)
        .where(Delivery.number == issue.number, here, Delivery.body.is_not(None))
        .values(body=None)
        .execution_options(synchronize_session=False)
    )


def load(issue_id: int) -> Issue:
    """The issue as it is in the database now."""
    return db.session.get_one(Issue, issue_id, populate_existing=True)


def _mention(issue: Issue) -> None:
    """Link what title and text name; the triage state follows unless a person has judged."""
    if links.automatic(issue) and not issue.judged and issue.triage == Triage.NEW:
        issue.triage = Triage.LINKED


def _mirror(issue: Issue, verb: str) -> None:
    """Renew every proposal and package that shows the issue, and let packages follow its state."""
    for link in links.live(issue.id):
        act(FORGE, verb, link, issue=issue.id)
        links.renew(link)
        if link.package_id is not None and verb in {"issue.close", "issue.reopen", "issue.update"}:
            settle(link.package_id, reopened=issue.visible and issue.state != "closed")


def settle(package_id: int, *, reopened: bool = False) -> None:
    """All visible issues of a claimed package closed: to review, lease renewed. One reopened: back to work."""
    wanted = (
        select(Issue.state)
        .join(IssueLink, IssueLink.issue_id == Issue.id)
        .where(IssueLink.package_id == package_id, IssueLink.ended_at.is_(None), Issue.visible)
    )
    package: Package = locked(package_id)
    states = list(db.session.scalars(wanted))
    if states and all(state == "closed" for state in states):
        work.submit(package, FORGE, terms())
    elif reopened and package.state == PackageState.REVIEW:
        work.send_back(package, FORGE, terms())
