"""What the pictures show, counted by the database: a few rows come back, however many proposals there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, literal, or_, select

from board.activity.models import Activity
from board.db import db, on_postgres
from board.figures.months import EARLIER, firsts, place
from board.partners.models import Partner
from board.proposals.models import Decision, Proposal
from board.proposals.states import MOVES, State
from board.voting.models import Offer, OfferKind
from board.work.models import Claim, EndReason, Package, Seat

STATES = (
    State.OPEN, State.ACCEPTED, State.BUILDING, State.PILOTING, State.AVAILABLE, State.DEFERRED, State.DECLINED,
    State.WITHDRAWN,
)  # fmt: skip
STEPS = (*(f"proposal.{verb}" for verb in MOVES), "consent.pass", "proposal.take_back")
"""The verbs that lead a proposal to another state and say to which."""
ALIVE = Proposal.state != State.MERGED
"""What became part of another proposal is counted nowhere, in no month: both of them are one."""
WEEKS = (2, 4, 6, 8, 12, 26)
"""Upper ends of the spans from proposal to decision; what took longer comes last."""
CAME = ("issue.appear",)
WENT = ("issue.link", "issue.propose", "issue.package", "issue.dismiss")


@dataclass(frozen=True)
class Row:
    """One line of a picture: a month, a span or a partner, and a number for each part."""

    name: Any
    parts: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, part: str) -> Any:
        return self.parts[part]

    @property
    def first(self) -> Any:
        """The first day of the month, for pictures by month."""
        return self.name

    @property
    def total(self) -> Any:
        """All parts together."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class Span:
    """How many decisions came that fast. `weeks`: the span's upper end, None for what took longer."""

    weeks: int | None
    n: int


@dataclass(frozen=True)
class Decided:
    """How long decisions took. `median` in days, None without any."""

    spans: tuple[Span, ...]
    median: int | None
    n: int


def by_state(months: int) -> list[Row]:
    """How many proposals stood in each state at the end of each month, counted back from what stands there now.

    One that was merged is left out, in the months before too.
    """
    begins = firsts(months)
    standing: Counter[str] = Counter()
    counted = select(Proposal.state, func.count()).where(ALIVE).group_by(Proposal.state)
    standing.update({row[0]: row[1] for row in db.session.execute(counted)})
    changes = _changes(begins)
    found = []
    for number in reversed(range(months)):
        found.append(Row(begins[number], {state.value: max(standing[state], 0) for state in STATES}))
        for (at, before, after), n in changes.items():
            if at == number:
                standing[after] -= n
                if before:
                    standing[before] += n
    return found[::-1]


def _changes(begins: Sequence[date]) -> Counter[tuple[int, str, str]]:
    """(month, state before or empty, state after) → how many; what happened earlier is left out."""
    moves = _moves(begins)
    steps = select(moves.c.month, moves.c.before, moves.c.after, func.count()).group_by(
        moves.c.month, moves.c.before, moves.c.after
    )
    found: Counter[tuple[int, str, str]] = Counter()
    for month, before, after, n in db.session.execute(steps.where(moves.c.month > EARLIER)):
        found[month, before, after] += n
    first = select(moves.c.proposal_id, moves.c.before).where(moves.c.number == 1).subquery()
    month, began = place(Proposal.created_at, begins), func.coalesce(first.c.before, Proposal.state)
    born = (
        select(month.label("month"), began.label("began"))
        .outerjoin(first, first.c.proposal_id == Proposal.id)
        .where(month > EARLIER, ALIVE)
        .subquery()
    )
    births = select(born.c.month, born.c.began, func.count()).group_by(born.c.month, born.c.began)
    for at, state, n in db.session.execute(births):
        found[at, "", state] += n
    return found


def _moves(begins: Sequence[date]) -> Any:
    """Every step that the log knows: of which proposal, in which month, from where to where; numbered for each."""
    after = Activity.details["to"].as_string()
    order: dict[str, Any] = {"partition_by": Activity.proposal_id, "order_by": Activity.id}
    fallback = case(
        *((Activity.verb == f"proposal.{verb}", literal(sources[0].value)) for verb, (sources, _to) in MOVES.items()),
        else_=literal(State.OPEN.value),
    )
    return (
        select(
            Activity.proposal_id,
            place(Activity.at, begins).label("month"),
            func.coalesce(func.lag(after).over(**order), fallback).label("before"),
            after.label("after"),
            func.row_number().over(**order).label("number"),
        )
        .join(Proposal, and_(Proposal.id == Activity.proposal_id, ALIVE))
        .where(Activity.verb.in_(STEPS), after.is_not(None))
        .subquery()
    )


