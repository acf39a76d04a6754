"""The matrix of proposals and partners: who examines, plans, pilots, runs or has ended what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import CompoundSelect, Select, case, exists, func, or_, select, union, union_all

from board.db import db
from board.i18n import spoken
from board.learnings import queries as learnings
from board.partners.models import Partner
from board.policy import Acting, Actor
from board.proposals.models import Proposal, ProposalBuilder, Topic
from board.proposals.states import State
from board.reuse.columns import IN_USE, Columns, columns
from board.reuse.columns import wanted as of_columns
from board.reuse.filters import Filters
from board.reuse.old import has_waited, is_old, waits
from board.search.index import within
from board.variants import queries as variants
from board.voting.models import Reuse, ReuseStatus

Ids = Select[int]
COUNTED = 1000
RANK = {s.value: n for n, s in enumerate((
    ReuseStatus.LIVE, ReuseStatus.PILOT, ReuseStatus.PLANNED, ReuseStatus.EXAMINING, ReuseStatus.ENDED,
))}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One record. `old` when nobody has confirmed it for `old.STALE`; an ended one needs no confirmation."""

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
    """One proposal with its cells by partner id, and the ids of the partners that built it: not all of them use it.

    There are cells for the columns that are shown; `numbers` counts all entries by status, `old` those to be confirmed.
    """

    id: int
    title: str
    state: str
    version: int
    cells: Mapping[int, Cell]
    built: frozenset[int] = frozenset()
    learned: int = 0
    """How many learnings there are about it."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    old: int = 0
    confirmed: date = date.min

    @property
    def key(self) -> str:
        """How people call it: FV-12."""
        return f"FV-{self.id}"

    def count(self, *statuses: str) -> int:
        """How many partners are that far."""
        return sum(self.numbers.get(status, 0) for status in statuses)


@dataclass(frozen=True)
class Matrix:
    """Columns (one's own partner and the chosen one first), rows, and how many there are, up to COUNTED + 1.

    `partners` is how many would have a column.
    """

    columns: tuple[Acting, ...]
    partners: int
    rows: tuple[Row, ...]
    total: int
    entries: int
    old: int


def matrix(filters: Filters, by: Actor) -> Matrix:
    """All that the filters leave, at most `filters.most` rows. Nine statements at most, however large it is."""
    shown = columns(filters, by)
    used, unused = _wanted(filters, by)
    counted = _each((used, *unused), COUNTED + 1).limit(COUNTED + 1).subquery()  # In no order: it would be walked.
    total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    found = _rows(_plain(_most_used(used, unused, filters.most)), shown, filters, by)
    entries = sum(row.count(*RANK) for row in found)
    rows = tuple(_sorted(found, filters, by))
    return Matrix(shown.partners, shown.total, rows, total, entries, sum(row.old for row in found))


def row(proposal_id: int, filters: Filters, by: Actor) -> tuple[tuple[Acting, ...], Row | None]:
    """One row as the filters' columns show it; None where there is no such proposal."""
    shown = columns(filters, by)
    found = _rows(_plain([proposal_id]), shown, filters, by)
    return shown.partners, found[0] if found else None


def _plain(ids: list[int]) -> Select[int, str, str, str, int]:
    query = select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.state, Proposal.version)
    return query.where(Proposal.id.in_(ids)).order_by(Proposal.n_live.desc(), Proposal.id.desc())


OFFERED = (State.AVAILABLE, State.PILOTING)


def _wanted(filters: Filters, by: Actor) -> tuple[Ids, tuple[Ids, ...]]:
    """The proposals in use, and the others: that can be used, that somebody has built or has an entry for.

    No two of these selects have one in common, and an index knows each one's newest.
    """
    query = _narrowed(filters, by)
    used, unused = query.where(Proposal.n_live > 0), query.where(Proposal.n_live == 0)
    told = union(select(Reuse.proposal_id), select(ProposalBuilder.proposal_id))
    named = query.where(Proposal.n_live + 0 == 0, Proposal.id.in_(told))  # Looked up, not met by walking the unused.
    if filters.status or filters.partner or filters.old or filters.elsewhere:  # Of these each has an entry or builder.
        return used, (named,)
    offered = (unused.where(Proposal.state == state) for state in OFFERED)
    return used, (*offered, named.where(Proposal.state.not_in(OFFERED)))


