"""Long lists of proposals: pages by key, totals, and how many have come since."""

import json
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    any_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from board.db import db, fenced, on_postgres, run
from board.partners.models import Partner
from board.policy import Actor
from board.proposals import cells
from board.proposals.counts import ProposalCount
from board.proposals.filters import SCALED, Filters
from board.proposals.models import Proposal, Topic
from board.proposals.queries import Stamp
from board.proposals.states import State
from board.search.index import within
from board.voting.models import Ballot, Reuse

COUNTED = 1000
"""Beyond it a list says "more than 1,000"."""
FEW = 2000
"""So many rows are looked up and sorted in no more time than a page of a large list takes."""
SERVED = {
    "newest": {"state", "topic", "partner", "milestone", "value", "contest"},
    "support": {"contest"}, "active": {"contest"}, "strength": {"state"}, "due": {"state", "mine"},
    "value": {"value"}, "effort": {"effort"},
}  # fmt: skip
"""Order → filters that have an index in it."""
ANCHORS = {"topic", "partner"}
CARRIED = ANCHORS | {"state", "milestone", *SCALED}
"""Filters that some indexes carry beside all orders (`models.SORTED`); each of these begins with one of the anchors."""


def _key(filters: Filters) -> tuple[list[Any], bool]:
    """The columns that sort a list, and whether it descends; the id makes every place unique."""
    columns: dict[str, list[Any]] = {
        "newest": [Proposal.id],
        "support": [Proposal.n_for, Proposal.id],
        "contested": [Proposal.contest, Proposal.id],
        "active": [Proposal.active_at, Proposal.id],
        "due": [Proposal.vote_by, Proposal.id],
        "strength": [Proposal.strength, Proposal.id],
        "value": [Proposal.value, Proposal.id],
        "effort": [Proposal.effort_high, Proposal.id],
    }
    return columns[filters.sort], filters.sort not in {"due", "effort"}


class Fitting(NamedTuple):
    """How many proposals fit, one further than is counted at most; and which they are, where they were looked up.

    Where an index carries their places (`_carried`) these are only those of the page, and one more.
    """

    n: int
    ids: list[int] | None = None


def fitting(filters: Filters, by: Actor, maintained: dict[str, int] | None = None) -> Fitting:
    """What fits: from the counters where they say it, else counted to `COUNTED` or looked up to `FEW`."""
    if filters.narrowing.keys() <= {"state", "topic"}:
        known = totals(filters.topic) if filters.topic or maintained is None else maintained
        return Fitting(known.get(filters.state, 0) if filters.state else sum(known.values()))
    if _by_index(filters):
        return Fitting(run(_counted(filters, by.partner_id, on_postgres()), most=COUNTED + 1).scalar() or 0)
    return _looked_up(filters, by)


def page(filters: Filters, by: Actor, known: Fitting | None = None) -> tuple[list[tuple[int, Stamp]], str]:
    """(id, stamp) of the proposals to show, and the key to continue behind ("" at the end).

    Pages by key on an index: no OFFSET, the cost does not grow with the page. `known` is what `fitting` says of these
    filters, where it is known already. Few are looked up and sorted; of many, the index of the order is walked.
    """
    few = None if _by_index(filters) else _few(filters, by, fitting(filters, by) if known is None else known)
    statement = _page(filters, by.partner_id, few is not None, on_postgres())
    rows = (run(statement) if few is None else run(statement, few=few)).all()
    shown = rows[: filters.n]
    more = _mark(filters, shown[-1]) if len(rows) > filters.n else ""
    return [(row.id, (row.version, row.active_at)) for row in shown], more


def _few(filters: Filters, by: Actor, known: Fitting) -> list[int] | str | None:
    """Which they are, as the database takes many numbers at once; None where they are too many to be looked up."""
    if known.n > FEW:
        return None
    ids = (_looked_up(filters, by) if known.ids is None else known).ids
    return ids if on_postgres() else json.dumps(ids)


def _looked_up(filters: Filters, by: Actor) -> Fitting:
    found = run(_lookup(filters, by.partner_id, on_postgres()), most=FEW + 1).all()
    n = found[0].n if _carried(filters) else len(found)
    return Fitting(n, [row.id for row in found if row.id is not None])