def decided() -> Decided:
    """From proposal to the first decision on it, in spans of weeks; imported proposals have no such time."""
    earliest = select(Decision.proposal_id, func.min(Decision.decided_on).label("on")).where(
        Decision.taken_back_at.is_(None)
    )
    first = earliest.group_by(Decision.proposal_id).subquery()
    days = _days(first.c.on, Proposal.created_at)
    took = (
        select(days.label("days"))
        .select_from(first)
        .join(Proposal, and_(Proposal.id == first.c.proposal_id, Proposal.imported.is_(False), ALIVE))
        .subquery()
    )
    span = case(*((took.c.days <= weeks * 7, literal(weeks)) for weeks in WEEKS), else_=literal(0))
    spanned = select(span.label("weeks")).subquery()
    counts = select(spanned.c.weeks, func.count()).group_by(spanned.c.weeks)
    counted = {row[0]: row[1] for row in db.session.execute(counts)}
    total = sum(counted.values())
    middle = select(took.c.days).order_by(took.c.days).offset((total - 1) // 2 if total else 0).limit(1)
    median = db.session.scalar(middle) if total else None
    spans = tuple(Span(weeks or None, counted.get(weeks, 0)) for weeks in (*WEEKS, 0))
    return Decided(spans, None if median is None else max(int(median), 0), total)


def _days(on: Any, created_at: Any) -> ColumnElement[int]:
    if on_postgres():
        days: ColumnElement[int] = on - cast(created_at, Date)
        return days
    return func.julianday(on) - func.julianday(func.date(created_at))


def by_partner() -> list[Row]:
    """Person-days that each partner offers beside its ballots, has claimed, and has done; most first.

    A supporter takes the days it gives, the lead what it gives or else the rest of the effort: nothing counts twice.
    """
    found: dict[int, dict[str, Decimal]] = {}
    offers = (
        select(Offer.partner_id, func.sum(Offer.days))
        .join(Proposal, and_(Proposal.id == Offer.proposal_id, ALIVE))
        .where(Offer.kind == OfferKind.DAYS, Offer.withdrawn_at.is_(None))
    )
    for partner_id, days in db.session.execute(offers.group_by(Offer.partner_id)):
        found.setdefault(partner_id, {})["offered"] = Decimal(days or 0)
    for partner_id, done, days in db.session.execute(_taken()):
        found.setdefault(partner_id, {})["done" if done else "claimed"] = Decimal(days or 0)
    names = {
        row.id: (row.name, row.slug)
        for row in db.session.execute(select(Partner.id, Partner.name, Partner.slug).where(Partner.id.in_(found)))
    }
    rows = [
        Row(names[i], {part: days.get(part, Decimal(0)) for part in ("offered", "claimed", "done")})
        for i, days in found.items()
        if sum(days.values())
    ]
    return sorted(rows, key=lambda row: (-row.total, row.name))


def _taken() -> Any:
    on_record = or_(Claim.ended_at.is_(None), Claim.end_reason == EndReason.DONE)
    given = (
        select(Claim.package_id, func.sum(Claim.days).label("days"))
        .where(Claim.seat == Seat.SUPPORT, on_record)
        .group_by(Claim.package_id)
        .subquery()
    )
    rest = func.coalesce(Package.effort, 0) - func.coalesce(given.c.days, 0)
    days = case(
        (Claim.days.is_not(None), Claim.days),
        (Claim.seat == Seat.SUPPORT, literal(0)),
        (rest > 0, rest),
        else_=literal(0),
    )
    done = Claim.ended_at.is_not(None)
    return (
        select(Claim.partner_id, done, func.sum(days))
        .join(Package, Package.id == Claim.package_id)
        .outerjoin(given, given.c.package_id == Claim.package_id)
        .where(on_record)
        .group_by(Claim.partner_id, done)
    )


def issues(months: int) -> list[Row]:
    """How many issues came into the inbox each month, and how many were linked, turned into work or dismissed."""
    begins = firsts(months)
    month = place(Activity.at, begins)
    came = case((Activity.verb.in_(CAME), literal(1)), else_=literal(0))
    which = Activity.details["issue"].as_integer()
    sorted_ = and_(Activity.verb == "issue.sort", Activity.details["to"].as_string().is_not(None))
    rows = (
        select(month.label("month"), came.label("came"), func.count(which.distinct()))
        .where(or_(Activity.verb.in_((*CAME, *WENT)), sorted_), month > EARLIER)
        .group_by("month", "came")
    )
    found = {(at, bool(came)): n for at, came, n in db.session.execute(rows)}
    return [
        Row(first, {"came": found.get((n, True), 0), "went": found.get((n, False), 0)})
        for n, first in enumerate(begins)
    ]
