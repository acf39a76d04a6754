"""What stands on a sheet, as plain data: read from the board, kept with a decision, shown by page and Markdown alike.

All of it is JSON: days as 2027-03-12. No person is named. What of it a reader may see is cut in `queries.shown`.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from board.consent.models import Objection
from board.db import db
from board.decisions.models import Briefing
from board.estimates import queries as estimates
from board.i18n import day_of
from board.partners.models import Electorate, Partner
from board.policy import ANONYMOUS
from board.proposals.models import Proposal
from board.voting.models import Ballot, Condition, Offer, OfferKind
from board.work.models import Package

Content = dict[str, Any]
ORDER = {kind.value: n for n, kind in enumerate(OfferKind)}


def collect(proposal: Proposal) -> Content:
    """Everything on the sheet of this proposal but its own words, as it stands now."""
    total = proposal.electorate_size
    if total is None:
        total = db.session.get_one(Electorate, Electorate.ONLY).size
    conditions = _conditions(proposal.id)
    found, effort = estimates.valid(proposal.id, ANONYMOUS)
    briefing = db.session.get(Briefing, proposal.id, populate_existing=True)
    return {
        "tally": {
            "for": proposal.n_for, "against": proposal.n_against, "abstain": proposal.n_abstain, "total": total,
        },
        "ballots": _ballots(proposal.id),
        "absent": _absent(proposal.id),
        "objections": _objections(proposal.id),
        "conditions": conditions,
        "reservations": reservations(conditions),
        "offers": _offers(proposal.id),
        "estimates": [
            {"author": e.author, "low": e.low, "high": e.high, "until": e.valid_until.isoformat()} for e in found
        ],
        "effort": {"low": effort.low, "high": effort.high, "wide": effort.wide} if found else None,
        "packages": _packages(proposal.id),
        "questions": briefing.questions if briefing else "",
        "recommendation": briefing.recommendation if briefing else "",
    }  # fmt: skip


def reservations(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    """How many committees have yet to sit, how many of them have no date, and by when all of the others have."""
    open_ones = [c for c in conditions if c["reserved"]]
    days = [c["on"] for c in open_ones if c["on"]]
    return {"open": len(open_ones), "undated": len(open_ones) - len(days), "by": max(days, default=None)}


def _ballots(proposal_id: int) -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(Partner.name, Ballot.choice, Ballot.reason, Ballot.counted)
        .join(Partner, Partner.id == Ballot.partner_id)
        .where(Ballot.proposal_id == proposal_id)
        .order_by(Partner.search)
    )
    return [{"partner": r.name, "choice": r.choice, "reason": r.reason, "counted": r.counted} for r in rows]


def _absent(proposal_id: int) -> list[str]:
    """The names of the partners that vote and have no ballot here."""
    cast = select(Ballot.id).where(Ballot.proposal_id == proposal_id, Ballot.partner_id == Partner.id).exists()
    rows = select(Partner.name).where(Partner.votes, Partner.paused_at.is_(None), ~cast).order_by(Partner.search)
    return list(db.session.scalars(rows))


def _objections(proposal_id: int) -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(Partner.name, Objection.reason, Objection.at)
        .join(Partner, Partner.id == Objection.partner_id)
        .where(Objection.proposal_id == proposal_id)
        .order_by(Objection.id)
    )
    return [{"partner": r.name, "reason": r.reason, "on": day_of(r.at).isoformat()} for r in rows]


def _conditions(proposal_id: int) -> list[dict[str, Any]]:
    rows = db.session.execute(
        select(Partner.name, Condition)
        .join(Partner, Partner.id == Condition.partner_id)
        .where(Condition.proposal_id == proposal_id)
        .order_by(Partner.search)
    )
    return [
        {
            "partner": r.name, "text": r.Condition.text, "reserved": r.Condition.reserved,
            "body": r.Condition.reserved_body, "on": _iso(r.Condition.reserved_on),
        }
        for r in rows
    ]  # fmt: skip


def _offers(proposal_id: int) -> list[dict[str, Any]]:
    """Leaders first; confirmed by which body on which day, or only declared (`on` is None)."""
    rows = db.session.execute(
        select(Partner.name, Offer.kind, Offer.days, Offer.confirmed_body, Offer.confirmed_on)
        .join(Partner, Partner.id == Offer.partner_id)
        .where(Offer.proposal_id == proposal_id, Offer.withdrawn_at.is_(None))
        .order_by(Partner.search)
    )
    found = [
        {
            "partner": r.name, "kind": r.kind, "days": r.days, "body": r.confirmed_body if r.confirmed_on else "",
            "on": _iso(r.confirmed_on),
        }
        for r in rows
    ]  # fmt: skip
    return sorted(found, key=lambda offer: ORDER[offer["kind"]])


def _packages(proposal_id: int) -> list[dict[str, Any]]:
    """By number; their titles are read anew when they are shown, since an issue's words may have to go."""
    rows = db.session.execute(
        select(Package.id, Package.effort, Package.state, Partner.name)
        .outerjoin(Partner, Partner.id == Package.lead_partner_id)
        .where(Package.proposal_id == proposal_id)
        .order_by(Package.id)
    )
    return [
        {
            "id": r.id,
            "effort": None if r.effort is None else float(r.effort),
            "state": r.state,
            "lead": r.name or "",
        }
        for r in rows
    ]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
