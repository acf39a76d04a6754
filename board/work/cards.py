"""A package as every list, the board and its page show it, for one reader. Cards cost four statements, however many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, bindparam, or_, select

from board.accounts.models import Person
from board.db import run
from board.i18n import spoken, today
from board.partners.models import Partner, hue
from board.policy import Actor
from board.proposals.models import Proposal
from board.work.models import Bid, Claim, Dependency, EndReason, Package, PackageSkill, PackageState, Seat
from board.work.moves import possible

MOVES = frozenset({"claim", "start", "submit", "finish", "return"})
ON_RECORD = or_(Claim.ended_at.is_(None), Claim.end_reason == EndReason.DONE)


@dataclass(frozen=True)
class Body:
    """A partner as its sign and name show it."""

    id: int
    slug: str
    name: str
    sign: str
    hue: int


@dataclass(frozen=True)
class Held:
    """A seat. `person` is empty for those who may not read names. `days`: person-days; `left`: days of the lease."""

    seat: str
    partner: Body
    person: str
    days: Decimal | None
    claimed_at: datetime
    lease_until: date
    left: int


@dataclass(frozen=True)
class Offer:
    """A provider's offer to carry the package out."""

    partner: Body
    person: str
    text: str
    days: Decimal | None
    made_at: datetime


@dataclass(frozen=True)
class Need:
    """Another package that this one waits for, or that waits for this one."""

    id: int
    title: str
    state: str

    @property
    def key(self) -> str:
        """AP-7."""
        return f"AP-{self.id}"


@dataclass(frozen=True)
class Card:
    """A package as every list, the board and its page show it, for one reader."""

    id: int
    proposal_id: int
    proposal_title: str
    title: str
    state: str
    effort: Decimal | None
    due_on: date | None
    held: bool
    held_at: datetime | None
    held_reason: str
    lead_partner_id: int | None
    commissioned: str
    n_comments: int
    version: tuple[int, int]
    skills: tuple[str, ...] = ()
    waits: tuple[Need, ...] = ()
    lead: Held | None = None
    support: tuple[Held, ...] = ()
    bids: tuple[Offer, ...] = ()
    own: Held | None = None
    may: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """AP-7."""
        return f"AP-{self.id}"

    @property
    def proposal_key(self) -> str:
        """FV-12."""
        return f"FV-{self.proposal_id}"

    @property
    def movable(self) -> bool:
        """Whether the reader can move it to another column right now."""
        leads = self.own is not None and self.own.seat == Seat.LEAD
        return bool(self.may & MOVES) or ("hand_back" in self.may and leads)

    @property
    def taken(self) -> Decimal:
        """The person-days that are taken: its effort once somebody leads it, else what supporters give."""
        if self.lead is not None:
            return self.effort or Decimal(0)
        return min(sum((s.days or Decimal(0) for s in self.support), Decimal(0)), self.effort or Decimal(0))


def cards(ids: Sequence[int], by: Actor) -> list[Card]:
    """These packages in this order, as this reader sees them; four statements."""
    if not ids:
        return []
    seats, asked, waits = _seats(ids, by), _skills(ids), _waits(ids)
    rows = {row.id: row for row in run(_CARD, ids=ids)}
    found = [_card(rows[i], seats.get(i, []), by) for i in ids if i in rows]
    return [replace(c, skills=asked.get(c.id, ()), waits=waits.get(c.id, ())) for c in found]


def card(package_id: int, by: Actor) -> Card | None:
    """One package with its providers' offers."""
    found = cards([package_id], by)
    if not found:
        return None
    bids = _bids(package_id, by)
    bidden = any(offer.partner.id == by.partner_id for offer in bids)
    return replace(found[0], bids=bids, may=possible(found[0], by, _seat_of(found[0]), bidden))


# How it is put together

_THESE = Package.id.in_(bindparam("ids", expanding=True))
_CARD = select(
    Package.id, Package.proposal_id, Package.title, Package.state, Package.effort, Package.due_on, Package.held_at,
    Package.held_reason, Package.lead_partner_id, Package.commissioned, Package.n_comments, Package.version,
    Proposal.title.label("proposal_title"), Proposal.title_en, Proposal.version.label("proposal_version"),
).join(Proposal, Proposal.id == Package.proposal_id).where(_THESE)  # fmt: skip
_BODY = (Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags)


