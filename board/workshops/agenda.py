"""What belongs on the agenda by itself: open ballots (contested, then due), packages without a lead, old entries."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, or_, select

from board.db import db, now
from board.proposals.models import Proposal
from board.proposals.states import State
from board.reuse.old import is_old
from board.voting.models import Reuse
from board.work.models import Claim, EndReason, Package, PackageState
from board.workshops.models import AgendaItem, ItemKind

VOTES, PACKAGES, STALE = 12, 6, 4
SOON = timedelta(days=14)
"""An answer-by date within two weeks after the workshop counts as due."""
LEFT_ALONE = timedelta(days=30)


def suggested(held_on: date) -> list[AgendaItem]:
    """The items that the board would put on an agenda, in this order. Three statements."""
    return [
        *(AgendaItem(kind=ItemKind.VOTE, proposal_id=id_) for id_ in db.session.scalars(_votes(held_on))),
        *(
            AgendaItem(kind=ItemKind.PACKAGE, package_id=row.id, proposal_id=row.proposal_id)
            for row in db.session.execute(_orphans(now() - LEFT_ALONE))
        ),
        *(AgendaItem(kind=ItemKind.STALE, proposal_id=id_) for id_ in db.session.scalars(_stale())),
    ]


def _votes(held_on: date) -> Any:
    """Open proposals: contested ones first, then those due, then those with the fewest ballots."""
    rank = case((Proposal.contest > 0, 0), (Proposal.vote_by <= held_on + SOON, 1), else_=2)
    answered = Proposal.n_for + Proposal.n_against + Proposal.n_abstain
    return (
        select(Proposal.id)
        .where(Proposal.state == State.OPEN)
        .order_by(rank, Proposal.contest.desc(), Proposal.vote_by.nulls_last(), answered, Proposal.id)
        .limit(VOTES)
    )


def _orphans(before: datetime) -> Any:
    """Packages that nobody leads: given back or lapsed ones, and those that have been free for a month."""
    left = exists().where(
        Claim.package_id == Package.id, Claim.end_reason.in_((EndReason.HANDED_BACK, EndReason.LAPSED))
    )
    return (
        select(Package.id, Package.proposal_id)
        .where(Package.state == PackageState.OPEN, or_(left, Package.active_at < before))
        .order_by(case((left, 0), else_=1), Package.active_at, Package.id)
        .limit(PACKAGES)
    )


def _stale() -> Any:
    """Proposals with entries on reuse that nobody has confirmed for six months, those with most first."""
    return (
        select(Reuse.proposal_id)
        .where(is_old())
        .group_by(Reuse.proposal_id)
        .order_by(func.count().desc(), Reuse.proposal_id)
        .limit(STALE)
    )
