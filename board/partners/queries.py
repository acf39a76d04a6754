"""Every way to read partners and the electorate."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, tuple_, union_all

from board.db import db
from board.partners.models import Electorate, Kind, Partner, hue
from board.partners.names import called, is_id
from board.proposals.models import Proposal
from board.voting.models import Reuse, ReuseStatus
from board.work.models import Claim, Seat

SHOWN = 100
"""So many partners stand on one page of their list."""
BY_NAME = (Partner.fictional, Partner.search, Partner.id)
"""The order within a kind: invented ones last."""
MANY = 99
"""How far the list counts what a partner does; beyond it says "more than"."""

_PLACE = select(Partner.kind, *BY_NAME)


@dataclass(frozen=True)
class Line:
    """One partner in the list, with how many proposals it made, packages it leads and features it runs or pilots."""

    id: int
    slug: str
    name: str
    sign: str
    hue: int
    kind: str
    votes: bool
    paused: bool
    left_on: date | None
    state: str
    population: int | None
    population_on: date | None
    fictional: bool
    proposes: int
    leads: int
    runs: int


@dataclass(frozen=True)
class Overview:
    """The partners that match, by kind and by name, up to `SHOWN`; `more` is the key of the rest.

    `numbers` says how many match of each kind, `everybody` how many partners there are at all.
    """

    groups: list[tuple[str, list[Line]]]
    numbers: dict[str, int]
    everybody: int
    electorate: int
    more: str = ""

    @property
    def shown(self) -> int:
        """How many match."""
        return sum(self.numbers.values())

    @property
    def lines(self) -> list[Line]:
        """Those on this page, one after the other."""
        return [line for _kind, group in self.groups for line in group]


def overview(kind: str = "", words: str = "", after: str = "") -> Overview:
    """A page of the partners whose name or state contains the words, behind the one with the id `after`.

    The same number of statements, however many there are.
    """
    found = _lines(Partner.id.in_(select(_page(kind, words, after, SHOWN).c.id)))
    shown = found[:SHOWN]
    kinds = [k.value for k in Kind if kind in {"", k}]
    counted = select(Partner.kind, func.count()).where(Partner.kind.in_(kinds), called(words)).group_by(Partner.kind)
    return Overview(
        [(k, group) for k in kinds if (group := [line for line in shown if line.kind == k])],
        dict(db.session.execute(counted).all()),
        db.session.scalar(select(func.count(Partner.id))) or 0,
        electorate_size(),
        str(shown[-1].id) if len(found) > SHOWN else "",
    )


def listed(kind: str, words: str, after: str, most: int) -> tuple[list[Line], str]:
    """So many partners that match, in the order of the list, behind the one with this id; and the id of the last one
    where others follow: for programs.
    """
    found = _lines(Partner.id.in_(select(_page(kind, words, after, most).c.id)))
    return found[:most], str(found[most - 1].id) if len(found) > most else ""


def line(slug: str) -> Line | None:
    """One partner as it stands in the list."""
    return next(iter(_lines(Partner.slug == slug)), None)


def _page(kind: str, words: str, after: str, most: int) -> Any:
    """The ids of a page and of one partner more: one walk down the index of names for each kind that is left."""
    row = db.session.execute(_PLACE.where(Partner.id == int(after))).first() if is_id(after) else None
    kinds = [k.value for k in Kind if kind in {"", k}]
    if row is not None and row.kind in kinds:
        kinds = kinds[kinds.index(row.kind) :]
    walks: list[Any] = []
    for k in kinds:
        walk = select(Partner.id).where(Partner.kind == k, called(words))
        if row is not None and k == row.kind:
            walk = walk.where(tuple_(*BY_NAME) > tuple_(*row[1:], types=[column.type for column in BY_NAME]))
        walks.append(select(walk.order_by(*BY_NAME).limit(most + 1).subquery().c.id, literal(len(walks)).label("n")))
    both = union_all(*walks).subquery()
    places = [both.c.n, *BY_NAME]
    return select(both.c.id).join(Partner, Partner.id == both.c.id).order_by(*places).limit(most + 1).subquery()


def _lines(*where: ColumnElement[bool]) -> list[Line]:
    rows = db.session.execute(
        select(
            Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes,
            Partner.paused_at, Partner.left_on, Partner.state, Partner.population, Partner.population_on,
            Partner.fictional,
            _number(Proposal.partner_id).label("proposes"),
            _number(Claim.partner_id, Claim.seat == Seat.LEAD, Claim.ended_at.is_(None)).label("leads"),
            _number(Reuse.partner_id, Reuse.status.in_((ReuseStatus.LIVE, ReuseStatus.PILOT))).label("runs"),
            Partner.search,
        ).where(*where)
    )  # fmt: skip
    order = [k.value for k in Kind]
    return [
        Line(
            row.id, row.slug, row.name, row.sign, hue(row.ags or row.slug), row.kind, row.votes,
            row.paused_at is not None, row.left_on, row.state, row.population, row.population_on, row.fictional,
            row.proposes, row.leads, row.runs,
        )
        for row in sorted(rows, key=lambda row: (order.index(row.kind), row.fictional, row.search, row.id))
    ]  # fmt: skip


def _number(partner_id: Any, *where: ColumnElement[bool]) -> Any:
    """How many rows a partner has, counted to MANY + 1 on an index: it costs no more on a board that has grown."""
    some = select(literal(1)).where(partner_id == Partner.id, *where).correlate(Partner).limit(MANY + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def electorate_size() -> int:
    """How many partners vote now."""
    return db.session.scalar(select(Electorate.size).where(Electorate.id == Electorate.ONLY)) or 0


def by_slug(slug: str) -> Partner | None:
    """The partner with this name in its address."""
    return db.session.scalar(select(Partner).where(Partner.slug == slug))
