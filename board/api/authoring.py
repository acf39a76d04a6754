"""Changing proposals: propose, edit, withdraw, move on, rate, plan; duplicates, estimates and milestones."""

from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import Field
from sqlalchemy.exc import IntegrityError

from board import i18n
from board.api.answering import edited, wrong
from board.api.fields import (
    Day,
    Given,
    Moment,
    Proposalkey,
    Shape,
    WebAddress,
    line,
    number,
    some_line,
    some_words,
    words,
)
from board.api.places import GOALS, Milestone, milestone_of
from board.api.proposals import TAG, proposal
from board.api.registry import change, read
from board.api.shapes import PartnerRef, ProposalWhole
from board.db import db
from board.duplicates import verbs as duplicates
from board.errors import Conflict, Missing
from board.estimates import queries as estimates_
from board.estimates import verbs as estimating
from board.estimates.models import MOST_DAYS, PROVIDER
from board.estimates.models import Estimate as EstimateRow
from board.i18n import gettext as _
from board.milestones import queries as milestones
from board.milestones.models import Milestone as MilestoneRow
from board.ordering import verbs as ordering
from board.proposals import queries
from board.proposals.authoring import require_proposer
from board.proposals.forms import FARTHEST, MOST_LINKS, TEXT_LENGTH
from board.proposals.writing import Draft, Link, as_draft, edit, mark, propose
from board.settings.current import current
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
WORTH = N_("Estimates")
HERE = "/proposals/<proposal:proposal_id>"


class LinkGiven(Given):
    """A titled link."""

    title: some_line(160)  # type: ignore[valid-type]
    url: WebAddress


class ProposalChanged(Given):
    """What changes; what is not in it stays."""

    title: some_line(120) = ""  # type: ignore[valid-type]
    text: some_words(TEXT_LENGTH) = Field("", description="Markdown.")  # type: ignore[valid-type]
    topic: str = Field("", max_length=60, description="The slug of a topic that is offered.")
    vote_by: Day | None = Field(None, description="The answer-by date: from today on, at most two years ahead.")
    summary: words(240) = Field("", description="Empty: the beginning of the text.")  # type: ignore[valid-type]
    title_en: line(120) = ""  # type: ignore[valid-type]
    text_en: words(TEXT_LENGTH) = ""  # type: ignore[valid-type]
    summary_en: words(240) = ""  # type: ignore[valid-type]
    links: list[LinkGiven] = Field([], max_length=MOST_LINKS)


class ProposalGiven(ProposalChanged):
    """What a proposal says. Without an answer-by date the board's usual time is given."""

    title: some_line(120)  # type: ignore[valid-type]
    text: some_words(TEXT_LENGTH) = Field(description="Markdown.")  # type: ignore[valid-type]
    topic: str = Field(max_length=60, description="The slug of a topic that is offered.")


@change(
    "POST", "/proposals", "propose", TAG, N_("Propose a feature"),
    N_("On behalf of the partner acted for; product owners may act for none."),
    body=ProposalGiven, answer=ProposalWhole, scope="propose", status=201,
    example={"title": "Bäder", "text": "Öffnungszeiten zeigen.", "topic": "maengelmelder"},
)  # fmt: skip
def propose_one(body: ProposalGiven) -> Any:
    """Propose it."""
    require_proposer(actor())
    start = Draft("", 0, vote_by=i18n.in_days(current().vote_days))
    made = propose(actor(), _draft(start, body, keep=None)).id
    return lambda: proposal(made)


@change("PATCH", HERE, "edit", TAG, N_("Change what a proposal says"),
        N_("What is not in the body stays as it is; the source of an imported proposal always stays."),
        body=ProposalChanged, answer=ProposalWhole, scope="propose", edition=True,
        example={"summary": "Öffnungszeiten aller Bäder."})  # fmt: skip
def edit_one(proposal_id: int, body: ProposalChanged, edition: str) -> Any:
    """Change it."""
    found = queries.locked(proposal_id)
    before = as_draft(found)
    edit(found, actor(), _draft(before, body, keep=found.topic_id), edition=edited(edition, mark(before)))
    return lambda: proposal(proposal_id)


