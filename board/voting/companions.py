"""Who takes part in a proposal: on its page all while they are few, of thousands some; all of them in pages.

Conditions, and partners that offer nothing but have some, are shown to signed-in readers only.
"""

from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, literal, select, true, union_all

from board.db import db
from board.partners.models import Partner
from board.partners.names import ORDER, behind, behind_rank, called
from board.policy import Actor
from board.voting.company import NAMES, acting, given
from board.voting.models import Condition, Offer, OfferKind
from board.voting.shapes import Coalition, Companion, CompanionsPage

SHOWN = 50
"""So many partners stand beside a proposal, and on a page of all of them."""
RANKS = {kind.value: n for n, kind in enumerate(OfferKind)}
STANDS = Offer.withdrawn_at.is_(None)
_RANK = case(*((Offer.kind == kind, n) for kind, n in RANKS.items()))
_OFFERS = NAMES.add_columns(Offer, Partner.search).join(Offer, Offer.partner_id == Partner.id).where(STANDS)
_CONDITIONS = NAMES.add_columns(Condition, Partner.search).join(Condition, Condition.partner_id == Partner.id)


def everybody(proposal: Any, by: Actor) -> Coalition:
    """Who takes part, leaders first, however many they are."""
    found = _read(proposal.id, by, true())
    return _told(proposal, sorted(found, key=_rank), len(found))


def listed(proposal: Any, by: Actor, after: str, most: int) -> tuple[list[Companion], str]:
    """So many of those that take part, leaders first and then by name, behind a place; and the place of the rest."""
    said = _said(proposal.id, by)
    ranks = select(said.c.partner_id, func.min(said.c.rank).label("rank")).group_by(said.c.partner_id).subquery()
    wanted = select(Partner.id, ranks.c.rank).join(ranks, ranks.c.partner_id == Partner.id)
    wanted = wanted.where(behind_rank(ranks.c.rank, after)).order_by(ranks.c.rank, *ORDER)
    places = db.session.execute(wanted.limit(most + 1)).all()
    found = _read(proposal.id, by, Partner.id.in_([row.id for row in places[:most]]))
    more = f"{places[most - 1].rank}~{places[most - 1].id}" if len(places) > most else ""
    return sorted(found, key=_rank), more


def coalition(proposal: Any, by: Actor) -> Coalition:
    """As a proposal's page shows them: leaders first, by name.

    Of more than `SHOWN`: one's own partner, then leaders, pilots and so on, what was said last before the rest.
    """
    said = _said(proposal.id, by)
    order = (func.min(said.c.rank), func.max(said.c.at).desc(), said.c.partner_id)
    own = case((said.c.partner_id == (by.partner_id or 0), 0), else_=1)
    first = select(said.c.partner_id).group_by(said.c.partner_id).order_by(own, *order).limit(SHOWN + 1)
    found = _read(proposal.id, by, Partner.id.in_(first))
    if len(found) <= SHOWN:
        return _told(proposal, sorted(found, key=_rank), len(found))
    n = db.session.scalar(select(func.count(said.c.partner_id.distinct()))) or 0
    found.sort(key=lambda one: one.said_at, reverse=True)
    found.sort(key=lambda one: (one.partner.id != by.partner_id, _rank(one)))
    return _told(proposal, found[:SHOWN], n)


def page(proposal: Any, kind: str, typed: str, after: str, by: Actor) -> CompanionsPage:
    """One page of all, by name: those that offer this, those that are called like that."""
    said = _said(proposal.id, by)
    those = select(said.c.partner_id).where(said.c.rank == RANKS[kind]) if kind else select(said.c.partner_id)
    wanted = select(Partner.id).where(Partner.id.in_(those), called(typed), behind(after)).order_by(*ORDER)
    ids = list(db.session.scalars(wanted.limit(SHOWN + 1)))
    counted = select(Offer.kind, func.count()).where(Offer.proposal_id == proposal.id, STANDS).group_by(Offer.kind)
    numbers = dict(db.session.execute(counted).all())
    found = _read(proposal.id, by, Partner.id.in_(ids[:SHOWN]))
    more = str(ids[SHOWN - 1]) if len(ids) > SHOWN else ""
    return CompanionsPage(tuple(found), {name: numbers[name] for name in RANKS if name in numbers}, more)


def _said(proposal_id: int, by: Actor) -> Subquery:
    """Partner, rank and time of each offer and, inside the partnership, of each condition."""
    offered = select(Offer.partner_id, _RANK.label("rank"), Offer.declared_at.label("at"))
    offered = offered.where(Offer.proposal_id == proposal_id, STANDS)
    if not by.signed_in:
        return offered.subquery()
    asked = select(Condition.partner_id, literal(len(RANKS)), Condition.changed_at)
    return union_all(offered, asked.where(Condition.proposal_id == proposal_id)).subquery()


def _read(proposal_id: int, by: Actor, these: ColumnElement[bool]) -> list[Companion]:
    """These partners by name, with all that they said: two statements, for strangers one."""
    names: dict[int, Any] = {}
    offers: dict[int, list[Offer]] = {}
    conditions: dict[int, Condition] = {}
    offered = _OFFERS.where(Offer.proposal_id == proposal_id, these)
    for row in db.session.execute(offered):
        names[row.partner_id] = row
        offers.setdefault(row.partner_id, []).append(row.Offer)
    asked = _CONDITIONS.where(Condition.proposal_id == proposal_id, these)
    for row in db.session.execute(asked) if by.signed_in else ():
        names.setdefault(row.partner_id, row)
        conditions[row.partner_id] = row.Condition
    by_name = sorted(names.values(), key=lambda row: (row.search, row.partner_id))
    return [_companion(row, offers.get(row.partner_id, []), conditions.get(row.partner_id)) for row in by_name]


def _companion(row: Any, offers: list[Offer], condition: Condition | None) -> Companion:
    said_at = max([*(one.declared_at for one in offers), *([condition.changed_at] if condition else [])])
    shown = tuple(given(one) for one in sorted(offers, key=lambda one: RANKS[one.kind]))
    if condition is None:
        return Companion(acting(row), shown, said_at)
    return Companion(
        acting(row), shown, said_at, condition.text, condition.reserved, condition.reserved_body, condition.reserved_on
    )


def _rank(one: Companion) -> int:
    return RANKS[one.offers[0].kind] if one.offers else len(RANKS)


def _told(proposal: Any, found: list[Companion], n: int) -> Coalition:
    return Coalition(proposal.id, f"FV-{proposal.id}", tuple(found), n)
