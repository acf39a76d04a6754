"""The columns of the matrix: the partners that take part, of thousands those that a reader most likely looks for."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select, true

from board.db import db
from board.partners.models import Partner, hue
from board.partners.names import called
from board.policy import Acting, Actor
from board.proposals.models import ProposalBuilder
from board.reuse.filters import Filters
from board.voting.models import Reuse, ReuseStatus

MOST = 60
"""So many columns stand side by side."""
IN_USE = (ReuseStatus.LIVE, ReuseStatus.PILOT)


@dataclass(frozen=True)
class Columns:
    """The partners that have a column, and how many would have one: the others are found by name or chosen."""

    partners: tuple[Acting, ...]
    total: int


def takes_part() -> Any:
    """The condition that a partner has an entry of its own, or that sources say it has built something."""
    return or_(exists().where(Reuse.partner_id == Partner.id), exists().where(ProposalBuilder.partner_id == Partner.id))


def columns(filters: Filters, by: Actor) -> Columns:
    """The reader's own first, then the chosen one, then the others by name, or those first that use the most.

    Of more than `MOST` those with most entries have a column.
    """
    in_use = func.sum(case((Reuse.status.in_(IN_USE), 1), else_=0)).label("used")
    grouped = select(Reuse.partner_id, func.count().label("n"), in_use).group_by(Reuse.partner_id).subquery()
    built = exists().where(ProposalBuilder.partner_id == Partner.id)
    first = case((Partner.id == by.partner_id, 0), (Partner.slug == filters.partner, 1), else_=2)
    entries, used = func.coalesce(grouped.c.n, 0), func.coalesce(grouped.c.used, 0)
    query = (
        select(
            Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes,
            Partner.search, first.label("first"), used.label("used"), func.count().over().label("total"),
        )
        .outerjoin(grouped, grouped.c.partner_id == Partner.id)
        .where(or_(grouped.c.n.is_not(None), built, Partner.id == by.partner_id), wanted(filters, by))
        .order_by(first, entries.desc(), Partner.search, Partner.id)
        .limit(MOST)
    )  # fmt: skip
    rows = db.session.execute(query).all()
    rows = sorted(rows, key=lambda r: (r.first, -r.used if filters.columns else 0, r.search, r.id))
    shown = [Acting(r.id, r.slug, r.name, r.sign, hue(r.ags or r.slug), r.kind, r.votes) for r in rows]
    return Columns(tuple(shown), rows[0].total if rows else 0)


def wanted(filters: Filters, by: Actor) -> ColumnElement[bool]:
    """The condition that a partner is one of those asked for; one's own always is."""
    if not (filters.kind or filters.who):
        return true()
    kind = Partner.kind == filters.kind if filters.kind else true()
    return or_(kind & called(filters.who), Partner.id == by.partner_id)
