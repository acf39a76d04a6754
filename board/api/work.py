"""Work packages: read, written, claimed and moved."""

from dataclasses import replace
from datetime import date
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select

from board.api.answering import edited, goes_on, wrong
from board.api.fields import (
    Day,
    Days,
    Flag,
    Given,
    Listed,
    Moment,
    Packagekey,
    Paged,
    PersonDays,
    Proposalkey,
    Shape,
    days,
    line,
    some_line,
    words,
)
from board.api.registry import change, read
from board.api.shapes import Link, LinkGiven, PartnerRef
from board.db import db
from board.errors import Missing
from board.i18n import gettext as _
from board.milestones.queries import milestones
from board.web import actor
from board.work import dependencies, lists, packages, queries
from board.work.cards import Card, card, cards
from board.work.models import Package as Row
from board.work.packages import Draft, as_draft, locked

N_ = str  # Marks a message id; it is translated where it is shown.
TAG = N_("Work packages")
HERE = "/packages/<package:package_id>"
State = Literal["open", "claimed", "in_progress", "review", "done", "merged"]
Skill = Literal[
    "analysis", "design", "accessibility", "mobile", "web", "backend", "data", "testing", "operation", "security",
    "texts", "procurement",
]  # fmt: skip


class Held(Shape):
    """A seat that a partner holds under a lease; the person is named inside the partnership only."""

    partner: PartnerRef
    person: str
    days: Days | None
    claimed_at: Moment
    lease_until: date


class Need(Shape):
    """Another package that this one waits for."""

    key: Packagekey
    title: str
    state: State


class Package(Shape):
    """A package as lists tell it. `may`: what this person can do with it now."""

    key: Packagekey
    proposal: Proposalkey
    title: str
    state: State
    effort: Days | None
    due_on: date | None
    on_hold: bool
    held_reason: str
    commissioned: str
    lead: Held | None
    support: list[Held]
    skills: list[str]
    waits_for: list[Need]
    n_comments: int
    may: list[str]


class Bid(Shape):
    """A provider's offer to carry it out."""

    partner: PartnerRef
    person: str
    text: str
    days: Days | None
    made_at: Moment


class PackageWhole(Package):
    """A package with its texts (Markdown)."""

    text: str
    deliverables: str
    acceptance: str
    owner: str = Field(description="Who is responsible: an office.")
    funder: str
    points: Days | None
    cluster: str
    milestone: int | None
    links: list[Link]
    bids: list[Bid]
    text_version: int
    merged_into: Packagekey | None


class PackagesAsked(Paged):
    """How the list of packages is narrowed."""

    q: str = Field("", max_length=100, description="Words that stand in it.")
    state: Literal["", "open", "claimed", "in_progress", "review", "done"] = ""
    partner: str = Field("", max_length=60, description="The slug of a partner that holds or held a seat.")
    skill: Skill | Literal[""] = ""
    waiting: Literal["", "yes", "no"] = ""
    mine: Flag = Field(False, description="Only those in which the partner acted for has a seat or an offer.")


@read("/packages", "packages", TAG, N_("List work packages"), N_("The newest first."), query=PackagesAsked,
      answer=Listed[Package], paged=True)  # fmt: skip
def packages_(query: PackagesAsked) -> Listed[Package]:
    """Packages, narrowed as on the board."""
    by = actor()
    wanted = lists.Filters(
        partner=query.partner, mine=query.mine, q=query.q.strip(), state=query.state, skill=query.skill,
        waiting=query.waiting,
    )  # fmt: skip
    ids = select(Row.id).where(*wanted.conditions(by)).order_by(Row.id.desc()).limit(query.limit + 1)
    if query.after.isdigit() and len(query.after) < 10:
        ids = ids.where(Row.id < int(query.after))
    found = list(db.session.scalars(ids))
    more = found[query.limit - 1] if len(found) > query.limit else None
    return Listed(items=[_told(c) for c in cards(found[: query.limit], by)], next=goes_on(query, more))


class Packages(Shape):
    """All packages under one proposal."""

    items: list[Package]


@read("/proposals/<proposal:proposal_id>/packages", "packages_of", TAG, N_("List the work packages of a proposal"),
      answer=Packages)  # fmt: skip
def packages_of(proposal_id: int) -> Packages:
    """All of them, the oldest first."""
    found = queries.for_proposal(queries.proposal(proposal_id), actor())["packages"]
    return Packages(items=[_told(c) for c in found.items])


@read(HERE, "package", TAG, N_("Read a work package"),
      N_("Its ETag begins with the edition of its text, which an edit must name."), answer=PackageWhole)  # fmt: skip