def _each(parts: Iterable[Ids], most: int) -> CompoundSelect[Any]:
    return union_all(*(select(part.limit(most).subquery()) for part in parts))


def _most_used(used: Ids, unused: Iterable[Ids], most: int) -> list[int]:
    """The ids of so many, those that most use first, else the newest. The unused are asked for only where they show."""
    found = list(db.session.scalars(used.order_by(Proposal.n_live.desc(), Proposal.id.desc()).limit(most)))
    if len(found) < most:
        others = _each((part.order_by(Proposal.id.desc()) for part in unused), most).subquery()
        found += db.session.scalars(select(others.c.id).order_by(others.c.id.desc()).limit(most - len(found)))
    return found


def _narrowed(filters: Filters, by: Actor) -> Ids:
    """What the filters leave of all proposals."""
    entry = exists().where(Reuse.proposal_id == Proposal.id)
    built = exists().where(ProposalBuilder.proposal_id == Proposal.id)
    query = select(Proposal.id).where(Proposal.state != State.MERGED)
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


def _rows(query: Select[int, str, str, str, int], shown: Columns, filters: Filters, by: Actor) -> list[Row]:
    rows = db.session.execute(query).all()
    cells: dict[int, dict[int, Cell]] = {r.id: {} for r in rows}
    own, told, built = variants.where(cells), learnings.counts(cells), _builders(cells)
    here = (Reuse.proposal_id.in_(cells), Reuse.partner_id.in_([p.id for p in shown.partners]))
    for r in db.session.scalars(select(Reuse).where(*here)):
        cells[r.proposal_id][r.partner_id] = _cell(r, (r.proposal_id, r.partner_id) in own)
    counted = _counted(cells, filters, by)
    return [
        Row(
            r.id, spoken(r.title, r.title_en), r.state, r.version, cells[r.id],
            frozenset(built.get(r.id, ())), told.get(r.id, 0), **counted.get(r.id, {}),
        )
        for r in rows
    ]  # fmt: skip


def _counted(proposals: Iterable[int], filters: Filters, by: Actor) -> dict[int, dict[str, Any]]:
    """What each row says of all its entries, those without a shown column too: one statement for all of them."""
    query = (
        select(
            Reuse.proposal_id, Reuse.status, func.count().label("n"), func.max(Reuse.confirmed_on).label("confirmed"),
            func.sum(case((waits(), 1), else_=0)).label("old"),
        )
        .where(Reuse.proposal_id.in_(list(proposals)))
        .group_by(Reuse.proposal_id, Reuse.status)
    )  # fmt: skip
    if filters.kind or filters.who:
        query = query.where(Reuse.partner_id.in_(select(Partner.id).where(of_columns(filters, by))))
    found: dict[int, dict[str, Any]] = {}
    for r in db.session.execute(query):
        row = found.setdefault(r.proposal_id, {"numbers": {}, "old": 0, "confirmed": date.min})
        row["numbers"][r.status] = r.n
        row["old"] += r.old
        row["confirmed"] = max(row["confirmed"], r.confirmed or date.min)
    return found


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
    return Cell(r.status, r.planned_for, r.release, r.variant, r.confirmed_on, has_waited(r), own)


def _sorted(rows: list[Row], filters: Filters, by: Actor) -> list[Row]:
    def own(found: Row) -> int:
        cell = found.cells.get(by.partner_id or 0)
        return RANK[cell.status] if cell else len(RANK)

    if filters.sort == "title":
        return sorted(rows, key=lambda r: r.title.casefold())
    if filters.sort == "confirmed":
        return sorted(rows, key=lambda r: r.confirmed, reverse=True)
    if filters.sort == "own":
        return sorted(rows, key=own)
    return sorted(rows, key=lambda r: (-r.count(ReuseStatus.LIVE), -r.count(*RANK), r.id))
