"""What the roadmap shows, added up with each change: its cost does not grow with the number of proposals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, or_, select, union_all

from board.db import db
from board.i18n import spoken, today
from board.milestones.models import Milestone
from board.milestones.queries import milestones
from board.partners.models import Partner, hue
from board.proposals.ahead import STATES
from board.proposals.models import Proposal
from board.proposals.slips import AHEAD, sums
from board.proposals.states import State
from board.voting.models import Offer, OfferKind
from board.work.cards import Body
from board.work.dependencies import blocked
from board.work.models import Claim, Package, PackageState, Seat

SHOWN = 12
TOGETHER = 200
"""So many lookups go into one statement: SQLite takes 500."""
MOST_AT_RISK = 50


@dataclass(frozen=True)
class Line:
    """A proposal on the roadmap. Days are person-days; `estimated`: the effort is an estimate, not packages' sum."""

    id: int
    title: str
    state: str
    vote_by: date | None
    effort: Decimal
    estimated: bool
    pledged: int
    packages: int = 0
    done: int = 0
    free: int = 0
    waiting: int = 0
    held: int = 0
    carriers: tuple[Body, ...] = ()


@dataclass(frozen=True)
class Step:
    """A package that is planned for another milestone than its proposal."""

    id: int
    title: str
    state: str
    proposal_id: int


@dataclass
class Section:
    """A milestone (None: what is planned for none) and what is to come by then, by state and altogether."""

    id: int | None
    name: str
    due_on: date | None
    ended: bool
    states: dict[str, int] = field(default_factory=dict)
    effort: Decimal = Decimal(0)
    pledged: int = 0
    lines: list[Line] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many proposals."""
        return sum(self.states.values())

    @property
    def late(self) -> bool:
        """Whether its day has passed while something is still to come."""
        return not self.ended and self.due_on is not None and self.due_on < today() and self.total > 0


@dataclass(frozen=True)
class Risk:
    """A package that loses its lead before it is due, because its funding ends. `due`: None when not known."""

    id: int
    title: str
    partner: Body
    funded_until: date
    due: date | None


def sections() -> list[Section]:
    """Every milestone that goes on or has something to come, the next one first; then what is planned for none."""
    found: dict[int | None, Section] = {
        goal.id: Section(goal.id, goal.name, goal.due_on, goal.ended) for goal in milestones()
    }
    found[None] = Section(None, "", None, False)
    for one in sums(AHEAD):
        milestone_id = one.place or None
        section = found.setdefault(milestone_id, Section(milestone_id, f"#{milestone_id}", None, True))
        section.states[one.state] = one.n
        section.pledged += one.days
        section.effort += Decimal(one.effort) / 10
    for milestone_id, line in _lines(found.values()):
        found[milestone_id].lines.append(line)
    for milestone_id, step in _steps():
        found[milestone_id].steps.append(step)
    return [section for section in found.values() if section.total or section.steps or _goes_on(section)]


def _goes_on(section: Section) -> bool:
    return section.id is not None and not section.ended


def _work() -> Any:
    """Each proposal's packages, added up."""
    done = Package.state == PackageState.DONE
    return (
        select(
            Package.proposal_id,
            func.sum(Package.effort).label("effort"),
            func.count().label("n"),
            func.sum(case((done, 1), else_=0)).label("done"),
            func.sum(case((Package.state == PackageState.OPEN, 1), else_=0)).label("free"),
            func.sum(case((Package.held_at.is_not(None), 1), else_=0)).label("held"),
            func.sum(case((and_(~done, blocked()), 1), else_=0)).label("waiting"),
        )
        .where(Package.merged_into_id.is_(None))
        .group_by(Package.proposal_id)
    )


def _lines(sections_: Iterable[Section]) -> list[tuple[int | None, Line]]:
    """The first proposals of each milestone, those that are furthest first."""
    rank = case(*((Proposal.state == state, n) for n, state in enumerate(STATES)), else_=len(STATES))
    rows = db.session.execute(
        select(
            Proposal.id, Proposal.title, Proposal.title_en, Proposal.state, Proposal.vote_by, Proposal.milestone_id,
            Proposal.effort_high, Proposal.days_offered,
        )
        .where(Proposal.id.in_(_first(sections_)))
        .order_by(rank, Proposal.vote_by.nulls_last(), Proposal.id)
    ).all()  # fmt: skip
    ids = [row.id for row in rows]
    work = {row.proposal_id: row for row in db.session.execute(_work().where(Package.proposal_id.in_(ids)))}
    carriers = _carriers(ids)
    return [(row.milestone_id, _line(row, work.get(row.id), carriers.get(row.id, ()))) for row in rows]


def _first(sections_: Iterable[Section]) -> list[int]:
    """Their ids: from the index of the order, as many of each state as there are and are shown."""
    parts: list[Any] = []
    for section in sections_:
        left = SHOWN
        for state in STATES:
            if many := min(section.states.get(state, 0), left):
                parts.append(_some(section.id, state, many))
                left -= many
    return [
        number
        for start in range(0, len(parts), TOGETHER)
        for number in db.session.scalars(union_all(*parts[start : start + TOGETHER]))
    ]


