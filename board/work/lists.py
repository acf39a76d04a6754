"""The long lists of packages: the board by state and the list, narrowed by filters. Their cost does not grow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, select, union_all

from board.db import db
from board.partners.models import Partner
from board.policy import Actor
from board.search.index import within
from board.work import dependencies
from board.work.cards import ON_RECORD, Card, cards
from board.work.models import Bid, Claim, Package, PackageSkill, PackageState

BOUND = 1000
PAGE = 50
DONE_SHOWN = 20


@dataclass(frozen=True)
class Filters:
    """What a reader wants to see; all of it stands in the address."""

    partner: str = ""
    free: bool = False
    mine: bool = False
    q: str = ""
    state: str = ""
    skill: str = ""
    waiting: str = ""

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def conditions(self, by: Actor) -> list[ColumnElement[bool]]:
        """As SQL; `mine` of somebody without a partner matches nothing."""
        found: list[ColumnElement[bool]] = [Package.merged_into_id.is_(None)]
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
        if self.skill:
            found.append(Package.id.in_(select(PackageSkill.package_id).where(PackageSkill.skill == self.skill)))
        if self.waiting:
            waits = and_(dependencies.blocked(), Package.state != PackageState.DONE)
            found.append(waits if self.waiting == "yes" else not_(waits))
        if self.q:
            found.append(within(Package.id, self.q))
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


HELD = Partner.id.in_(select(Claim.partner_id))
"""The condition that a partner holds or held a seat: the filter offers those."""


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