@lru_cache(maxsize=256)
def _lookup(filters: Filters, partner_id: int | None, _postgres: bool) -> Select[Any]:
    """The statement that looks up what the filters leave, to `most`; searching is each database's own.

    If that takes no row, they are counted and sorted as well, and those of the page are told with their number.
    """
    most = bindparam("most", type_=Integer)
    if not _carried(filters):
        return narrowed(select(Proposal.id), filters, partner_id).limit(most)
    columns, descending = _key(filters)
    fits = narrowed(select(Proposal.id, columns[0].label("place")), filters, partner_id).limit(most)
    few = fits.cte("few").prefix_with("MATERIALIZED")  # Else the order of its rows would be looked at first.
    places = [few.c.place, few.c.id][-len(columns) :]
    behind = _behind(filters, places, descending) or [few.c.place.is_not(None)]
    first = select(few.c.id).where(or_(*behind)).order_by(*_ordered(places, descending)).limit(filters.n + 1).subquery()
    number = select(func.count().label("n")).select_from(few).subquery()
    return select(number.c.n, first.c.id).select_from(number.outerjoin(first, true()))


def _ordered(columns: list[Any], descending: bool) -> list[Any]:
    return [column.desc() if descending else column for column in columns]


def _carried(filters: Filters) -> bool:
    """Whether an index begins with what they are narrowed by, and carries the rest and the place in each order."""
    narrowing = filters.narrowing.keys()
    return bool(narrowing & ANCHORS) and narrowing <= CARRIED


def _by_index(filters: Filters) -> bool:
    """Whether the order's own index serves these filters."""
    return filters.narrowing.keys() <= SERVED.get(filters.sort, set())


@lru_cache(maxsize=256)
def _page(filters: Filters, partner_id: int | None, few: bool, postgres: bool) -> Select[Any]:
    """The statement for a page: the same for these filters and this partner, so it is built once."""
    columns, descending = _key(filters)
    query = select(Proposal.id, Proposal.version, Proposal.active_at, columns[0].label("place"))
    query = query.where(_where(filters, partner_id, few, postgres))
    if filters.sort == "due":
        query = query.where(Proposal.state == State.OPEN, Proposal.vote_by.is_not(None))
    by_state = [Proposal.state] if postgres and _newest_of_a_state(filters) else []
    order = _ordered([*by_state, *columns], descending)
    behind = _behind(filters, columns, descending)
    if few and behind:
        behind = [or_(*behind)]
    if len(behind) <= 1:
        return query.where(*behind).order_by(*order).limit(filters.n + 1)
    parts = [query.where(part).order_by(*order).limit(filters.n + 1) for part in behind]
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(both).order_by(*_ordered([both.c.place, both.c.id], descending)).limit(filters.n + 1)


def _behind(filters: Filters, columns: list[Any], descending: bool) -> list[ColumnElement[bool]]:
    """What stands behind the place that an address names: what ties with it, and the rest; all where it names none.

    Walking, each is looked up by itself: of one comparison of rows SQLite looks up the first part and passes all ties.
    """
    place = _place(filters)
    if place is None:
        return []
    rest, *later = (
        column < value if descending else column > value for column, value in zip(columns, place, strict=True)
    )
    return [and_(columns[0] == place[0], *later), rest] if later else [rest]


def _where(filters: Filters, partner_id: int | None, few: bool, postgres: bool) -> ColumnElement[bool]:
    """What the filters leave, as the condition by which it costs least.

    Few have been looked up and are sorted. Of many, each page walks the index of its order and soon has enough that
    fit: SQLite, which knows no distributions, would look all of them up, and a fence keeps it from that.
    """
    if few and postgres:
        return Proposal.id == any_(bindparam("few", type_=ARRAY(Integer)))
    if few:
        return Proposal.id.in_(select(func.json_each(bindparam("few", type_=String)).table_valued("value").c.value))
    if postgres and _newest_of_a_state(filters):
        return Proposal.state == any_(array([filters.state]))
    fits = cast("ColumnElement[bool]", narrowed(select(Proposal.id), filters, partner_id).whereclause)
    walked_on = filters.sort == "effort" and filters.after  # SQLite would begin where the class does, not at the place.
    if _by_index(filters) and not walked_on:
        return fits
    return fits if postgres else fenced(fits)


