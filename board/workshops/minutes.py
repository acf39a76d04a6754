"""What the minutes hold: gathered once when a workshop closes, once more when its late answers have come; and read."""

from copy import deepcopy
from typing import Any

from sqlalchemy import select

from board.activity.models import Activity
from board.db import db, now
from board.errors import Missing
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal
from board.reuse.old import is_old
from board.voting import companions, queries, voices
from board.voting.models import Ballot, Reuse
from board.voting.shapes import Coalition
from board.work.models import Package
from board.workshops.models import AgendaItem, Attendance, Draft, ItemKind, Minutes, Workshop

Data = dict[str, Any]


def frozen(workshop: Workshop, items: list[AgendaItem], by: Actor) -> Data:
    """Everything as it stands at this moment: plain texts and numbers, partners by name and address, no person."""
    db.session.flush()
    here = select(Attendance.partner_id).where(Attendance.workshop_id == workshop.id)
    there = set(db.session.scalars(here))
    voting = _partners(Partner.votes, Partner.paused_at.is_(None))
    return {
        "title": workshop.title, "held_on": workshop.held_on.isoformat(), "begins": workshop.begins,
        "place": workshop.place,
        "closed_at": (workshop.closed_at or now()).isoformat(),
        "late_until": workshop.late_until.isoformat() if workshop.late_until else None,
        "present": [_name(p) for p in _partners(Partner.id.in_(there))],
        "absent": [_name(p) for p in voting if p.id not in there],
        "items": [_item(item, workshop, by) for item in items],
    }  # fmt: skip


def late(workshop: Workshop) -> list[Data]:
    """The ballots cast between closing and the stated hour on what was on the agenda: the last word of each partner."""
    if workshop.closed_at is None or workshop.late_until is None:
        return []
    mine = select(AgendaItem.proposal_id).where(AgendaItem.workshop_id == workshop.id, AgendaItem.kind == ItemKind.VOTE)
    rows = db.session.execute(
        select(Activity.at, Activity.proposal_id, Activity.details, Partner.slug, Partner.name, Proposal.title)
        .add_columns(Ballot.choice, Ballot.reason)
        .join(Partner, Partner.id == Activity.about_id)
        .join(Proposal, Proposal.id == Activity.proposal_id)
        .outerjoin(Ballot, (Ballot.proposal_id == Activity.proposal_id) & (Ballot.partner_id == Activity.about_id))
        .where(
            Activity.verb.in_(("ballot.cast", "ballot.withdraw")),
            Activity.proposal_id.in_(mine),
            Activity.at > workshop.closed_at,
            Activity.at <= workshop.late_until,
        )
        .order_by(Activity.id)
    )
    last: dict[tuple[int, str], Data] = {}
    for row in rows:
        choice = (row.details or {}).get("to")
        last[row.proposal_id, row.slug] = {
            "key": f"FV-{row.proposal_id}", "title": row.title, "slug": row.slug, "partner": row.name,
            "choice": choice or "", "reason": row.reason if choice and choice == row.choice else "",
            "at": row.at.isoformat(),
        }  # fmt: skip
    return list(last.values())


def kept(workshop_id: int) -> tuple[dict[str, Any], list[dict[str, Any]], bool]:
    """(what was frozen, the late answers, whether those are frozen too). Raises Missing before the workshop closes."""
    parts = {
        m.part: deepcopy(m.data) for m in db.session.scalars(select(Minutes).where(Minutes.workshop_id == workshop_id))
    }
    if "closing" not in parts:
        raise Missing(_("There are no minutes of this workshop yet."))
    _take_back(parts)
    if "late" in parts:
        return parts["closing"], parts["late"]["ballots"], True
    return parts["closing"], late(db.session.get_one(Workshop, workshop_id)), False


def _take_back(parts: dict[str, dict[str, Any]]) -> None:
    """The words of an issue that has become confidential since are shown no more, frozen or not."""
    rows = [*parts["closing"]["items"], *parts.get("late", {}).get("ballots", [])]
    ids = {int(row["key"][3:]) for row in rows if row.get("key")}
    withheld = ("proposal.withhold", "package.withhold")
    told = select(Activity.proposal_id, Activity.package_id).where(
        Activity.verb.in_(withheld), Activity.proposal_id.in_(ids) | Activity.package_id.in_(ids)
    )
    gone = {f"AP-{r.package_id}" if r.package_id else f"FV-{r.proposal_id}" for r in db.session.execute(told)}
    for row in rows:
        if row.get("key") in gone:
            model = Package if row["key"].startswith("AP") else Proposal
            row["title"] = db.session.scalar(select(model.title).where(model.id == int(row["key"][3:])))
            row.update({name: "" for name in ("question", "title_en") if name in row})


