"""Every way to read packages. Lists cost three statements, however long they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, union_all
from sqlalchemy.orm import joinedload, selectinload

from board.accounts.models import Person
from board.activity.models import Activity
from board.db import db
from board.i18n import current_locale, today
from board.partners.models import Partner, hue
from board.policy import Actor, allowed
from board.proposals.models import Proposal
from board.text import fold
from board.work.models import Bid, Claim, EndReason, Package, PackageState, Seat
from board.work.moves import possible
from board.work.packages import CLOSED

BOUND = 1000
PAGE = 50
DONE_SHOWN = 20
SOON = 14
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
    def taken(self) -> Decimal:
        """The person-days that are taken: its effort once somebody leads it, else what supporters give."""
        if self.lead is not None:
            return self.effort or Decimal(0)
        return min(sum((s.days or Decimal(0) for s in self.support), Decimal(0)), self.effort or Decimal(0))


@dataclass(frozen=True)
class Filters:
    """What a reader wants to see; all of it stands in the address."""

    partner: str = ""
    free: bool = False
    mine: bool = False
    q: str = ""
    state: str = ""

    def __bool__(self) -> bool:
        return bool(self.partner or self.free or self.mine or self.q or self.state)

    def conditions(self, by: Actor) -> list[ColumnElement[bool]]:
        """As SQL; `mine` of somebody without a partner matches nothing."""
        found: list[ColumnElement[bool]] = []
        if self.partner:
            whose = select(Partner.id).where(Partner.slug == self.partner).scalar_subquery()
            found.append(Package.id.in_(select(Claim.package_id).where(Claim.partner_id == whose, ON_RECORD)))
        if self.mine:
            seats = select(Claim.package_id).where(Claim.partner_id == by.partner_id, ON_RECORD)
            offers = select(Bid.package_id).where(Bid.partner_id == by.partner_id, Bid.withdrawn_at.is_(None))
            found.append(Package.id.in_(union_all(seats, offers)))
        if self.free:
            found.append(Package.state == PackageState.OPEN)
        if self.state:
            found.append(Package.state == self.state)
        found += [Package.search.contains(word, autoescape=True) for word in fold(self.q).split()[:8]]
        return found


@dataclass(frozen=True)
class Column:
    """One state on the board. `total` is counted up to BOUND + 1."""

    state: str
    cards: tuple[Card, ...]
    total: int

    @property
    def more(self) -> bool:
        """Whether some are not shown."""
        return self.total > len(self.cards)


@dataclass(frozen=True)
class Listing:
    """A page of the list, newest first. `after`: where the next page begins, if there is one."""

    cards: tuple[Card, ...]
    total: int
    after: int | None


@dataclass(frozen=True)
class Packages:
    """The packages under a proposal. Days are person-days."""

    proposal_id: int
    items: tuple[Card, ...]
    n_free: int
    days: Decimal
    days_taken: Decimal
    may_create: bool


def board(filters: Filters, by: Actor) -> tuple[Column, ...]:
    """The columns, newest first in each: at most 50 cards, 20 of those that are done."""
    where = filters.conditions(by)
    states = [s for s in PackageState if (not filters.free or s == PackageState.OPEN) and filters.state in {"", s}]
    shown = {s: DONE_SHOWN if s == PackageState.DONE else PAGE for s in states}
    parts = [
        select(Package.id, Package.state).where(Package.state == s, *where).order_by(Package.id.desc()).limit(shown[s])
        for s in states
    ]
    found = cards([row.id for row in db.session.execute(_together(parts))], by) if parts else []
    totals = _totals(states, where)
    return tuple(Column(s, tuple(c for c in found if c.state == s), totals[s]) for s in states)


def listing(filters: Filters, by: Actor, after: int | None = None) -> Listing:
    """A page of the list; `after` is the id of the last one on the page before."""
    where = filters.conditions(by)
    page = select(Package.id).where(*where).order_by(Package.id.desc()).limit(PAGE + 1)
    ids = list(db.session.scalars(page.where(Package.id < after) if after else page))
    return Listing(tuple(cards(ids[:PAGE], by)), bounded(where), ids[PAGE - 1] if len(ids) > PAGE else None)


def bounded(where: Iterable[ColumnElement[bool]]) -> int:
    """How many match, counted up to BOUND + 1."""
    some = select(Package.id).where(*where).limit(BOUND + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def newer(filters: Filters, by: Actor, after: int) -> int:
    """How many packages that match have been created after that one."""
    return bounded([Package.id > after, *filters.conditions(by)])


def newest() -> int:
    """The id of the newest package, 0 without any."""
    return db.session.scalar(select(func.max(Package.id))) or 0


def holders() -> list[tuple[str, str]]:
    """(slug, name) of all partners that hold or held a seat, for the filter."""
    rows = select(Partner.slug, Partner.name).where(Partner.id.in_(select(Claim.partner_id))).order_by(Partner.name)
    return [(row.slug, row.name) for row in db.session.execute(rows)]


def cards(ids: Sequence[int], by: Actor) -> list[Card]:
    """These packages in this order, as this reader sees them; two statements."""
    if not ids:
        return []
    seats = _seats(ids, by)
    rows = {row.id: row for row in db.session.execute(_CARD.where(Package.id.in_(ids)))}
    return [_card(rows[i], seats.get(i, []), by) for i in ids if i in rows]


def card(package_id: int, by: Actor) -> Card | None:
    """One package with its providers' offers."""
    found = cards([package_id], by)
    if not found:
        return None
    bids = _bids(package_id, by)
    bidden = any(offer.partner.id == by.partner_id for offer in bids)
    return replace(found[0], bids=bids, may=possible(found[0], by, _seat_of(found[0]), bidden))


