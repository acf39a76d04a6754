"""The matrix of proposals and partners: who examines, plans, pilots, runs or has ended what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select, and_, exists, func, literal, or_, select

from board.db import db
from board.i18n import current_locale, today
from board.learnings import queries as learnings
from board.partners.models import Kind, Partner, hue
from board.policy import Acting, Actor
from board.proposals.models import Proposal, ProposalBuilder, Topic
from board.proposals.states import State
from board.search.index import within
from board.text import clean
from board.variants import queries as variants
from board.voting.models import Reuse, ReuseStatus

Plain = Select[int, str, str, str, int]
FIRST, MOST = 100, 400
"""So many rows are shown at once, and when all are asked for: with 60 columns 400 rows are 55,000 elements."""
COUNTED = 1000
STALE = timedelta(days=183)
"""A record that nobody has confirmed for so long is shown as old, and its partner is asked."""
IN_USE = (ReuseStatus.LIVE, ReuseStatus.PILOT)
RANK = {s.value: n for n, s in enumerate((
    ReuseStatus.LIVE, ReuseStatus.PILOT, ReuseStatus.PLANNED, ReuseStatus.EXAMINING, ReuseStatus.ENDED,
))}  # fmt: skip
SORTS = {"used": "Most used", "title": "Title", "confirmed": "Confirmed last", "own": "Own entries first"}
"""Sort → the message id of its label; the first is what one gets without asking."""


@dataclass(frozen=True)
class Filters:
    """What the matrix shows: its rows by all fields but `kind`, which chooses columns; `partner` uses or built it.

    `columns` orders these: by name, or (used) those first that run and pilot the most.
    """

    q: str = ""
    topic: str = ""
    status: str = ""
    partner: str = ""
    elsewhere: str = ""
    old: str = ""
    kind: str = ""
    sort: str = "used"
    columns: str = ""
    all: str = ""

    @property
    def most(self) -> int:
        """How many rows at most."""
        return MOST if self.all else FIRST

    @property
    def narrowing(self) -> dict[str, str]:
        """The fields that leave something out, in the order in which they are shown."""
        return {name: value for name, value in vars(self).items() if value and name not in {"sort", "columns", "all"}}

    def query(self) -> str:
        """The canonical query string, without what goes without saying."""
        return urlencode(
            self.narrowing
            | ({"sort": self.sort} if self.sort != "used" else {})
            | ({"columns": self.columns} if self.columns else {})
            | ({"all": "1"} if self.all else {})
        )

    def url(self, path: str = "/reuse", **changes: str) -> str:
        """The address of the matrix with changes."""
        query = replace(self, **changes).query()
        return f"{path}?{query}" if query else path


def read(args: Mapping[str, str], by: Actor, topics: set[str], partners: set[str]) -> Filters:
    """The filters of an address; what is unknown or makes no sense for this reader is left out."""

    def one_of(name: str, known: set[str]) -> str:
        return args.get(name, "") if args.get(name, "") in known else ""

    sorts = set(SORTS) - (set() if by.partner else {"own"})
    return Filters(
        q=" ".join(clean(args.get("q", "")).split())[:100].strip(),
        topic=one_of("topic", topics),
        status=one_of("status", set(ReuseStatus)),
        partner=one_of("partner", partners),
        elsewhere=one_of("elsewhere", {"1"}) if by.partner else "",
        old=one_of("old", {"1"}),
        kind=one_of("kind", set(Kind)),
        sort=one_of("sort", sorts) or "used",
        columns=one_of("columns", {"used"}),
        all=one_of("all", {"1"}),
    )


@dataclass(frozen=True)
class Cell:
    """One record. `old` when nobody has confirmed it for `STALE`; an ended one needs no confirmation."""

    status: str
    planned_for: str
    release: str
    variant: str
    confirmed_on: date | None
    old: bool
    own: bool = False
    """The partner runs a variant of its own."""


@dataclass(frozen=True)
class Row:
    """One proposal with its cells by partner id, and the ids of the partners that built it: not all of them use it."""

    id: int
    title: str
    state: str
    version: int
    cells: Mapping[int, Cell]
    built: frozenset[int] = frozenset()
    learned: int = 0
    """How many learnings there are about it."""

    @property
    def key(self) -> str:
        """How people call it: FV-12."""
        return f"FV-{self.id}"

    def count(self, *statuses: str) -> int:
        """How many partners are that far."""
        return sum(cell.status in statuses for cell in self.cells.values())


@dataclass(frozen=True)
class Matrix:
    """Columns (one's own partner and the chosen one first), rows, and how many there are, up to COUNTED + 1."""

    columns: tuple[Acting, ...]
    rows: tuple[Row, ...]
    total: int
    entries: int
    old: int


def matrix(filters: Filters, by: Actor) -> Matrix:
    """All that the filters leave, at most `filters.most` rows. Seven statements, however large it is."""
    columns = _columns(filters, by)
    wanted = _wanted(filters, by)
    total = db.session.scalar(select(func.count()).select_from(wanted.limit(COUNTED + 1).subquery())) or 0
    most_used = wanted.order_by(Proposal.n_live.desc(), Proposal.id.desc()).limit(filters.most)
    found = _rows(most_used, {c.id for c in columns})
    cells = [cell for row in found for cell in row.cells.values()]
    return Matrix(columns, tuple(_sorted(found, filters, by)), total, len(cells), sum(cell.old for cell in cells))


def users() -> list[Partner]:
    """The partners that have built something or have an entry, by name."""
    return list(db.session.scalars(select(Partner).where(_takes_part()).order_by(func.lower(Partner.name))))


def row(proposal_id: int, filters: Filters, by: Actor) -> tuple[tuple[Acting, ...], Row | None]:
    """One row as the filters' columns show it; None where there is no such proposal."""
    columns = _columns(filters, by)
    found = _rows(PLAIN.where(Proposal.id == proposal_id), {c.id for c in columns})
    return columns, found[0] if found else None


PLAIN = select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.state, Proposal.version)


