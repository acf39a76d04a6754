"""What the pictures show, counted by the database: a few rows come back, however many proposals there are."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select

from board.activity.models import Activity
from board.db import db, run
from board.figures.months import EARLIER, firsts, place
from board.partners.models import Partner
from board.proposals.counts import ProposalCount
from board.proposals.models import Proposal
from board.proposals.slips import MONTH, TOOK, sums
from board.proposals.states import State
from board.voting.models import Offer, OfferKind
from board.work.models import Claim, EndReason, Package, Seat

STATES = (
    State.OPEN, State.ACCEPTED, State.BUILDING, State.PILOTING, State.AVAILABLE, State.DEFERRED, State.DECLINED,
    State.WITHDRAWN,
)  # fmt: skip
ALIVE = Proposal.state != State.MERGED
"""What became part of another proposal is counted nowhere, in no month: both of them are one."""
WEEKS = (2, 4, 6, 8, 12, 26)
"""Upper ends of the spans from proposal to decision; what took longer comes last."""
_STANDING = (
    select(ProposalCount.state, func.sum(ProposalCount.n))
    .where(ProposalCount.state != State.MERGED)
    .group_by(ProposalCount.state)
)
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
    first = begins[0].year * 12 + begins[0].month - 1
    standing = Counter({row[0]: int(row[1]) for row in run(_STANDING)})
    came: dict[int, Counter[str]] = {}
    for one in sums(MONTH, first):
        came.setdefault(min(one.place - first, months - 1), Counter())[one.state] += one.n
    found = []
    for number in reversed(range(months)):
        found.append(Row(begins[number], {state.value: max(standing[state], 0) for state in STATES}))
        standing.subtract(came.get(number, {}))
    return found[::-1]


def decided() -> Decided:
    """From proposal to the first decision on it, in spans of weeks; imported proposals have no such time."""
    counted = {one.place: one.n for one in sums(TOOK)}
    total, n, median = sum(counted.values()), 0, None
    for days in sorted(counted):
        n += counted[days]
        if median is None and 2 * n >= total:
            median = max(days, 0)
    each: Counter[int | None] = Counter()
    for days, many in counted.items():
        each[next((weeks for weeks in WEEKS if days <= weeks * 7), None)] += many
    return Decided(tuple(Span(weeks, each[weeks]) for weeks in (*WEEKS, None)), median, total)


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
