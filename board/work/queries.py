"""Reading packages, one or some; `cards` says what is shown of each, `lists` holds the long lists."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from board.accounts.models import Person
from board.activity.models import Activity
from board.db import db
from board.errors import Missing
from board.i18n import gettext as _
from board.i18n import today
from board.partners.models import Partner
from board.policy import Actor, allowed
from board.proposals.models import Proposal
from board.work.cards import ON_RECORD, Card, cards
from board.work.models import Bid, Claim, Package, PackageState, Seat
from board.work.packages import CLOSED

SHOWN = 50


@dataclass(frozen=True)
class Packages:
    """The packages under a proposal. Days are person-days."""

    proposal_id: int
    items: tuple[Card, ...]
    n_free: int
    days: Decimal
    days_taken: Decimal
    may_create: bool


def with_texts(package_id: int) -> Package:
    """The package with its links and proposal. Raises Missing."""
    found = db.session.scalar(
        select(Package)
        .where(Package.id == package_id)
        .options(selectinload(Package.links), selectinload(Package.skilled), joinedload(Package.proposal))
    )
    if found is None:
        raise Missing(_("There is no such work package."))
    return found


def proposal(proposal_id: int) -> Any:
    """The proposal that packages stand under: id, title, state. Raises Missing."""
    wanted = select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.state).where(Proposal.id == proposal_id)
    found = db.session.execute(wanted).one_or_none()
    if found is None:
        raise Missing(_("There is no such proposal."))
    return found


def siblings(package: Package) -> list[tuple[int, str]]:
    """(id, key and title) of the other packages under its proposal that are not done, at most 200."""
    rows = (
        select(Package.id, Package.title)
        .where(
            Package.proposal_id == package.proposal_id,
            Package.id != package.id,
            Package.merged_into_id.is_(None),
            Package.state != PackageState.DONE,
        )
        .order_by(Package.id)
        .limit(200)
    )
    return [(row.id, f"AP-{row.id} {row.title}") for row in db.session.execute(rows)]


def merged(package_id: int) -> list[str]:
    """The keys of the packages that have become part of this one."""
    rows = select(Package.id).where(Package.merged_into_id == package_id).order_by(Package.id)
    return [f"AP-{n}" for n in db.session.scalars(rows)]


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
    here = select(Package.id).where(Package.proposal_id == proposal.id, Package.merged_into_id.is_(None))
    ids = list(db.session.scalars(here.order_by(Package.id)))
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


def for_partner(partner: Any, by: Actor, limit: int = SHOWN) -> dict[str, Any]:
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