def _wanted(filters: Filters, by: Actor) -> Plain:
    """The proposals that can be used, that somebody has built, or that somebody has an entry for."""
    entry = exists().where(Reuse.proposal_id == Proposal.id)
    built = exists().where(ProposalBuilder.proposal_id == Proposal.id)
    query = PLAIN.where(
        or_(Proposal.state.in_((State.AVAILABLE, State.PILOTING)), entry, built), Proposal.state != State.MERGED
    )
    if filters.q:
        query = query.where(within(Proposal.id, filters.q))
    if filters.topic:
        query = query.where(Proposal.topic_id == select(Topic.id).where(Topic.slug == filters.topic).scalar_subquery())
    if filters.status:
        query = query.where(entry.where(Reuse.status == filters.status))
    if filters.partner:
        whose = select(Partner.id).where(Partner.slug == filters.partner).scalar_subquery()
        query = query.where(
            or_(entry.where(Reuse.partner_id == whose), built.where(ProposalBuilder.partner_id == whose))
        )
    if filters.old:
        query = query.where(entry.where(is_old()))
    if filters.elsewhere and by.partner_id:
        here = entry.where(Reuse.partner_id == by.partner_id, Reuse.status.in_(IN_USE))
        query = query.where(entry.where(Reuse.status.in_(IN_USE)), ~here)
    return query


def is_old() -> Any:
    """The condition that a record waits for its partner's confirmation; nobody asks about a merged proposal's."""
    merged = select(Proposal.id).where(Proposal.state == State.MERGED)
    return and_(
        Reuse.status != ReuseStatus.ENDED,
        func.coalesce(Reuse.confirmed_on, func.date(Reuse.changed_at)) < today() - STALE,
        Reuse.proposal_id.not_in(merged),
    )


def _rows(query: Plain, columns: set[int]) -> list[Row]:
    english = current_locale() == "en"
    rows = db.session.execute(query).all()
    cells: dict[int, dict[int, Cell]] = {r.id: {} for r in rows}
    own, told, built = variants.where(cells), learnings.counts(cells), _builders(cells)
    for r in db.session.scalars(select(Reuse).where(Reuse.proposal_id.in_(cells))):
        if r.partner_id in columns:
            cells[r.proposal_id][r.partner_id] = _cell(r, (r.proposal_id, r.partner_id) in own)
    return [
        Row(
            r.id, (english and r.title_en) or r.title, r.state, r.version, cells[r.id],
            frozenset(built.get(r.id, ())), told.get(r.id, 0),
        )
        for r in rows
    ]  # fmt: skip


def _builders(proposals: Iterable[int]) -> dict[int, list[int]]:
    """By proposal, the ids of the partners that built it, as its sources say: one statement for all of them."""
    pairs = select(ProposalBuilder.proposal_id, ProposalBuilder.partner_id).where(
        ProposalBuilder.proposal_id.in_(list(proposals))
    )
    found: dict[int, list[int]] = {}
    for proposal_id, partner_id in db.session.execute(pairs.order_by(ProposalBuilder.partner_id)):
        found.setdefault(proposal_id, []).append(partner_id)
    return found


def _cell(r: Reuse, own: bool) -> Cell:
    seen = r.confirmed_on or r.changed_at.date()
    old = r.status != ReuseStatus.ENDED and seen < today() - STALE
    return Cell(r.status, r.planned_for, r.release, r.variant, r.confirmed_on, old, own)


def _sorted(rows: list[Row], filters: Filters, by: Actor) -> list[Row]:
    def confirmed(found: Row) -> date:
        return max((c.confirmed_on for c in found.cells.values() if c.confirmed_on), default=date.min)

    def own(found: Row) -> int:
        cell = found.cells.get(by.partner_id or 0)
        return RANK[cell.status] if cell else len(RANK)

    if filters.sort == "title":
        return sorted(rows, key=lambda r: r.title.casefold())
    if filters.sort == "confirmed":
        return sorted(rows, key=confirmed, reverse=True)
    if filters.sort == "own":
        return sorted(rows, key=own)
    return sorted(rows, key=lambda r: (-r.count(ReuseStatus.LIVE), -r.count(*RANK), r.id))


def _takes_part() -> Any:
    """The condition that a partner has an entry of its own, or that sources say it has built something."""
    return or_(exists().where(Reuse.partner_id == Partner.id), exists().where(ProposalBuilder.partner_id == Partner.id))


def _columns(filters: Filters, by: Actor) -> tuple[Acting, ...]:
    """Partners that take part, and the reader's own; that one first, then the chosen one, then the others."""
    uses = select(func.count()).where(Reuse.partner_id == Partner.id, Reuse.status.in_(IN_USE))
    n_uses = uses.correlate(Partner).scalar_subquery() if filters.columns else literal(0)
    query = select(
        Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes
    ).where(or_(_takes_part(), Partner.id == by.partner_id))
    if filters.kind:
        query = query.where(or_(Partner.kind == filters.kind, Partner.id == by.partner_id))
    rows = db.session.execute(query.order_by(n_uses.desc(), func.lower(Partner.name))).all()
    found = [Acting(r.id, r.slug, r.name, r.sign, hue(r.ags or r.slug), r.kind, r.votes) for r in rows]
    return tuple(sorted(found, key=lambda p: 0 if p.id == by.partner_id else 1 if p.slug == filters.partner else 2))
