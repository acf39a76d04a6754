"""Ballots, offers, objections, and who uses what: read and changed."""

from datetime import date
from typing import Any, Literal

from flask import url_for
from pydantic import Field

from board.api.answering import goes_on, wrong
from board.api.fields import (
    Day,
    Given,
    Listed,
    Moment,
    Paged,
    PagedWide,
    Rest,
    Shape,
    WebAddress,
    line,
    some_words,
    words,
)
from board.api.proposals import proposal
from board.api.registry import change, read
from board.api.shapes import Choice, PartnerRef, ProposalWhole
from board.consent import verbs as consent
from board.errors import Unknown
from board.i18n import gettext as _
from board.i18n import today
from board.opendata import queries as opendata
from board.settings.current import current
from board.voting import ballots as voting
from board.voting import companions, offers, queries, reuses, uses, voices
from board.voting.models import OfferKind, ReuseStatus
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
TAG, USE = N_("Ballots and offers"), N_("Reuse")
HERE = "/proposals/<proposal:proposal_id>"
BEGIN = PagedWide()
"""What a change answers of a list: as much as is told at once."""
Kind = Literal["lead", "pilot", "co_fund", "days", "use"]
Status = Literal["examining", "planned", "pilot", "live", "ended"]


# Ballots


class Voice(Shape):
    """One partner's ballot. `stale`: the text has changed since; `counted`: false while its partner is paused."""

    partner: PartnerRef
    choice: Choice
    reason: str
    person: str
    cast_at: Moment
    stale: bool
    counted: bool


class Ballots(Shape):
    """Who voted how, and who has not answered yet: told inside the partnership only."""

    voices: list[Voice]
    silent: list[PartnerRef]
    next: Rest


@read(f"{HERE}/ballots", "ballots", TAG, N_("Who voted how"),
      N_("First the ballots, then who has none yet, each by the partners' names."), query=PagedWide, answer=Ballots,
      paged=True, signed_in=True)  # fmt: skip
def ballots(proposal_id: int, query: PagedWide) -> Ballots:
    """The ballots on a proposal, by the partners' names."""
    if not actor().signed_in:
        raise Unknown("")
    found, silent, more = voices.listed(queries.get(proposal_id), query.after, query.limit)
    return Ballots.model_validate({"voices": found, "silent": silent, "next": goes_on(query, more)})


class BallotGiven(Given):
    """The ballot; `against` needs a reason, and without one the reason stays as long as the choice does."""

    choice: Choice
    reason: words(2000) | None = None  # type: ignore[valid-type]


@change(
    "PUT", f"{HERE}/ballot", "cast", TAG, N_("Cast or change the ballot of one's partner"),
    N_("Only delegates of a voting partner, while the proposal is open. Casting the same again changes nothing."),
    body=BallotGiven, answer=ProposalWhole, scope="vote",
    example={"choice": "against", "reason": "Der Betrieb ist ungeklärt."},
)  # fmt: skip
def cast(proposal_id: int, body: BallotGiven) -> Any:
    """Cast it."""
    voting.cast(voting.ground(proposal_id, actor()), body.choice, body.reason, actor())
    return lambda: proposal(proposal_id)


@change("DELETE", f"{HERE}/ballot", "withdraw_ballot", TAG, N_("Take one's partner's ballot back"),
        answer=ProposalWhole, scope="vote")  # fmt: skip
def withdraw_ballot(proposal_id: int) -> Any:
    """Take it back; harmless without one."""
    voting.withdraw(voting.ground(proposal_id, actor()), actor())
    return lambda: proposal(proposal_id)


class ObjectionGiven(Given):
    """Why the partner objects."""

    reason: some_words(2000)  # type: ignore[valid-type]


@change("POST", f"{HERE}/objection", "object", TAG, N_("Object to a proposal in consent"),
        N_("From then on ballots are cast."), body=ObjectionGiven, answer=ProposalWhole, scope="vote",
        example={"reason": "Der Betrieb ist ungeklärt."})  # fmt: skip
def object_(proposal_id: int, body: ObjectionGiven) -> Any:
    """Object."""
    consent.object_(voting.locked(proposal_id, actor()), body.reason, actor(), vote_days=current().vote_days)
    return lambda: proposal(proposal_id)


# Offers


class Offer(Shape):
    """One offer; declared until a body has confirmed it on a day."""

    kind: Kind
    days: int | None
    declared_at: Moment
    confirmed_body: str
    confirmed_on: date | None


class Companion(Shape):
    """A partner with what it brings in; condition and reservation are told inside the partnership only."""

    partner: PartnerRef
    offers: list[Offer]
    condition: str
    reserved: bool
    reserved_body: str
    reserved_on: date | None


class Coalition(Shape):
    """Who takes part, leaders first."""

    companions: list[Companion]
    next: Rest


@read(f"{HERE}/offers", "offers", TAG, N_("Who brings in what"), N_("Leaders first, then by name."), query=PagedWide,
      answer=Coalition, paged=True)  # fmt: skip
def offers_(proposal_id: int, query: PagedWide) -> Coalition:
    """The coalition of a proposal."""
    found, more = companions.listed(queries.get(proposal_id), actor(), query.after, query.limit)
    path = url_for("api.offers", proposal_id=proposal_id)
    return Coalition.model_validate({"companions": found, "next": goes_on(query, more, path)})


class OffersGiven(Given):
    """All that the partner offers and asks: what is not in it is withdrawn."""

    lead: bool = False
    pilot: bool = False
    co_fund: bool = False
    use: bool = False
    days: int | None = Field(None, ge=1, le=9999)
    condition: words(1000) = ""  # type: ignore[valid-type]
    reserved: bool = False
    reserved_body: line(160) = ""  # type: ignore[valid-type]
    reserved_on: Day | None = None