def package(package_id: int) -> tuple[PackageWhole, str]:
    """One package with its texts."""
    texts, shown = queries.with_texts(package_id), card(package_id, actor())
    if shown is None:
        raise Missing(_("There is no such work package."))
    merged = texts.merged_into_id is not None
    said = Draft("") if merged else as_draft(texts)
    told = {
        **_fields(shown), "title": said.title, "text": said.text, "deliverables": said.deliverables,
        "acceptance": said.acceptance, "owner": said.owner, "funder": said.funder, "points": said.points,
        "cluster": said.cluster, "milestone": said.milestone_id,
        "links": [{"title": title, "url": url} for title, url in said.links], "bids": shown.bids,
        "text_version": texts.text_version, "merged_into": f"AP-{texts.merged_into_id}" if merged else None,
    }  # fmt: skip
    return PackageWhole.model_validate(told), _edition(texts)


def _edition(texts: Row) -> str:
    return f"t{texts.text_version}"


def _told(shown: Card) -> Package:
    return Package.model_validate(_fields(shown))


def _fields(c: Card) -> dict[str, Any]:
    return {
        "key": c.key, "proposal": c.proposal_key, "title": c.title, "state": c.state, "effort": c.effort,
        "due_on": c.due_on, "on_hold": c.held, "held_reason": c.held_reason, "commissioned": c.commissioned,
        "lead": c.lead, "support": c.support, "skills": c.skills, "waits_for": c.waits, "n_comments": c.n_comments,
        "may": sorted(c.may),
    }  # fmt: skip


# Writing


class PackageGiven(Given):
    """What a package says."""

    title: some_line(120)  # type: ignore[valid-type]
    effort: PersonDays | None = None
    text: words(20_000) = ""  # type: ignore[valid-type]
    deliverables: words(5_000) = ""  # type: ignore[valid-type]
    acceptance: words(5_000) = ""  # type: ignore[valid-type]
    owner: line(160) = ""  # type: ignore[valid-type]
    funder: line(160) = ""  # type: ignore[valid-type]
    due_on: Day | None = None
    milestone: int | None = Field(None, ge=1, le=999_999_999)
    points: PersonDays | None = None
    cluster: line(80) = ""  # type: ignore[valid-type]
    skills: list[Skill] = Field([], max_length=12)
    links: list[LinkGiven] = Field([], max_length=10)


class PackageChanged(PackageGiven):
    """What changes; what is not in it stays."""

    title: some_line(120) = ""  # type: ignore[valid-type]


@change("POST", "/proposals/<proposal:proposal_id>/packages", "create_package", TAG, N_("Create a work package"),
        body=PackageGiven, answer=PackageWhole, scope="work", status=201,
        example={"title": "Formular bauen", "effort": 5})  # fmt: skip
def create_package(proposal_id: int, body: PackageGiven) -> Any:
    """One more package under a proposal."""
    (made,) = packages.create(proposal_id, actor(), [_draft(Draft(""), body)])
    number = made.id
    return lambda: package(number)


@change("PATCH", HERE, "edit_package", TAG, N_("Change the texts of a work package"),
        N_("What is not in the body stays as it is."), body=PackageChanged, answer=PackageWhole, scope="work",
        edition=True, example={"effort": 7.5})  # fmt: skip
def edit_package(package_id: int, body: PackageChanged, edition: str) -> Any:
    """Change what it says."""
    found = locked(package_id, links=True)
    edited(edition, _edition(found))
    packages.edit(found, actor(), _draft(as_draft(found), body), found.text_version)
    return lambda: package(package_id)


def _draft(before: Draft, body: PackageGiven) -> Draft:
    """The draft with what was sent. Raises Invalid for a milestone that there is not."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "milestone" in given:
        goal = given.pop("milestone")
        if goal is not None and goal not in {known.id for known in milestones()}:
            raise wrong("/milestone", _("There is no such milestone."))
        given["milestone_id"] = goal
    for name in given.keys() & {"effort", "points"}:
        given[name] = days(given[name])
    if "skills" in given:
        given["skills"] = tuple(sorted(set(given["skills"])))
    if "links" in given:
        given["links"] = tuple((link.title, link.url) for link in given["links"])
    return replace(before, **given)


@change("PUT", f"{HERE}/needs/<package:needs_id>", "depend", TAG, N_("Let a work package wait for another one"),
        answer=PackageWhole, scope="work")  # fmt: skip
def depend(package_id: int, needs_id: int) -> Any:
    """Never in a circle."""
    dependencies.depend(package_id, needs_id, actor())
    return lambda: package(package_id)


@change("DELETE", f"{HERE}/needs/<package:needs_id>", "undepend", TAG, N_("Let it wait for that one no longer"),
        answer=PackageWhole, scope="work")  # fmt: skip
def undepend(package_id: int, needs_id: int) -> Any:
    """It need not wait any more."""
    dependencies.undepend(package_id, needs_id, actor())
    return lambda: package(package_id)
