"""The rows of each set of data, as strangers may see them, batch by batch in the order of their ids.

A batch costs the same few statements however many rows there are. Responsible people, contacts, and who voted how
stand in no column. Partners are named by their slug, which is their address under /partners.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from board.db import db
from board.i18n import last_day
from board.milestones.models import Milestone
from board.partners.models import Electorate, Partner
from board.proposals.models import Decision, Proposal, ProposalBuilder, ProposalLink, Topic
from board.proposals.records import DecisionRecord
from board.proposals.states import State
from board.reuse.old import is_old
from board.variants.models import Variant
from board.voting.models import Offer, OfferKind, Reuse
from board.work.models import Claim, Dependency, Package, PackageLink, PackageSkill, Seat

Value = str | int | bool | Decimal | date | datetime | list[str] | list[dict[str, str]] | None
Row = dict[str, Value]
Batch = list[tuple[int, Row]]
"""(id, row): the id is where the next batch begins behind."""


WORDS = ("title", "title_en", "summary", "summary_en", "text", "text_en")
"""Left empty where a proposal has become part of another: its page leads there and shows them no more."""


def proposals(after: int, limit: int) -> Batch:
    """What each proposal says, where it stands, and who proposed and built it."""
    found = db.session.execute(
        select(
            Proposal.id, Proposal.title, Proposal.title_en, Proposal.summary, Proposal.summary_en, Proposal.text,
            Proposal.text_en, Proposal.state, Proposal.imported, Proposal.vote_by, Proposal.consent_until,
            Proposal.created_at, Proposal.closed_at, Proposal.merged_into_id, Proposal.effort_low,
            Proposal.effort_high, Proposal.effort_until, Topic.slug.label("topic"), Partner.slug.label("partner"),
            Milestone.name.label("milestone"),
        )
        .outerjoin(Topic, Topic.id == Proposal.topic_id)  # Outer, or SQLite begins with the topics and sorts all.
        .outerjoin(Partner, Partner.id == Proposal.partner_id)
        .outerjoin(Milestone, Milestone.id == Proposal.milestone_id)
        .where(Proposal.id > after)
        .order_by(Proposal.id)
        .limit(limit)
    ).all()  # fmt: skip
    ids = [r.id for r in found]
    links = _links(ProposalLink, ProposalLink.proposal_id, [r.id for r in found if r.merged_into_id is None])
    builders = _many(
        select(ProposalBuilder.proposal_id, Partner.slug)
        .join(Partner, Partner.id == ProposalBuilder.partner_id)
        .where(ProposalBuilder.proposal_id.in_(ids))
        .order_by(Partner.slug)
    )
    return [(r.id, _proposal(r, links.get(r.id, []), builders.get(r.id, []))) for r in found]


def _proposal(r: Any, links: list[dict[str, str]], builders: list[str]) -> Row:
    words = {name: getattr(r, name) for name in WORDS} if r.merged_into_id is None else dict.fromkeys(WORDS, "")
    return {
        "key": f"FV-{r.id}", **words, "topic": r.topic, "state": r.state,
        "proposed_by": r.partner, "imported": r.imported, "built_by": list(builders), "created_at": r.created_at,
        "vote_by": r.vote_by, "objections_until": last_day(r.consent_until) if r.consent_until else None,
        "closed_at": r.closed_at, "effort_low": r.effort_low or None, "effort_high": r.effort_high or None,
        "effort_until": r.effort_until, "milestone": r.milestone,
        "merged_into": f"FV-{r.merged_into_id}" if r.merged_into_id else None, "links": links,
    }  # fmt: skip


def tallies(after: int, limit: int) -> Batch:
    """How many voted which way on each proposal that had a vote, over how many, and who brings in what."""
    found = db.session.execute(
        select(
            Proposal.id, Proposal.state, Proposal.n_for, Proposal.n_against, Proposal.n_abstain,
            Proposal.electorate_size, Proposal.vote_by, Proposal.closed_at,
        )
        .where(
            Proposal.id > after, Proposal.state != State.MERGED,
            or_(Proposal.state == State.OPEN, Proposal.closed_at.is_not(None)),
        )
        .order_by(Proposal.id)
        .limit(limit)
    ).all()  # fmt: skip
    live = db.session.scalar(select(Electorate.size).where(Electorate.id == Electorate.ONLY)) or 0
    given: dict[int, list[Any]] = {}
    for offer in db.session.execute(
        select(Offer.proposal_id, Offer.kind, Offer.days, Offer.confirmed_on, Partner.slug)
        .join(Partner, Partner.id == Offer.partner_id)
        .where(Offer.proposal_id.in_([r.id for r in found]), Offer.withdrawn_at.is_(None))
        .order_by(Partner.slug)
    ):
        given.setdefault(offer.proposal_id, []).append(offer)
    return [(r.id, _tally(r, live, given.get(r.id, []))) for r in found]


def _tally(r: Any, live: int, offers: Sequence[Any]) -> Row:
    size = live if r.electorate_size is None else r.electorate_size
    days = [o for o in offers if o.kind == OfferKind.DAYS]

    def who(kind: OfferKind) -> list[str]:
        return [o.slug for o in offers if o.kind == kind]

    return {
        "proposal": f"FV-{r.id}", "state": r.state, "for": r.n_for, "against": r.n_against, "abstain": r.n_abstain,
        "without_ballot": max(0, size - r.n_for - r.n_against - r.n_abstain), "electorate": size,
        "vote_by": r.vote_by, "closed_at": r.closed_at, "leads": who(OfferKind.LEAD), "pilots": who(OfferKind.PILOT),
        "co_funders": who(OfferKind.CO_FUND), "future_users": who(OfferKind.USE),
        "days_offered": sum(o.days or 0 for o in days),
        "days_confirmed": sum(o.days or 0 for o in days if o.confirmed_on),
    }  # fmt: skip


def decisions(after: int, limit: int) -> Batch:
    """What was decided by which body on which day, why, and how the ballots stood then."""
    found = db.session.execute(
        select(
            Decision.id, Decision.proposal_id, Decision.outcome, Decision.body, Decision.decided_on, Decision.reason,
            Decision.n_for, Decision.n_against, Decision.n_abstain, Decision.electorate_size, Decision.silent,
            Decision.taken_back_at, Decision.recorded_at, DecisionRecord.decision_id.label("record"),
        )
        .outerjoin(DecisionRecord, DecisionRecord.decision_id == Decision.id)
        .where(Decision.id > after)
        .order_by(Decision.id)
        .limit(limit)
    ).all()  # fmt: skip
    return [(r.id, _decision(r)) for r in found]


def _decision(r: Any) -> Row:
    return {
        "id": r.id, "proposal": f"FV-{r.proposal_id}", "outcome": r.outcome, "body": r.body,
        "decided_on": r.decided_on, "reason": r.reason, "for": r.n_for, "against": r.n_against,
        "abstain": r.n_abstain, "electorate": r.electorate_size, "no_objection": r.silent,
        "recorded_at": r.recorded_at, "taken_back_at": r.taken_back_at,
        "record": f"/decisions/{r.record}" if r.record else None,
    }  # fmt: skip


def packages(after: int, limit: int) -> Batch:
    """The work: what each package delivers, its effort, who leads and supports it, what it waits for."""
    lead = aliased(Partner)
    found = db.session.execute(
        select(
            Package.id, Package.proposal_id, Package.title, Package.text, Package.deliverables, Package.acceptance,
            Package.state, Package.held_at, Package.effort, Package.points, Package.cluster, Package.funder,
            Package.commissioned, Package.due_on, Package.created_at, lead.slug.label("lead"),
            Milestone.name.label("milestone"),
        )
        .outerjoin(lead, lead.id == Package.lead_partner_id)
        .outerjoin(Milestone, Milestone.id == Package.milestone_id)
        .where(Package.id > after, Package.merged_into_id.is_(None))
        .order_by(Package.id)
        .limit(limit)
    ).all()  # fmt: skip
    ids = [r.id for r in found]
    supporters = _many(
        select(Claim.package_id, Partner.slug)
        .join(Partner, Partner.id == Claim.partner_id)
        .where(Claim.package_id.in_(ids), Claim.seat == Seat.SUPPORT, Claim.ended_at.is_(None))
        .order_by(Partner.slug)
    )
    skills = _many(
        select(PackageSkill.package_id, PackageSkill.skill)
        .where(PackageSkill.package_id.in_(ids))
        .order_by(PackageSkill.skill)
    )
    waits = _many(
        select(Dependency.package_id, Dependency.needs_id)
        .where(Dependency.package_id.in_(ids))
        .order_by(Dependency.needs_id)
    )
    links = _links(PackageLink, PackageLink.package_id, ids)
    return [
        (r.id, _package(r) | {
            "supported_by": supporters.get(r.id, []), "skills": skills.get(r.id, []),
            "waits_for": [f"AP-{needed}" for needed in waits.get(r.id, [])], "links": links.get(r.id, []),
        })
        for r in found
    ]  # fmt: skip


def _package(r: Any) -> Row:
    return {
        "key": f"AP-{r.id}", "proposal": f"FV-{r.proposal_id}", "title": r.title, "text": r.text,
        "deliverables": r.deliverables, "acceptance": r.acceptance, "state": r.state,
        "on_hold": r.held_at is not None, "effort_days": r.effort, "story_points": r.points, "cluster": r.cluster,
        "funder": r.funder, "commissioned": r.commissioned, "due_on": r.due_on, "milestone": r.milestone,
        "created_at": r.created_at, "led_by": r.lead,
    }  # fmt: skip


def reuse(after: int, limit: int) -> Batch:
    """Who uses what: how far each partner is, in which version, and its own variant where it runs one."""
    found = db.session.execute(
        select(
            Reuse.id, Reuse.proposal_id, Partner.slug, Partner.name, Partner.ags, Reuse.status, Reuse.planned_for,
            Reuse.release, Reuse.variant, Reuse.link, Reuse.source, Reuse.confirmed_on, is_old().label("old"),
            Variant.id.label("own"), Variant.differs, Variant.repository, Variant.branch, Variant.willing,
            Variant.state.label("variant_state"),
        )
        .join(Partner, Partner.id == Reuse.partner_id)
        .outerjoin(
            Variant, and_(Variant.proposal_id == Reuse.proposal_id, Variant.partner_id == Reuse.partner_id)
        )
        .where(Reuse.id > after)
        .order_by(Reuse.id)
        .limit(limit)
    ).all()  # fmt: skip
    return [(r.id, _use(r)) for r in found]


def _use(r: Any) -> Row:
    return {
        "proposal": f"FV-{r.proposal_id}", "partner": r.slug, "partner_name": r.name, "ags": r.ags,
        "status": r.status, "planned_for": r.planned_for, "version": r.release, "variant": r.variant, "link": r.link,
        "source": r.source, "confirmed_on": r.confirmed_on, "to_be_confirmed": bool(r.old),
        "own_variant": r.own is not None, "variant_differs": r.differs, "variant_repository": r.repository,
        "variant_branch": r.branch, "variant_returns": r.willing, "variant_state": r.variant_state,
    }  # fmt: skip


def _many(query: Any) -> dict[int, list[Any]]:
    """Rows of (id, value) as id → values."""
    found: dict[int, list[Any]] = {}
    for number, value in db.session.execute(query):
        found.setdefault(number, []).append(value)
    return found


def _links(model: Any, belongs_to: Any, ids: Iterable[int]) -> dict[int, list[dict[str, str]]]:
    found: dict[int, list[dict[str, str]]] = {}
    wanted = select(belongs_to, model.title, model.url).where(belongs_to.in_(list(ids))).order_by(model.id)
    for number, title, url in db.session.execute(wanted):
        found.setdefault(number, []).append({"title": title, "url": url})
    return found