def _draft(before: Draft, body: ProposalChanged, keep: int | None) -> Draft:
    """The draft with what was sent. Raises Invalid for a topic or day that cannot be chosen."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "topic" in given:
        topics = {slug: id_ for id_, slug, _label in queries.topics("de", offered=True, keep=keep)}
        given["topic_id"] = topics.get(given.pop("topic"))
        if given["topic_id"] is None:
            raise wrong("/topic", _("Please choose a topic."))
    day = given.get("vote_by")
    if "vote_by" in given and day is None:
        given.pop("vote_by")
    elif day is not None and day != before.vote_by:
        _ahead("/vote_by", day)
    if "links" in given:
        given["links"] = tuple(Link(link.title, link.url) for link in given["links"])
    return replace(before, **given)


def _ahead(pointer: str, day: date) -> None:
    if not i18n.today() <= day <= i18n.today() + FARTHEST:
        raise wrong(pointer, _("Choose a day from today on, at most two years ahead."))


def _moved(proposal_id: int, verb: str) -> Any:
    getattr(queries.locked(proposal_id), verb)(actor())
    return lambda: proposal(proposal_id)


@change("POST", f"{HERE}/withdraw", "withdraw", TAG, N_("Take a proposal out of the running"), answer=ProposalWhole,
        scope="propose")  # fmt: skip
def withdraw(proposal_id: int) -> Any:
    """Withdraw it."""
    return _moved(proposal_id, "withdraw")


@change("POST", f"{HERE}/start", "start", TAG, N_("The work on a proposal has begun (product owners)"),
        answer=ProposalWhole, scope="steer")  # fmt: skip
def start(proposal_id: int) -> Any:
    """From accepted to building."""
    return _moved(proposal_id, "start")


@change("POST", f"{HERE}/pilot", "pilot", TAG, N_("The first partners try it out (product owners)"),
        answer=ProposalWhole, scope="steer")  # fmt: skip
def pilot(proposal_id: int) -> Any:
    """From building to piloting."""
    return _moved(proposal_id, "pilot")


@change("POST", f"{HERE}/publish", "publish", TAG, N_("Everyone can use it (product owners)"), answer=ProposalWhole,
        scope="steer")  # fmt: skip
def publish(proposal_id: int) -> Any:
    """It is available."""
    return _moved(proposal_id, "publish")


class PlaceGiven(Given):
    """What it is worth (1 to 5, 0: not rated) and the milestone for which it is planned (null: none)."""

    value: int = Field(ge=0, le=5)
    milestone: int | None = Field(ge=1, le=999_999_999)


@change("PUT", f"{HERE}/place", "place", TAG, N_("Rate a proposal and plan it (product owners)"), body=PlaceGiven,
        answer=ProposalWhole, scope="steer", example={"value": 4, "milestone": 1})  # fmt: skip
def place(proposal_id: int, body: PlaceGiven) -> Any:
    """Rate and plan it."""
    found = queries.locked(proposal_id)
    ordering.rate(found, actor(), body.value)
    ordering.plan(found, actor(), body.milestone)
    return lambda: proposal(proposal_id)


class DuplicateGiven(Given):
    """Of which proposal it may be the same, and why."""

    of: Proposalkey
    note: line(200) = ""  # type: ignore[valid-type]


@change("POST", f"{HERE}/duplicate", "suggest_duplicate", TAG, N_("Say that it may be the same as another proposal"),
        N_("Product owners decide about it on the page."), body=DuplicateGiven, answer=ProposalWhole,
        scope="propose", example={"of": "FV-2"})  # fmt: skip
def suggest_duplicate(proposal_id: int, body: DuplicateGiven) -> Any:
    """Suggest it."""
    other = number(body.of)
    found = {p.id: p for p in duplicates.locked(proposal_id, other)}
    duplicates.suggest(found[proposal_id], found[other], body.note, actor())
    return lambda: proposal(proposal_id)


# Estimates


class Estimate(Shape):
    """What somebody thinks that it takes, in whole person-days; the person is named inside the partnership only."""

    id: int
    author: str
    partner: PartnerRef | None
    person: str
    low: int
    high: int
    text: str = Field(description="Assumptions, in Markdown.")
    valid_until: date
    valid: bool
    made_at: Moment
    may: bool = Field(description="Whether this person may change it.")


class Estimates(Shape):
    """All that stand for a proposal, the newest first."""

    items: list[Estimate]


@read(f"{HERE}/estimates", "estimates", WORTH, N_("List the estimates of a proposal"), answer=Estimates)
def estimates(proposal_id: int) -> Estimates:
    """All of one proposal."""
    queries.footprint(proposal_id)
    return Estimates(items=[Estimate.model_validate(e) for e in estimates_.of_proposal(proposal_id, actor()).lines])


@read("/estimates/<int:estimate_id>", "estimate", WORTH, N_("Read an estimate"), answer=Estimate)
def estimate(estimate_id: int) -> tuple[Estimate, str]:
    """One that stands."""
    row = db.session.get(EstimateRow, estimate_id, populate_existing=True)
    lines = estimates_.of_proposal(row.proposal_id, actor()).lines if row else ()
    found = next((e for e in lines if e.id == estimate_id), None)
    if found is None:
        raise Missing(_("There is no such estimate."))
    return Estimate.model_validate(found), f"e{found.version}"


class EstimateGiven(Given):
    """Whole person-days from low to high, until when they stand; product owners may name a provider that estimates."""

    low: int = Field(ge=1, le=MOST_DAYS)
    high: int = Field(ge=1, le=MOST_DAYS)
    valid_until: Day
    assumptions: words(5_000) = ""  # type: ignore[valid-type]
    provider: line(PROVIDER) = ""  # type: ignore[valid-type]

    def figures(self) -> estimating.Figures:
        """What it says. Raises Invalid where the numbers are the wrong way round or the day is past."""
        if self.high < self.low:
            raise wrong("/high", _("The high number must not be below the low one."))
        _ahead("/valid_until", self.valid_until)
        return estimating.Figures(self.low, self.high, self.valid_until, self.assumptions)


@change("POST", f"{HERE}/estimates", "make_estimate", WORTH, N_("Estimate a proposal for one's partner"),
        body=EstimateGiven, answer=Estimate, scope="propose", status=201,
        example={"low": 5, "high": 8, "valid_until": "2027-06-30"})  # fmt: skip
def make_estimate(proposal_id: int, body: EstimateGiven) -> Any:
    """Estimate it."""
    provider = body.provider if actor().is_product_owner else ""
    try:
        made = estimating.make(queries.locked(proposal_id), actor(), body.figures(), provider=provider).id
    except IntegrityError as why:  # Two of the same author at once: the database let one in.
        raise Conflict(_("There is an estimate by this author already: change that one.")) from why
    return lambda: estimate(made)


@change("PATCH", "/estimates/<int:estimate_id>", "edit_estimate", WORTH, N_("Estimate anew"), body=EstimateGiven,
        answer=Estimate, scope="propose", edition=True)  # fmt: skip
def edit_estimate(estimate_id: int, body: EstimateGiven, edition: str) -> Any:
    """Change one that stands."""
    _proposal, found = estimating.locked(estimate_id)
    edited(edition, f"e{found.version}")
    estimating.edit(found, actor(), body.figures(), found.version)
    return lambda: estimate(estimate_id)


@change("POST", "/estimates/<int:estimate_id>/withdraw", "withdraw_estimate", WORTH, N_("Take an estimate back"),
        answer=Estimates, scope="propose")  # fmt: skip
def withdraw_estimate(estimate_id: int) -> Any:
    """Take it back; it stays on record."""
    found, row = estimating.locked(estimate_id)
    estimating.withdraw(row, actor())
    proposal_id = found.id
    return lambda: estimates(proposal_id)


@change("POST", "/estimates/<int:estimate_id>/restore", "restore_estimate", WORTH,
        N_("Let a withdrawn estimate stand again"), answer=Estimates, scope="propose")  # fmt: skip
def restore_estimate(estimate_id: int) -> Any:
    """It stands again."""
    found, row = estimating.locked(estimate_id)
    estimating.restore(row, actor())
    proposal_id = found.id
    return lambda: estimates(proposal_id)


# Milestones


class MilestoneGiven(Given):
    """What is to be reached, and until when, where that is known."""

    name: some_line(80)  # type: ignore[valid-type]
    due_on: Day | None = None


@change("POST", "/milestones", "create_milestone", GOALS, N_("Add a milestone (product owners)"), body=MilestoneGiven,
        answer=Milestone, scope="steer", status=201, example={"name": "Herbst", "due_on": "2027-10-01"})  # fmt: skip
def create_milestone(body: MilestoneGiven) -> Any:
    """Add one."""
    _sensible(body)
    made = MilestoneRow.create(actor(), name=body.name, due_on=body.due_on).id
    return lambda: milestone_of(made)


@change("PUT", "/milestones/<int:milestone_id>", "edit_milestone", GOALS,
        N_("Call a milestone otherwise, or move its day (product owners)"), body=MilestoneGiven, answer=Milestone,
        scope="steer")  # fmt: skip
def edit_milestone(milestone_id: int, body: MilestoneGiven) -> Any:
    """Change it."""
    _sensible(body)
    milestones.locked(milestone_id).edit(actor(), name=body.name, due_on=body.due_on)
    return lambda: milestone_of(milestone_id)


def _sensible(body: MilestoneGiven) -> None:
    if body.due_on and not date(1990, 1, 1) <= body.due_on <= date(2199, 12, 31):
        raise wrong("/due_on", _("Not a valid date value."))


@change("POST", "/milestones/<int:milestone_id>/end", "end_milestone", GOALS,
        N_("A milestone is reached or given up (product owners)"), answer=Milestone, scope="steer")  # fmt: skip
def end_milestone(milestone_id: int) -> Any:
    """End it."""
    milestones.locked(milestone_id).end(actor())
    return lambda: milestone_of(milestone_id)


@change("POST", "/milestones/<int:milestone_id>/resume", "resume_milestone", GOALS,
        N_("A milestone goes on after all (product owners)"), answer=Milestone, scope="steer")  # fmt: skip
def resume_milestone(milestone_id: int) -> Any:
    """Let it go on."""
    milestones.locked(milestone_id).resume(actor())
    return lambda: milestone_of(milestone_id)
