"""The inbox's verbs: a person decides what becomes of an issue. Each verb remembers what `undo` has to bring back.

Get the issue by `locked`, inside the transaction.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from board.activity.models import act
from board.db import db, now
from board.duplicates.queries import leads_to
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.issues import follow, links, sources
from board.issues.models import Issue, IssueLink, Triage
from board.policy import Actor, allowed
from board.proposals import writing
from board.proposals.models import Proposal
from board.work import packages
from board.work.models import Package


def locked(issue_id: int) -> Issue:
    """A visible issue, held until the transaction ends. Raises Missing: a hidden one is not there."""
    found = db.session.scalar(select(Issue).where(Issue.id == issue_id, Issue.visible).with_for_update())
    if found is None:
        raise Missing(_("There is no such issue."))
    return found


def link(issue: Issue, by: Actor, *, proposal_id: int | None = None, package_id: int | None = None) -> None:
    """It belongs to this proposal or package; one of both is given. Raises Missing; the same again is harmless.

    One that was merged means the one that it became part of.
    """
    proposal_id = None if proposal_id is None else leads_to(proposal_id)
    package_id = None if package_id is None else packages.stands_for(package_id)
    act(by, "issue.link", issue, issue=issue.id, proposal=proposal_id, package=package_id)
    _must_exist(proposal_id, package_id)
    _linked(issue, by, proposal_id, package_id)


def propose(issue: Issue, by: Actor, draft: writing.Draft) -> Proposal:
    """Make a proposal of it. Raises Conflict when it belongs to one already."""
    act(by, "issue.propose", issue, issue=issue.id)
    live = (IssueLink.issue_id == issue.id, IssueLink.ended_at.is_(None), IssueLink.proposal_id.is_not(None))
    taken = db.session.scalar(select(IssueLink.proposal_id).where(*live).limit(1))
    if taken is not None:
        raise Conflict(_("This issue belongs to FV-%(id)s already.", id=taken), proposal_id=taken)
    proposal = writing.propose(by, draft)
    sources.note(issue, proposal_id=proposal.id)
    _linked(issue, by, proposal.id, None, made=True)
    return proposal


def package(issue: Issue, by: Actor, proposal_id: int, draft: packages.Draft) -> Package:
    """Make a work package of it, under a proposal (of a merged one: its survivor). Raises Missing and Conflict."""
    proposal_id = leads_to(proposal_id)
    act(by, "issue.package", issue, issue=issue.id, proposal=proposal_id)
    live = (IssueLink.issue_id == issue.id, IssueLink.ended_at.is_(None), IssueLink.package_id.is_not(None))
    taken = db.session.scalar(select(IssueLink.package_id).where(*live).limit(1))
    if taken is not None:
        raise Conflict(_("This issue belongs to AP-%(id)s already.", id=taken), package_id=taken)
    (made,) = packages.create(proposal_id, by, [draft])
    sources.note(issue, package_id=made.id)
    _linked(issue, by, None, made.id)
    return made


def snooze(issue: Issue, by: Actor, until: datetime) -> None:
    """Let it rest until then. Raises Conflict for a time that has passed."""
    act(by, "issue.snooze", issue, issue=issue.id)
    if until <= now():
        raise Conflict(_("Choose a day in the future."))
    _remember(issue, "snooze")
    issue.triage, issue.snoozed_until = Triage.SNOOZED, until


def dismiss(issue: Issue, by: Actor, reason: str) -> None:
    """It is not for the board; the reason is kept."""
    act(by, "issue.dismiss", issue, issue=issue.id)
    _remember(issue, "dismiss")
    issue.triage, issue.dismiss_reason, issue.snoozed_until = Triage.DISMISSED, reason, None


def undo(issue: Issue, by: Actor) -> None:
    """Take the last triage back. A proposal made by it is withdrawn if the person may; a package stays, unlinked."""
    act(by, "issue.undo", issue, issue=issue.id)
    before = issue.undo
    if before is None:
        raise Conflict(_("There is nothing to undo."))
    issue.triage, issue.judged, issue.dismiss_reason = before["triage"], before["judged"], before["reason"]
    issue.snoozed_until = datetime.fromisoformat(before["until"]) if before["until"] else None
    issue.undo = None
    _renewed(issue)
    if before.get("link"):
        _unlink(before, by)


def wake_due() -> int:
    """Issues whose time has come are new again; returns how many. Inside a transaction; the sweep calls it."""
    done = db.session.execute(
        update(Issue)
        .where(Issue.triage == Triage.SNOOZED, Issue.snoozed_until <= now())
        .values(triage=Triage.NEW, snoozed_until=None, version=Issue.version + 1)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _linked(issue: Issue, by: Actor, proposal_id: int | None, package_id: int | None, *, made: bool = False) -> None:
    new = links.add(issue, proposal_id=proposal_id, package_id=package_id)
    _remember(issue, "link", link=new.id if new else None, made=made)
    issue.triage, issue.snoozed_until, issue.dismiss_reason = Triage.LINKED, None, ""
    db.session.flush()
    if new is not None:
        act(by, "issue.join", new, issue=issue.id)
        if package_id is not None:
            follow.settle(package_id)


def _unlink(before: dict[str, Any], by: Actor) -> None:
    link = db.session.get_one(IssueLink, before["link"])
    act(by, "issue.part", link, issue=link.issue_id)
    link.ended_at = now()
    links.renew(link)
    if before.get("made") and link.proposal_id is not None:
        proposal = db.session.get_one(Proposal, link.proposal_id)
        if proposal.can("withdraw") and allowed(by, "proposal.withdraw", proposal):
            proposal.withdraw(by)


def _remember(issue: Issue, verb: str, **more: Any) -> None:
    until = issue.snoozed_until.isoformat() if issue.snoozed_until else None
    issue.undo = {
        "verb": verb, "triage": str(issue.triage), "judged": issue.judged, "until": until,
        "reason": issue.dismiss_reason, **more,
    }  # fmt: skip
    issue.judged = True
    _renewed(issue)


def _renewed(issue: Issue) -> None:
    issue.version += 1
    issue.active_at = now()


def _must_exist(proposal_id: int | None, package_id: int | None) -> None:
    if (proposal_id is None) == (package_id is None):
        raise ValueError("one of proposal_id and package_id")
    if proposal_id is not None and db.session.get(Proposal, proposal_id) is None:
        raise Missing(_("There is no such proposal."))
    if package_id is not None and db.session.get(Package, package_id) is None:
        raise Missing(_("There is no such work package."))
