"""What stands around proposals: decisions, sheets, issues and what happened; and the inbox of issues."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from board.api.answering import goes_on, wrong
from board.api.fields import Day, Given, Listed, Moment, Paged, Proposalkey, Shape, number, some_line
from board.api.registry import change, read
from board.decisions import markdown
from board.decisions import queries as decisions_
from board.errors import Missing
from board.i18n import gettext as _
from board.i18n import today
from board.issues import forms, making, mirror, queries, triage
from board.opendata import queries as opendata
from board.proposals import queries as proposals
from board.web import actor
from board.work import queries as work

N_ = str  # Marks a message id; it is translated where it is shown.
DECIDED, INBOX = N_("Decisions"), N_("Issues")


# Decisions


class Decision(Shape):
    """What was decided about a proposal; `no_objection`: accepted because nobody objected, with so many silent."""

    id: int
    proposal: Proposalkey
    outcome: Literal["accepted", "deferred", "declined"]
    body: str
    decided_on: date
    reason: str
    for_: int = Field(serialization_alias="for", validation_alias="for")
    against: int
    abstain: int
    electorate: int
    no_objection: int | None
    recorded_at: Moment
    taken_back_at: Moment | None
    has_record: bool


@read("/decisions", "decisions", DECIDED, N_("List decisions"), N_("The oldest first."), query=Paged,
      answer=Listed[Decision], paged=True)  # fmt: skip
def decisions(query: Paged) -> Listed[Decision]:
    """All decisions, those that were taken back too."""
    after = int(query.after) if query.after.isdigit() and len(query.after) < 10 else 0
    found = opendata.decisions(after, query.limit + 1)
    more = found[query.limit - 1][0] if len(found) > query.limit else None
    return Listed(items=[_decision(row) for _id, row in found[: query.limit]], next=goes_on(query, more))


def _decision(row: Any) -> Decision:
    return Decision.model_validate({**row, "has_record": row["record"] is not None})


class Sheet(Shape):
    """A decision sheet, or the record that was kept with a decision, as Markdown for this reader."""

    proposal: Proposalkey
    title: str
    markdown: str
    made_at: Moment | None


@read("/proposals/<proposal:proposal_id>/sheet", "sheet", DECIDED, N_("Read the decision sheet of a proposal"),
      N_("As it stands now, in the language of the request."), answer=Sheet)  # fmt: skip
def sheet(proposal_id: int) -> Sheet:
    """The sheet as it is now."""
    return _sheet(decisions_.live(proposals.whole(proposal_id), actor()))


@read("/decisions/<int:decision_id>/record", "record", DECIDED, N_("Read the record of a decision"),
      N_("As it was kept with the decision."), answer=Sheet)  # fmt: skip
def record(decision_id: int) -> Sheet:
    """The sheet as it was then."""
    return _sheet(decisions_.kept(decision_id, actor()))


def _sheet(found: decisions_.Sheet) -> Sheet:
    return Sheet(proposal=found.key, title=found.title, markdown=markdown.written(found), made_at=found.made_at)


# Issues on proposals and packages


class Chip(Shape):
    """An issue as it stands beside what it belongs to."""

    provider: str
    repository: str
    number: int
    title: str
    state: str
    labels: list[str]
    url: str


class Development(Shape):
    """Work seen in Git for a package."""

    kind: str
    ref: str
    title: str
    url: str
    state: str
    repository: str
    seen_at: Moment


class Mirror(Shape):
    """The issues of a proposal or package, and the work seen for it."""

    issues: list[Chip]
    developments: list[Development]


@read("/proposals/<proposal:proposal_id>/issues", "issues_of_proposal", INBOX, N_("List the issues of a proposal"),
      answer=Mirror)  # fmt: skip
def issues_of_proposal(proposal_id: int) -> Mirror:
    """Visible ones only."""
    return Mirror.model_validate(_mirrored(mirror.for_proposal(proposals.whole(proposal_id))))


@read("/packages/<package:package_id>/issues", "issues_of_package", INBOX, N_("List the issues of a work package"),
      answer=Mirror)  # fmt: skip
def issues_of_package(package_id: int) -> Mirror:
    """Visible ones only."""
    return Mirror.model_validate(_mirrored(mirror.for_package(work.with_texts(package_id))))


def _mirrored(found: dict[str, Any]) -> mirror.Mirror:
    return next(value for value in found.values() if isinstance(value, mirror.Mirror))


# The inbox


class Issue(Shape):
    """An issue in the inbox; `links` are the keys of what it belongs to."""

    id: int
    provider: str
    repository: str
    number: int
    title: str
    body: str
    state: str
    labels: list[str]
    url: str
    triage: Literal["new", "linked", "snoozed", "dismissed"]
    snoozed_until: Moment | None
    dismiss_reason: str
    can_undo: bool
    first_seen_at: Moment
    links: list[str]


class IssuesAsked(Paged):
    """How the inbox is narrowed."""

    triage: Literal["new", "linked", "snoozed", "dismissed", "all"] = "new"
    provider: Literal["", "gitlab", "github", "gitea", "forgejo"] = ""
    label: str = Field("", max_length=100)
    state: Literal["", "open", "closed"] = ""
    q: str = Field("", max_length=100)


@read("/issues", "issues", INBOX, N_("Read the inbox of issues"),
      N_("For members of public bodies and product owners; the newest first."), query=IssuesAsked,
      answer=Listed[Issue], paged=True, signed_in=True)  # fmt: skip
def issues(query: IssuesAsked) -> Listed[Issue]:
    """Visible issues."""
    before = int(query.after) if query.after.isdigit() and len(query.after) < 10 else None
    wanted = queries.Filter(
        triage=query.triage, provider=query.provider, label=query.label, state=query.state, words=query.q,
        before=before,
    )  # fmt: skip
    found = queries.inbox(wanted, query.limit + 1)
    more = found[query.limit - 1].id if len(found) > query.limit else None
    return Listed(items=[Issue.model_validate(line) for line in found[: query.limit]], next=goes_on(query, more))


@read("/issues/<int:issue_id>", "issue", INBOX, N_("Read one issue"), answer=Issue, signed_in=True)
def issue(issue_id: int) -> Issue:
    """One visible issue."""
    found = queries.issue(issue_id)
    if found is None:
        raise Missing(_("There is no such issue."))
    return Issue.model_validate(found)


class LinkGiven(Given):
    """Where it belongs."""

    key: str = Field(pattern=r"^(FV|AP)-[1-9][0-9]{0,8}$")


@change("POST", "/issues/<int:issue_id>/link", "link_issue", INBOX,
        N_("Link an issue with a proposal or work package"), body=LinkGiven, answer=Issue, scope="work",
        example={"key": "FV-1"})  # fmt: skip
def link_issue(issue_id: int, body: LinkGiven) -> Any:
    """It belongs there."""
    goal = {"proposal_id" if body.key.startswith("FV") else "package_id": number(body.key)}
    triage.link(triage.locked(issue_id), actor(), **goal)
    return lambda: issue(issue_id)


class TopicGiven(Given):
    """The topic of the proposal that it becomes."""

    topic: str = Field(max_length=60)


@change("POST", "/issues/<int:issue_id>/propose", "propose_issue", INBOX, N_("Make a proposal of an issue"),
        body=TopicGiven, answer=Issue, scope="propose", example={"topic": "maengelmelder"})  # fmt: skip
def propose_issue(issue_id: int, body: TopicGiven) -> Any:
    """With its title and text."""
    topics = {slug: id_ for id_, slug, _label in proposals.topics("de", offered=True)}
    if body.topic not in topics:
        raise wrong("/topic", _("Please choose a topic."))
    making.proposal(triage.locked(issue_id), actor(), topics[body.topic])
    return lambda: issue(issue_id)


class UnderGiven(Given):
    """The proposal under which it becomes a work package."""

    under: Proposalkey


@change("POST", "/issues/<int:issue_id>/package", "package_issue", INBOX, N_("Make a work package of an issue"),
        body=UnderGiven, answer=Issue, scope="work", example={"under": "FV-1"})  # fmt: skip
def package_issue(issue_id: int, body: UnderGiven) -> Any:
    """Under a proposal."""
    making.package(triage.locked(issue_id), actor(), number(body.under))
    return lambda: issue(issue_id)


class SnoozeGiven(Given):
    """Until which day it rests."""

    until: Day


@change("POST", "/issues/<int:issue_id>/snooze", "snooze_issue", INBOX, N_("Let an issue rest until a day"),
        body=SnoozeGiven, answer=Issue, scope="work", example={"until": "2027-06-30"})  # fmt: skip
def snooze_issue(issue_id: int, body: SnoozeGiven) -> Any:
    """It is new again on that day."""
    if not today() < body.until <= date(2199, 12, 31):
        raise wrong("/until", _("Choose a day in the future."))
    triage.snooze(triage.locked(issue_id), actor(), forms.wakes_at(forms.DAY, body.until))
    return lambda: issue(issue_id)


class DismissGiven(Given):
    """Why it is not for the board."""

    reason: some_line(200)  # type: ignore[valid-type]


@change("POST", "/issues/<int:issue_id>/dismiss", "dismiss_issue", INBOX, N_("Dismiss an issue"), body=DismissGiven,
        answer=Issue, scope="work", example={"reason": "Schon gelöst."})  # fmt: skip
def dismiss_issue(issue_id: int, body: DismissGiven) -> Any:
    """It is not for the board."""
    triage.dismiss(triage.locked(issue_id), actor(), body.reason)
    return lambda: issue(issue_id)


@change("POST", "/issues/<int:issue_id>/undo", "undo_issue", INBOX, N_("Take the last step with an issue back"),
        answer=Issue, scope="work")  # fmt: skip
def undo_issue(issue_id: int) -> Any:
    """Undo it."""
    triage.undo(triage.locked(issue_id), actor())
    return lambda: issue(issue_id)