def with_texts(package_id: int) -> Package | None:
    """The package with its links, proposal and author."""
    return db.session.scalar(
        select(Package)
        .where(Package.id == package_id)
        .options(selectinload(Package.links), joinedload(Package.proposal))
    )


def proposal(proposal_id: int) -> Any:
    """The proposal that packages stand under: id, title, state; None without it."""
    wanted = select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.state).where(Proposal.id == proposal_id)
    return db.session.execute(wanted).one_or_none()


def last_editor(package_id: int) -> str:
    """The name of the partner that changed the texts last, empty without one."""
    wanted = (
        select(Partner.name)
        .join(Activity, Activity.partner_id == Partner.id)
        .where(Activity.package_id == package_id, Activity.verb == "package.edit")
        .order_by(Activity.id.desc())
        .limit(1)
    )
    return db.session.scalar(wanted) or ""


def author(package: Package, by: Actor) -> str:
    """Who wrote it, for those who may read names."""
    wanted = select(Person.name).where(Person.id == package.author_id)
    return (db.session.scalar(wanted) or "") if by.signed_in and package.author_id else ""


# What other features ask


def for_proposal(proposal: Any, by: Actor) -> dict[str, Any]:
    """What `work/_packages.html` and `work/_create.html` show under a proposal (an object with id and state)."""
    ids = list(db.session.scalars(select(Package.id).where(Package.proposal_id == proposal.id).order_by(Package.id)))
    items = tuple(cards(ids, by))
    return {
        "packages": Packages(
            proposal_id=proposal.id,
            items=items,
            n_free=sum(c.state == PackageState.OPEN for c in items),
            days=sum((c.effort or Decimal(0) for c in items), Decimal(0)),
            days_taken=sum((c.taken for c in items), Decimal(0)),
            may_create=allowed(by, "package.create") and proposal.state not in CLOSED,
        )
    }


def for_partner(partner: Any, by: Actor, limit: int = PAGE) -> dict[str, Any]:
    """What a partner (an object with id) leads, supports and offers to carry out; newest first."""
    taken = select(Claim.package_id, Claim.seat).where(Claim.partner_id == partner.id, ON_RECORD)
    seats = [(r.package_id, r.seat) for r in db.session.execute(taken.order_by(Claim.id.desc()).limit(2 * limit))]
    offers = select(Bid.package_id).where(Bid.partner_id == partner.id, Bid.withdrawn_at.is_(None))
    offered = list(db.session.scalars(offers.order_by(Bid.id.desc()).limit(limit)))
    found = {c.id: c for c in cards([*{i for i, _seat in seats}, *offered], by)}
    return {
        "leads": [found[i] for i, seat in seats if seat == Seat.LEAD][:limit],
        "supports": [found[i] for i, seat in seats if seat == Seat.SUPPORT][:limit],
        "bids": [found[i] for i in offered],
    }