def _partners(*where: Any) -> list[Partner]:
    return list(db.session.scalars(select(Partner).where(*where).order_by(Partner.search)))


def _name(partner: Any) -> Data:
    return {"slug": partner.slug, "name": partner.name}


def _item(item: AgendaItem, workshop: Workshop, by: Actor) -> Data:
    gather = {ItemKind.VOTE: _vote, ItemKind.PACKAGE: _package, ItemKind.STALE: _stale, ItemKind.TALK: _talk}
    return {"kind": item.kind} | gather[ItemKind(item.kind)](item, workshop, by)


def _subject(proposal_id: int | None) -> Data:
    row = db.session.execute(
        select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.summary, Proposal.state).where(
            Proposal.id == proposal_id
        )
    ).one()
    return {
        "key": f"FV-{row.id}", "title": row.title, "title_en": row.title_en, "question": row.summary,
        "state": row.state,
    }  # fmt: skip


def _vote(item: AgendaItem, workshop: Workshop, by: Actor) -> Data:
    """The question, who said what and why, who offers what, and who has not answered."""
    proposal = queries.get(item.proposal_id or 0)
    tally = queries.tally(proposal)
    told = voices.everybody(proposal, by)
    waiting = db.session.execute(
        select(Draft.choice, Partner.slug, Partner.name)
        .join(Partner, Partner.id == Draft.partner_id)
        .where(Draft.workshop_id == workshop.id, Draft.proposal_id == proposal.id, Draft.settled_at.is_(None))
        .order_by(Partner.search)
    )
    return _subject(proposal.id) | {
        "tally": {
            "for": tally.n_for, "against": tally.n_against, "abstain": tally.n_abstain, "missing": tally.missing,
            "total": tally.total,
        },
        "ballots": [
            _name(v.partner) | {"choice": v.choice, "reason": v.reason, "at": v.cast_at.isoformat()}
            for v in told.voices if v.counted
        ],
        "silent": [_name(p) for p in told.silent],
        "drafts": [{"slug": d.slug, "name": d.name, "choice": d.choice} for d in waiting],
        **_offers(companions.everybody(proposal, by)),
    }  # fmt: skip


def _offers(coalition: Coalition) -> Data:
    return {
        "offers": [
            _name(c.partner) | {"kind": o.kind, "days": o.days, "confirmed": o.confirmed_on is not None}
            for c in coalition.companions for o in c.offers
        ],
        "conditions": [
            _name(c.partner) | {
                "text": c.condition, "reserved": c.reserved, "body": c.reserved_body,
                "on": c.reserved_on.isoformat() if c.reserved_on else None,
            }
            for c in coalition.companions if c.condition or c.reserved
        ],
    }  # fmt: skip


def _package(item: AgendaItem, _workshop: Workshop, _by: Actor) -> Data:
    row = db.session.execute(
        select(Package.id, Package.title, Package.state, Package.effort, Partner.slug, Partner.name)
        .outerjoin(Partner, Partner.id == Package.lead_partner_id)
        .where(Package.id == item.package_id)
    ).one()
    lead = {"slug": row.slug, "name": row.name} if row.slug else None
    effort = float(row.effort) if row.effort else None
    return {"key": f"AP-{row.id}", "title": row.title, "state": row.state, "effort": effort, "lead": lead}


def _stale(item: AgendaItem, _workshop: Workshop, _by: Actor) -> Data:
    """The entries on its reuse: which of them nobody has confirmed for six months."""
    rows = db.session.execute(
        select(Reuse.status, Reuse.confirmed_on, Partner.slug, Partner.name, is_old().label("old"))
        .join(Partner, Partner.id == Reuse.partner_id)
        .where(Reuse.proposal_id == item.proposal_id)
        .order_by(Partner.search)
    )
    entries = [
        {
            "slug": r.slug, "name": r.name, "status": r.status, "old": bool(r.old),
            "on": r.confirmed_on.isoformat() if r.confirmed_on else None,
        }
        for r in rows
    ]  # fmt: skip
    return _subject(item.proposal_id) | {"entries": entries}


def _talk(item: AgendaItem, _workshop: Workshop, _by: Actor) -> Data:
    partner = db.session.get(Partner, item.partner_id) if item.partner_id else None
    return {"title": item.title, "url": item.url, "partner": _name(partner) if partner else None}
