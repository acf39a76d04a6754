"""The shapes of proposals and what stands around them, as the API tells and takes them."""

from datetime import date
from typing import Literal

from pydantic import Field

from board.api.fields import Flag, Given, Moment, Paged, Proposalkey, Shape, WebAddress, some_line

State = Literal["open", "accepted", "deferred", "declined", "building", "piloting", "available", "withdrawn", "merged"]
Choice = Literal["for", "against", "abstain"]


class PartnerRef(Shape):
    """A partner by its slug, which is its address under /partners, and its name."""

    slug: str
    name: str


class Tally(Shape):
    """Ballots over all voting partners: frozen with a decision, else over those of today."""

    for_: int = Field(serialization_alias="for", validation_alias="for")
    against: int
    abstain: int
    electorate: int
    without_ballot: int


class Effort(Shape):
    """What the valid estimates say, in person-days, and until when."""

    low: int
    high: int
    until: date


class Proposal(Shape):
    """A proposal as lists tell it."""

    key: Proposalkey
    title: str
    title_en: str
    summary: str
    summary_en: str
    topic: str = Field(description="The slug of its topic.")
    state: State
    proposed_by: str | None = Field(description="The slug of the partner; null where it was imported.")
    imported: bool
    created_at: Moment
    active_at: Moment
    vote_by: date | None
    objections_until: date | None = Field(description="While it is in consent: the last day for an objection.")
    closed_at: Moment | None
    tally: Tally | None
    value: int | None
    effort: Effort | None
    n_comments: int
    n_packages: int
    n_free_packages: int
    n_live: int
    milestone: int | None
    merged_into: Proposalkey | None


class Link(Shape):
    """A titled link; `source` marks where an imported proposal comes from."""

    title: str
    url: str
    source: bool = False


class OwnBallot(Shape):
    """The ballot of the partner acted for; `stale`: the text has changed since."""

    choice: Choice | None
    reason: str
    cast_at: Moment | None
    stale: bool
    may_cast: bool
    why_not: str = Field(description="Why this person cannot cast it, in the language of the request.")


class ProposalWhole(Proposal):
    """A proposal with its texts (Markdown)."""

    text: str
    text_en: str
    text_version: int
    links: list[Link]
    built_by: list[str]
    own_ballot: OwnBallot | None = Field(description="Null where one acts for no partner.")


class ProposalsAsked(Paged):
    """How a list of proposals is narrowed and sorted."""

    q: str = Field("", max_length=100, description="Words that stand in it.")
    state: Literal["", "open", "accepted", "deferred", "declined", "building", "piloting", "available", "withdrawn"] = (
        ""
    )
    topic: str = Field("", max_length=60, description="The slug of a topic.")
    partner: str = Field("", max_length=60, description="The slug of the partner that proposed it.")
    missing: Flag = Field(False, description="Only those on which the partner acted for has no ballot yet.")
    elsewhere: Flag = Field(False, description="Only those that others run and the partner acted for does not.")
    sort: Literal["newest", "support", "contested", "due", "active", "strength", "value", "effort"] = "newest"


class LinkGiven(Given):
    """A titled link."""

    title: some_line(160)  # type: ignore[valid-type]
    url: WebAddress