def _some(milestone_id: int | None, state: State, many: int) -> Any:
    planned = Proposal.milestone_id.is_(None) if milestone_id is None else Proposal.milestone_id == milestone_id
    some = select(Proposal.id).where(Proposal.state == state, planned)
    return select(some.order_by(Proposal.vote_by.nulls_last(), Proposal.id).limit(many).subquery().c.id)


def _line(row: Any, work: Any, carriers: tuple[Body, ...]) -> Line:
    summed = Decimal(work.effort) if work is not None and work.effort is not None else None
    line = Line(
        id=row.id, title=spoken(row.title, row.title_en), state=row.state, vote_by=row.vote_by,
        effort=Decimal(row.effort_high) if summed is None else summed, estimated=summed is None,
        pledged=row.days_offered, carriers=carriers,
    )  # fmt: skip
    if work is None:
        return line
    return Line(**{**vars(line), "packages": work.n, "done": work.done, "free": work.free, "held": work.held,
                   "waiting": work.waiting})  # fmt: skip


def _carriers(ids: Sequence[int]) -> dict[int, tuple[Body, ...]]:
    """Who leads each proposal or one of its packages; each partner once."""
    columns = (Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags)
    offered = (
        select(Offer.proposal_id, *columns)
        .join(Partner, Partner.id == Offer.partner_id)
        .where(Offer.proposal_id.in_(ids), Offer.kind == OfferKind.LEAD, Offer.withdrawn_at.is_(None))
    )
    leading = (
        select(Package.proposal_id, *columns)
        .join(Claim, and_(Claim.package_id == Package.id, Claim.seat == Seat.LEAD, Claim.ended_at.is_(None)))
        .join(Partner, Partner.id == Claim.partner_id)
        .where(Package.proposal_id.in_(ids))
    )
    found: dict[int, dict[int, Body]] = {}
    for query in (offered.order_by(Offer.id), leading.order_by(Claim.id)):
        for proposal_id, number, slug, name, sign, ags in db.session.execute(query):
            found.setdefault(proposal_id, {})[number] = Body(number, slug, name, sign, hue(ags or slug))
    return {proposal_id: tuple(bodies.values()) for proposal_id, bodies in found.items()}


def _steps() -> list[tuple[int, Step]]:
    rows = db.session.execute(
        select(Package.id, Package.title, Package.state, Package.proposal_id, Package.milestone_id)
        .join(Proposal, Proposal.id == Package.proposal_id)
        .where(
            Package.milestone_id > 0,  # So its index is asked; IS NOT NULL would read all packages on SQLite.
            Package.merged_into_id.is_(None),
            Package.state != PackageState.DONE,
            Package.milestone_id.is_distinct_from(Proposal.milestone_id),
        )
        .order_by(Package.milestone_id, Package.id)
        .limit(200)
    )
    return [(row.milestone_id, Step(row.id, row.title, row.state, row.proposal_id)) for row in rows]


def at_risk() -> list[Risk]:
    """Packages under way whose lead's funding ends before they are due (at all, when nobody says when they are)."""
    due = func.coalesce(Package.due_on, Milestone.due_on)
    rows = db.session.execute(
        select(Package.id, Package.title, Partner.funded_until, due.label("due"))
        .add_columns(Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags)
        .join(Partner, Partner.id == Package.lead_partner_id)
        .join(Proposal, Proposal.id == Package.proposal_id)
        .outerjoin(Milestone, Milestone.id == func.coalesce(Package.milestone_id, Proposal.milestone_id))
        .where(
            Package.state.in_((PackageState.CLAIMED, PackageState.IN_PROGRESS, PackageState.REVIEW)),
            Partner.funded_until.is_not(None),
            or_(due.is_(None), due > Partner.funded_until),
        )
        .order_by(Partner.funded_until, Package.id)
        .limit(MOST_AT_RISK)
    )
    return [
        Risk(row.id, row.title, Body(row.partner_id, row.slug, row.name, row.sign, hue(row.ags or row.slug)),
             row.funded_until, row.due)
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Day:
    """A day for calendars: of a milestone, or until which an answer to a proposal is asked for."""

    uid: str
    on: date
    title: str
    path: str
    changed_at: Any
    sequence: int


def days(limit: int = 1000) -> tuple[list[Day], list[Day]]:
    """Milestones that go on and have a day, and answer-by dates of open proposals that have not passed for long."""
    goals = select(Milestone).where(Milestone.due_on.is_not(None), Milestone.ended_at.is_(None))
    ahead = [
        Day(f"milestone-{m.id}", m.due_on, m.name, f"/roadmap#milestone-{m.id}", m.created_at, m.version)
        for m in db.session.scalars(goals.order_by(Milestone.due_on, Milestone.id).limit(limit))
        if m.due_on
    ]
    rows = db.session.execute(
        select(
            Proposal.id, Proposal.title, Proposal.title_en, Proposal.vote_by, Proposal.active_at, Proposal.text_version
        )
        .where(Proposal.state == State.OPEN, Proposal.vote_by >= today())
        .order_by(Proposal.vote_by, Proposal.id)
        .limit(limit)
    )
    asked = [
        Day(f"answer-{r.id}", r.vote_by, f"FV-{r.id} {spoken(r.title, r.title_en)}", f"/proposals/FV-{r.id}",
            r.active_at, r.text_version)
        for r in rows
    ]  # fmt: skip
    return ahead, asked
