"""Every way to read estimates: those of a proposal with their range, and those that ask their author again."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from board.accounts.models import Person
from board.db import db, fenced
from board.estimates.effort import Range, range_of
from board.estimates.models import Estimate
from board.i18n import spoken, today
from board.partners.models import Partner, hue
from board.policy import Actor, allowed
from board.proposals.models import Proposal
from board.proposals.queries import Sign
from board.proposals.states import State

ASKED = (State.OPEN, State.DEFERRED, State.ACCEPTED, State.BUILDING)
"""Where an estimate still matters: an expired one asks its author."""


@dataclass(frozen=True)
class Line:
    """An estimate as it is shown; `person` for signed-in readers only."""

    id: int
    author: str
    partner: Sign | None
    low: int
    high: int
    text: str
    html: str
    valid_until: date
    made_at: datetime
    version: int
    may: bool
    person: str = ""

    @property
    def valid(self) -> bool:
        """Whether it stands today."""
        return self.valid_until >= today()


@dataclass(frozen=True)
class Estimates:
    """All that stand for a proposal; `range` is that of the valid ones (of all where none is valid any more)."""

    proposal_id: int
    lines: tuple[Line, ...]

    @property
    def valid(self) -> tuple[Line, ...]:
        """Those that stand today."""
        return tuple(line for line in self.lines if line.valid)

    @property
    def range(self) -> Range:
        """Person-days, from the lowest low to the highest high."""
        return range_of(self.valid or self.lines)


def of_proposal(proposal_id: int, by: Actor) -> Estimates:
    """The estimates that stand for a proposal (withdrawn ones are left out), the newest first: one statement."""
    rows = db.session.execute(
        select(Estimate, Person.name.label("person"))
        .add_columns(Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags)
        .outerjoin(Partner, Partner.id == Estimate.partner_id)
        .outerjoin(Person, Person.id == Estimate.person_id)
        .where(Estimate.proposal_id == proposal_id, Estimate.withdrawn_at.is_(None))
        .order_by(Estimate.changed_at.desc(), Estimate.id.desc())
    )
    return Estimates(proposal_id, tuple(_line(row, by) for row in rows))


def valid(proposal_id: int, by: Actor) -> tuple[tuple[Line, ...], Range]:
    """(valid estimates, their range) of a proposal: for decision sheets and roadmaps; Range() without any."""
    found = of_proposal(proposal_id, by)
    return found.valid, range_of(found.valid)


def _line(row: Any, by: Actor) -> Line:
    estimate: Estimate = row.Estimate
    sign = Sign(row.partner_id, row.slug, row.name, row.sign, hue(row.ags or row.slug)) if row.partner_id else None
    return Line(
        id=estimate.id, author=row.name or estimate.provider, partner=sign, low=estimate.low, high=estimate.high,
        text=estimate.text, html=estimate.html, valid_until=estimate.valid_until, made_at=estimate.changed_at,
        version=estimate.version, may=allowed(by, "estimate.edit", estimate),
        person=(row.person or "") if by.signed_in else "",
    )  # fmt: skip


@dataclass(frozen=True)
class Expired:
    """An estimate that asks its author: is it still right?"""

    id: int
    proposal_id: int
    title: str
    author: str
    valid_until: date


def expired(partner_id: int | None, *, providers: bool = False, limit: int = 8) -> list[Expired]:
    """What a partner (and, with `providers`, the product owners) must estimate anew, the oldest first."""
    mine = [Estimate.partner_id == partner_id] if partner_id is not None else []
    if providers:
        mine.append(Estimate.partner_id.is_(None))
    if not mine:
        return []
    asked = fenced(Proposal.state.in_(ASKED))  # Who is asked is looked up, not what is open.
    rows = db.session.execute(
        select(Estimate.id, Estimate.proposal_id, Estimate.provider, Estimate.valid_until)
        .add_columns(Proposal.title, Proposal.title_en, Partner.name)
        .join(Proposal, Proposal.id == Estimate.proposal_id)
        .outerjoin(Partner, Partner.id == Estimate.partner_id)
        .where(or_(*mine), Estimate.withdrawn_at.is_(None), Estimate.valid_until < today(), asked)
        .order_by(Estimate.valid_until, Estimate.id)
        .limit(limit)
    )
    return [
        Expired(r.id, r.proposal_id, spoken(r.title, r.title_en), r.name or r.provider, r.valid_until) for r in rows
    ]
