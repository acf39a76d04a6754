"""Who one is, the partners and the topics."""

from datetime import date
from typing import Literal

from pydantic import Field

from board.api.answering import goes_on
from board.api.fields import PagedWide, Rest, Shape
from board.api.registry import read
from board.api.shapes import PartnerRef
from board.errors import Missing, Unknown
from board.i18n import gettext as _
from board.partners import queries as partners_
from board.proposals import queries as proposals
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
PARTNERS, OWN = N_("Partners and topics"), N_("Oneself")


class Me(Shape):
    """Whom the token acts for and what it is for."""

    name: str
    partner: PartnerRef | None
    role: Literal["member", "delegate"] | None
    may_vote: bool
    is_product_owner: bool
    is_host: bool
    scopes: list[str]


@read(
    "/me", "me", OWN, N_("Who this token acts for"),
    N_("The person and the partner on whose behalf, as they stand at this moment, and the scopes of the token."),
    answer=Me, signed_in=True,
)  # fmt: skip
def me() -> Me:
    """Who asks."""
    by = actor()
    if not by.signed_in:
        raise Unknown("")
    return Me(
        name=by.name, partner=PartnerRef(slug=by.partner.slug, name=by.partner.name) if by.partner else None,
        role=by.role, may_vote=by.may_vote, is_product_owner=by.is_product_owner, is_host=by.is_host,
        scopes=sorted(by.scopes or ()),
    )  # fmt: skip


class Partner(PartnerRef):
    """A body that takes part."""

    sign: str
    kind: Literal["municipality", "county", "association", "provider"]
    votes: bool
    paused: bool
    left_on: date | None
    state: str = Field(description="The federal state.")
    population: int | None
    population_on: date | None
    fictional: bool


class PartnersAsked(PagedWide):
    """How the list of partners is narrowed."""

    kind: Literal["", "municipality", "county", "association", "provider"] = ""
    q: str = Field("", max_length=100, description="Words that stand in its name or federal state.")


class Partners(Shape):
    """The partners that match, and how many vote on the whole board."""

    items: list[Partner]
    electorate: int
    next: Rest


@read("/partners", "partners", PARTNERS, N_("List partners"), N_("By kind, then by name."), query=PartnersAsked,
      answer=Partners, paged=True)  # fmt: skip
def partners(query: PartnersAsked) -> Partners:
    """The partners, by kind and name."""
    found, more = partners_.listed(query.kind, query.q, query.after, query.limit)
    return Partners(
        items=[Partner.model_validate(line) for line in found], electorate=partners_.electorate_size(),
        next=goes_on(query, more),
    )  # fmt: skip


@read("/partners/<slug>", "partner", PARTNERS, N_("Read a partner"), answer=Partner)
def partner(slug: str) -> Partner:
    """One partner."""
    found = partners_.line(slug)
    if found is None:
        raise Missing(_("There is no such partner."))
    return Partner.model_validate(found)


class Topic(Shape):
    """A subject of the city app; `offered`: new proposals may choose it."""

    slug: str
    label_de: str
    label_en: str
    offered: bool


class Topics(Shape):
    """All topics."""

    items: list[Topic]


@read("/topics", "topics", PARTNERS, N_("List topics"), answer=Topics)
def topics() -> Topics:
    """The topics, by their German label."""
    english = {slug: label for _id, slug, label in proposals.topics("en")}
    offered = {slug for _id, slug, _label in proposals.topics("de", offered=True)}
    return Topics(items=[
        Topic(slug=slug, label_de=label, label_en=english.get(slug, label), offered=slug in offered)
        for _id, slug, label in proposals.topics("de")
    ])  # fmt: skip