@change("PUT", f"{HERE}/offers", "offer", TAG, N_("Say what one's partner offers and asks"),
        N_("The whole of it at once: what is not in the body is withdrawn."), body=OffersGiven, answer=Coalition,
        scope="vote", example={"pilot": True, "days": 10, "condition": "Die Karte bleibt offen."})  # fmt: skip
def offer(proposal_id: int, body: OffersGiven) -> Any:
    """Declare and withdraw."""
    kinds = frozenset(OfferKind(k) for k in ("lead", "pilot", "co_fund", "use") if getattr(body, k))
    wish = offers.Wish(
        kinds=kinds, days=body.days, condition=body.condition, reserved=body.reserved,
        reserved_body=body.reserved_body, reserved_on=body.reserved_on,
    )  # fmt: skip
    offers.apply(voting.locked(proposal_id, actor()), wish, actor())
    return lambda: offers_(proposal_id, BEGIN)


class ConfirmGiven(Given):
    """Which offer, and which body confirmed it on which day; without a body the confirmation is taken back."""

    kind: Kind
    body: line(160) = ""  # type: ignore[valid-type]
    on: Day | None = None


@change("POST", f"{HERE}/offers/confirm", "confirm_offer", TAG, N_("Record that a body confirmed an offer"),
        N_("Without body and day the offer is a declared one again."), body=ConfirmGiven, answer=Coalition,
        scope="vote", example={"kind": "pilot", "body": "Stadtrat", "on": "2026-11-20"})  # fmt: skip
def confirm_offer(proposal_id: int, body: ConfirmGiven) -> Any:
    """Confirm one, or take the confirmation back."""
    if bool(body.body) != bool(body.on):
        raise wrong("/on", _("Body and day belong together."))
    if body.on and not date(1990, 1, 1) <= body.on <= today():
        raise wrong("/on", _("This day is still to come."))
    proposal_, kind = voting.locked(proposal_id, actor()), OfferKind(body.kind)
    if body.on:
        offers.confirm(proposal_, kind, body.body, body.on, actor())
    else:
        offers.unconfirm(proposal_, kind, actor())
    return lambda: offers_(proposal_id, BEGIN)


# Reuse


class Use(Shape):
    """How one partner uses it; the contact (an office) is told inside the partnership only."""

    partner: PartnerRef
    status: Status
    release: str
    variant: str
    planned_for: str
    link: str
    source: str
    contact: str
    confirmed_on: date | None


class Users(Shape):
    """Who uses it, furthest first."""

    uses: list[Use]
    next: Rest


@read(f"{HERE}/reuse", "reuse_of", USE, N_("Who uses a proposal"), N_("The furthest first, then by name."),
      query=PagedWide, answer=Users, paged=True)  # fmt: skip
def reuse_of(proposal_id: int, query: PagedWide) -> Users:
    """Who uses one proposal."""
    found, more = uses.listed(queries.get(proposal_id), actor(), query.after, query.limit)
    return Users.model_validate({"uses": found, "next": goes_on(query, more)})


class Cell(Shape):
    """One cell of the matrix: a partner and a proposal."""

    proposal: str
    partner: str
    status: Status
    planned_for: str
    version: str
    variant: str
    link: str
    source: str
    confirmed_on: date | None
    to_be_confirmed: bool


@read("/reuse", "reuse", USE, N_("The whole matrix of reuse, cell by cell"), query=Paged, answer=Listed[Cell],
      paged=True)  # fmt: skip
def reuse(query: Paged) -> Listed[Cell]:
    """All cells in the order of their making."""
    after = int(query.after) if query.after.isdigit() and len(query.after) < 10 else 0
    found = opendata.reuse(after, query.limit + 1)
    more = found[query.limit - 1][0] if len(found) > query.limit else None
    cells = [Cell.model_validate(row) for _id, row in found[: query.limit]]
    return Listed(items=cells, next=goes_on(query, more))


class ReuseGiven(Given):
    """How far the partner is with it; the quarter counts while the use is planned."""

    status: Status
    release: line(60) = ""  # type: ignore[valid-type]
    variant: line(160) = ""  # type: ignore[valid-type]
    planned_for: str = Field("", pattern=r"^(20[0-9][0-9]-Q[1-4])?$")
    link: WebAddress | Literal[""] = ""
    contact: line(200) = Field("", description="An office, not a person.")  # type: ignore[valid-type]
    confirmed_on: Day | None = None


@change("PUT", f"{HERE}/reuse", "record_reuse", USE, N_("Record how far one's partner is with using it"),
        body=ReuseGiven, answer=Users, scope="reuse", example={"status": "live", "release": "2.1"})  # fmt: skip
def record_reuse(proposal_id: int, body: ReuseGiven) -> Any:
    """Set the cell of the partner acted for."""
    if body.confirmed_on and not date(1990, 1, 1) <= body.confirmed_on <= today():
        raise wrong("/confirmed_on", _("This day is still to come."))
    record = reuses.Record(**{**body.model_dump(), "status": ReuseStatus(body.status)})
    reuses.record(voting.locked(proposal_id, actor()), record, actor())
    return lambda: reuse_of(proposal_id, BEGIN)


@change("DELETE", f"{HERE}/reuse", "remove_reuse", USE, N_("Take one's partner's entry of reuse away"), answer=Users,
        scope="reuse")  # fmt: skip
def remove_reuse(proposal_id: int) -> Any:
    """It was a mistake; harmless without one."""
    reuses.remove(voting.locked(proposal_id, actor()), actor())
    return lambda: reuse_of(proposal_id, BEGIN)