def _card(row: Any, seats: list[Held], by: Actor) -> Card:
    title = spoken(row.proposal_title, row.title_en)
    held = Card(
        id=row.id,
        proposal_id=row.proposal_id,
        proposal_title=title,
        title=row.title,
        state=row.state,
        effort=row.effort,
        due_on=row.due_on,
        held=row.held_at is not None,
        held_at=row.held_at,
        held_reason=row.held_reason,
        lead_partner_id=row.lead_partner_id,
        commissioned=row.commissioned,
        n_comments=row.n_comments,
        version=(row.version, row.proposal_version),
        lead=next((s for s in seats if s.seat == Seat.LEAD), None),
        support=tuple(s for s in seats if s.seat == Seat.SUPPORT),
        own=next((s for s in seats if s.partner.id == by.partner_id), None),
    )
    return replace(held, may=possible(held, by, _seat_of(held), has_bid=False))


def _seat_of(card: Card) -> str | None:
    return card.own.seat if card.own else None


_SEATS = (
    select(
        Claim.package_id, Claim.seat, Claim.days, Claim.claimed_at, Claim.lease_until, *_BODY,
        Person.name.label("person"),
    )
    .join(Partner, Partner.id == Claim.partner_id)
    .outerjoin(Person, (Person.id == Claim.person_id) & bindparam("named", type_=Boolean))
    .where(Claim.package_id.in_(bindparam("ids", expanding=True)), ON_RECORD)
    .order_by(Claim.id)
)  # fmt: skip
_BIDS = (
    select(Bid.text, Bid.days, Bid.made_at, *_BODY, Person.name.label("person"))
    .join(Partner, Partner.id == Bid.partner_id)
    .outerjoin(Person, (Person.id == Bid.person_id) & bindparam("named", type_=Boolean))
    .where(Bid.package_id == bindparam("package"), Bid.withdrawn_at.is_(None))
    .order_by(Bid.id)
)
_SKILLS = (
    select(PackageSkill.package_id, PackageSkill.skill)
    .where(PackageSkill.package_id.in_(bindparam("ids", expanding=True)))
    .order_by(PackageSkill.skill)
)
_WAITS = (
    select(Dependency.package_id, Package.id, Package.title, Package.state)
    .join(Package, Package.id == Dependency.needs_id)
    .where(Dependency.package_id.in_(bindparam("ids", expanding=True)), Package.state != PackageState.DONE)
    .order_by(Package.id)
)


def _seats(ids: Sequence[int], by: Actor) -> dict[int, list[Held]]:
    """Who holds which seat; names are read for those who are signed in, never for the public."""
    found: dict[int, list[Held]] = {}
    for r in run(_SEATS, ids=ids, named=by.signed_in):
        left = (r.lease_until - today()).days
        seat = Held(r.seat, _body(r), r.person or "", r.days, r.claimed_at, r.lease_until, left)
        found.setdefault(r.package_id, []).append(seat)
    return found


def _skills(ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for row in run(_SKILLS, ids=ids):
        found[row.package_id] = (*found.get(row.package_id, ()), row.skill)
    return found


def _waits(ids: Sequence[int]) -> dict[int, tuple[Need, ...]]:
    """What each still waits for."""
    found: dict[int, tuple[Need, ...]] = {}
    for row in run(_WAITS, ids=ids):
        found[row.package_id] = (*found.get(row.package_id, ()), Need(row.id, row.title, row.state))
    return found


def _bids(package_id: int, by: Actor) -> tuple[Offer, ...]:
    """The offers that stand; names are read for those who are signed in, never for the public."""
    rows = run(_BIDS, package=package_id, named=by.signed_in)
    return tuple(Offer(_body(r), r.person or "", r.text, r.days, r.made_at) for r in rows)


def _body(row: Any) -> Body:
    return Body(row.partner_id, row.slug, row.name, row.sign, hue(row.ags or row.slug))