def due_leases(by: Actor, limit: int = 20) -> list[Card]:
    """The packages whose lease asks the partner acted for, the longest asking first; `card.own` is the seat."""
    if by.partner_id is None:
        return []
    asks = (
        select(Claim.package_id)
        .join(Package, Package.id == Claim.package_id)
        .where(
            Claim.partner_id == by.partner_id,
            Claim.ended_at.is_(None),
            Claim.lease_until <= today(),
            Package.held_at.is_(None),
        )
        .order_by(Claim.lease_until, Claim.id)
        .limit(limit)
    )
    return cards(list(db.session.scalars(asks)), by)


def free_packages(by: Actor, limit: int = 5) -> list[Card]:
    """The newest packages that nobody leads."""
    free = select(Package.id).where(Package.state == PackageState.OPEN).order_by(Package.id.desc()).limit(limit)
    return cards(list(db.session.scalars(free)), by)


# How it is put together

_CARD = select(
    Package.id, Package.proposal_id, Package.title, Package.state, Package.effort, Package.due_on, Package.held_at,
    Package.held_reason, Package.lead_partner_id, Package.commissioned, Package.n_comments, Package.version,
    Proposal.title.label("proposal_title"), Proposal.title_en, Proposal.version.label("proposal_version"),
).join(Proposal, Proposal.id == Package.proposal_id)  # fmt: skip
_BODY = (Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags)


def _card(row: Any, seats: list[Held], by: Actor) -> Card:
    title = row.title_en if current_locale() == "en" and row.title_en else row.proposal_title
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


def _seats(ids: Sequence[int], by: Actor) -> dict[int, list[Held]]:
    rows = (
        select(Claim.package_id, Claim.seat, Claim.days, Claim.claimed_at, Claim.lease_until, *_BODY, _person(by))
        .join(Partner, Partner.id == Claim.partner_id)
        .outerjoin(Person, Person.id == Claim.person_id)
        .where(Claim.package_id.in_(ids), ON_RECORD)
        .order_by(Claim.id)
    )
    found: dict[int, list[Held]] = {}
    for r in db.session.execute(rows):
        left = (r.lease_until - today()).days
        seat = Held(r.seat, _body(r), r.person or "", r.days, r.claimed_at, r.lease_until, left)
        found.setdefault(r.package_id, []).append(seat)
    return found


def _bids(package_id: int, by: Actor) -> tuple[Offer, ...]:
    rows = (
        select(Bid.text, Bid.days, Bid.made_at, *_BODY, _person(by))
        .join(Partner, Partner.id == Bid.partner_id)
        .outerjoin(Person, Person.id == Bid.person_id)
        .where(Bid.package_id == package_id, Bid.withdrawn_at.is_(None))
        .order_by(Bid.id)
    )
    return tuple(Offer(_body(r), r.person or "", r.text, r.days, r.made_at) for r in db.session.execute(rows))


def _person(by: Actor) -> ColumnElement[str]:
    """Names are read by those who are signed in, never by the public."""
    return (Person.name if by.signed_in else literal("")).label("person")


def _body(row: Any) -> Body:
    return Body(row.partner_id, row.slug, row.name, row.sign, hue(row.ags or row.slug))


def _totals(states: Sequence[str], where: list[ColumnElement[bool]]) -> dict[str, int]:
    if not states:
        return {}
    parts = [select(Package.id, Package.state).where(Package.state == s, *where).limit(BOUND + 1) for s in states]
    some = _together(parts).subquery()
    counted = db.session.execute(select(some.c.state, func.count()).group_by(some.c.state))
    return dict.fromkeys(states, 0) | {row[0]: row[1] for row in counted}


def _together(parts: Sequence[Any]) -> Any:
    """All in one statement; each part keeps its own order and limit."""
    return union_all(*(select(part.subquery()) for part in parts))
