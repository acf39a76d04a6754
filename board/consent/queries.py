"""Every way to read consents: what a partner can still object to, and which objections were made."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from board.accounts.models import Person
from board.consent.models import Objection
from board.db import db
from board.i18n import last_day, spoken
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal

SHOWN = 20


@dataclass(frozen=True)
class Running:
    """A proposal in consent: the last day to object."""

    id: int
    title: str
    last: date


@dataclass(frozen=True)
class Objected:
    """One objection as signed-in readers see it."""

    partner: str
    slug: str
    reason: str
    at: datetime
    person: str


def running(limit: int = SHOWN, only: Collection[int] | None = None) -> list[Running]:
    """The consents that run, the next to end first; `only`: those of these proposals."""
    chosen = () if only is None else (Proposal.id.in_(only),)
    rows = db.session.execute(
        select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.consent_until)
        .where(Proposal.consent_until.is_not(None), *chosen)
        .order_by(Proposal.consent_until, Proposal.id)
        .limit(limit)
    )
    return [Running(r.id, spoken(r.title, r.title_en), last_day(r.consent_until)) for r in rows]


def objections(proposal_id: int, by: Actor) -> list[Objected]:
    """Who objected and why, for signed-in readers; nothing of it for others."""
    if not by.signed_in:
        return []
    rows = db.session.execute(
        select(Partner.name, Partner.slug, Objection.reason, Objection.at, Person.name.label("person"))
        .join(Partner, Partner.id == Objection.partner_id)
        .outerjoin(Person, Person.id == Objection.person_id)
        .where(Objection.proposal_id == proposal_id)
        .order_by(Objection.id)
    )
    return [Objected(r.name, r.slug, r.reason, r.at, r.person or "") for r in rows]


def for_state(proposal: Any, by: Actor) -> dict[str, Any]:
    """What the part of a proposal's state shows: whether a consent runs, and who objected before."""
    last = last_day(proposal.consent_until) if proposal.consent_until else None
    return {"consent": last, "objections": objections(proposal.id, by)}
