"""What the desk shows: what waits for the person who looks, or the partnership at a glance. All of it bounded."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from board import text
from board.activity.models import Activity
from board.comments.models import Comment
from board.db import db
from board.i18n import spoken, today
from board.partners.models import Electorate, Partner, hue
from board.policy import Actor
from board.proposals.models import Proposal
from board.proposals.queries import Sign
from board.proposals.states import State
from board.voting.models import Offer, OfferKind, Reuse, ReuseStatus
from board.work import lists
from board.work.models import Package, PackageState

REPLIES = 6
DECISIONS = 6
COALITIONS = 4
WINDOW = 300
FORMING = (State.OPEN, State.ACCEPTED, State.BUILDING, State.PILOTING)


@dataclass(frozen=True)
class Reply:
    """A new comment that concerns the reader."""

    id: int
    key: str
    title: str
    url: str
    partner: Sign | None
    excerpt: str
    written_at: datetime


@dataclass(frozen=True)
class Awaited:
    """An open proposal whose answer-by date has passed: a decision can be recorded."""

    id: int
    title: str
    vote_by: date
    n_for: int
    n_against: int
    n_abstain: int


@dataclass(frozen=True)
class Figures:
    """The partnership in figures. `free` is counted to 1,001."""

    partners: int
    voting: int
    free: int
    in_use: int


def replies(by: Actor, limit: int = REPLIES) -> list[Reply]:
    """What others have said since the last visit where the reader spoke before, or where their partner is in charge."""
    mine = Comment.__table__.alias("mine")
    spoken = exists().where(
        mine.c.person_id == by.person_id,
        mine.c.proposal_id == Comment.proposal_id,
        mine.c.package_id.is_not_distinct_from(Comment.package_id),
        mine.c.id < Comment.id,
    )
    leads = exists().where(
        Offer.proposal_id == Comment.proposal_id,
        Offer.partner_id == by.partner_id,
        Offer.kind == OfferKind.LEAD,
        Offer.withdrawn_at.is_(None),
    )
    concern: list[ColumnElement[bool]] = [spoken]
    if by.partner_id is not None:
        concern += [Proposal.partner_id == by.partner_id, Package.lead_partner_id == by.partner_id, leads]
    rows = db.session.execute(
        select(Comment, Proposal.title, Proposal.title_en, Package.title.label("package"))
        .add_columns(Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags)
        .join(Activity, Activity.comment_id == Comment.id)
        .join(Proposal, Proposal.id == Comment.proposal_id)
        .outerjoin(Package, Package.id == Comment.package_id)
        .outerjoin(Partner, Partner.id == Comment.partner_id)
        .where(Activity.verb == "comment.write", Activity.id > by.seen_activity)
        .where(Comment.person_id != by.person_id, Comment.deleted_at.is_(None), or_(*concern))
        .order_by(Activity.id.desc())
        .limit(limit)
    )
    return [_reply(row) for row in rows]


def _reply(row: Any) -> Reply:
    comment: Comment = row.Comment
    key = f"AP-{comment.package_id}" if comment.package_id else f"FV-{comment.proposal_id}"
    title = row.package or spoken(row.title, row.title_en)
    return Reply(
        id=comment.id,
        key=key,
        title=title,
        url=f"/{'packages' if comment.package_id else 'proposals'}/{key}#comment-{comment.id}",
        partner=Sign(row.partner_id, row.slug, row.name, row.sign, hue(row.ags or row.slug)) if row.slug else None,
        excerpt=text.excerpt(comment.text, 160),
        written_at=comment.written_at,
    )


def awaiting_decision(limit: int = DECISIONS) -> list[Awaited]:
    """Open proposals whose answer-by date has passed, the longest waiting first."""
    rows = db.session.execute(
        select(
            Proposal.id, Proposal.title, Proposal.title_en, Proposal.vote_by, Proposal.n_for, Proposal.n_against,
            Proposal.n_abstain,
        )
        .where(Proposal.state == State.OPEN, Proposal.vote_by < today(), Proposal.consent_until.is_(None))
        .order_by(Proposal.vote_by, Proposal.id)
        .limit(limit)
    )  # fmt: skip
    return [Awaited(r.id, spoken(r.title, r.title_en), r.vote_by, r.n_for, r.n_against, r.n_abstain) for r in rows]


def coalitions(limit: int = COALITIONS) -> list[tuple[int, tuple[int, datetime]]]:
    """(id, (version, last activity)) of proposals that somebody leads or joins, the most recently active first."""
    recent = (
        select(Proposal.id, Proposal.version, Proposal.coalition, Proposal.state, Proposal.active_at)
        .order_by(Proposal.active_at.desc(), Proposal.id.desc())
        .limit(WINDOW)
        .subquery()
    )
    rows = db.session.execute(
        select(recent.c.id, recent.c.version, recent.c.active_at)
        .where(recent.c.coalition.not_in(("", "{}")), recent.c.state.in_(FORMING))
        .order_by(recent.c.active_at.desc(), recent.c.id.desc())
        .limit(limit)
    )
    return [(row.id, (row.version, row.active_at)) for row in rows]


def figures() -> Figures:
    """How many partners there are, how many of them vote, how much is free, how much is in use."""
    partners = select(func.count()).select_from(Partner).scalar_subquery()
    voting = select(Electorate.size).where(Electorate.id == Electorate.ONLY).scalar_subquery()
    merged = select(Proposal.id).where(Proposal.state == State.MERGED)
    live = (
        select(Reuse.proposal_id)
        .where(Reuse.status == ReuseStatus.LIVE, Reuse.proposal_id.not_in(merged))
        .distinct()
        .limit(lists.BOUND + 1)
    )
    used = select(func.count()).select_from(live.subquery()).scalar_subquery()
    row = db.session.execute(select(partners, voting, used)).one()
    return Figures(row[0], row[1] or 0, lists.bounded([Package.state == PackageState.OPEN]), row[2])