def _newest_of_a_state(filters: Filters) -> bool:
    """What PostgreSQL would walk all ids for, though none of the newest may be so far yet.

    It has to be asked for what is in one of some states, in the order of states: only their index has that.
    """
    return filters.sort == "newest" and filters.narrowing.keys() == {"state"}


def _mark(filters: Filters, row: Any) -> str:
    """The place of a row as it stands in an address."""
    if filters.sort == "newest":
        return str(row.id)
    place = row.place
    if isinstance(place, datetime):
        place = f"{place.astimezone(UTC):%Y%m%dT%H%M%S%f}"
    return f"{place}~{row.id}"


def _place(filters: Filters) -> tuple[Any, ...] | None:
    """The place that an address names; None (the beginning) when it names none."""
    first, _sep, last = filters.after.rpartition("~")
    if not (last.isascii() and last.isdigit() and len(last) <= 9):
        return None
    if filters.sort == "newest":
        return (int(last),)
    try:
        if filters.sort == "active":
            return datetime.strptime(first, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC), int(last)
        if filters.sort == "due":
            return date.fromisoformat(first), int(last)
        return (int(first), int(last)) if len(first) <= 9 else None
    except ValueError:
        return None


def narrowed(query: Select[Any], filters: Filters, partner_id: int | None) -> Select[Any]:
    """The query with all conditions of the filters, for whoever acts for that partner."""
    if filters.state:
        query = query.where(Proposal.state == filters.state)
    else:
        query = query.where(Proposal.state != State.MERGED)
    if filters.topic:
        query = query.where(Proposal.topic_id == select(Topic.id).where(Topic.slug == filters.topic).scalar_subquery())
    if filters.partner:
        theirs = select(Partner.id).where(Partner.slug == filters.partner).scalar_subquery()
        query = query.where(Proposal.partner_id == theirs)
    if filters.q:
        query = query.where(within(Proposal.id, filters.q))
    if filters.milestone:
        planned = None if filters.milestone == cells.NONE else int(filters.milestone)
        query = query.where(Proposal.milestone_id.is_(None) if planned is None else Proposal.milestone_id == planned)
    for scale in SCALED:
        if code := getattr(filters, scale):
            query = query.where(cells.condition(scale, code))
    if filters.mine and partner_id:
        query = query.where(
            Proposal.state == State.OPEN,
            Proposal.consent_until.is_(None),
            ~exists().where(Ballot.proposal_id == Proposal.id, Ballot.partner_id == partner_id),
        )
    if filters.elsewhere and partner_id:
        here = exists().where(
            Reuse.proposal_id == Proposal.id, Reuse.partner_id == partner_id, Reuse.status.in_(("live", "pilot"))
        )
        query = query.where(Proposal.n_live > 0, ~here)
    return query


_TOTALS = (
    select(ProposalCount.state, func.sum(ProposalCount.n).label("n"))
    .where(ProposalCount.n != 0, ProposalCount.state != State.MERGED)
    .group_by(ProposalCount.state)
    .order_by(ProposalCount.state)
)
_TOTALS_OF = _TOTALS.join(Topic, Topic.id == ProposalCount.topic_id).where(Topic.slug == bindparam("topic"))
_NEWEST = select(func.max(Proposal.id))


def totals(topic: str = "") -> dict[str, int]:
    """How many there are of each state, altogether or in one topic, from the maintained counters."""
    return {row.state: row.n for row in (run(_TOTALS_OF, topic=topic) if topic else run(_TOTALS))}


@lru_cache(maxsize=256)
def _counted(filters: Filters, partner_id: int | None, _postgres: bool) -> Select[Any]:
    """The statement that counts what the filters leave, to `most`."""
    bounded = narrowed(select(Proposal.id), filters, partner_id).limit(bindparam("most", type_=Integer)).subquery()
    return select(func.count()).select_from(bounded)


def newer(filters: Filters, by: Actor, than: int) -> int:
    """How many proposals of this list have come since the one with that id; up to 100."""
    query = narrowed(select(Proposal.id), filters, by.partner_id).where(Proposal.id > than).limit(100)
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def newest_id() -> int:
    """The id of the newest proposal, 0 where there is none."""
    return run(_NEWEST).scalar() or 0
