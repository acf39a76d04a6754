"""Who uses a feature: on a proposal's page all while they are few, of thousands the furthest; all of them in pages."""

from typing import Any

from sqlalchemy import Select, case, func, select

from board.db import db
from board.partners.models import Partner
from board.partners.names import ORDER, behind, behind_rank, called
from board.policy import Actor
from board.voting import rights
from board.voting.company import NAMES, PROGRESS, acting
from board.voting.models import Reuse
from board.voting.shapes import Use, Users, UsesPage

SHOWN = 50
"""So many entries stand beside a proposal, and on a page of all of them."""
_USES = NAMES.add_columns(Reuse, Partner.search).join(Reuse, Reuse.partner_id == Partner.id)


def listed(proposal: Any, by: Actor, after: str, most: int) -> tuple[tuple[Use, ...], str]:
    """So many of those that use it, furthest first and then by name, behind a place; and the place of the rest."""
    rank = case(*((Reuse.status == name, n) for name, n in PROGRESS.items()))
    wanted = _USES.where(Reuse.proposal_id == proposal.id, behind_rank(rank, after)).order_by(rank, *ORDER)
    found = db.session.execute(wanted.limit(most + 1)).all()
    last = found[most - 1] if len(found) > most else None
    more = f"{PROGRESS[last.Reuse.status]}~{last.partner_id}" if last else ""
    return tuple(_use(row, by) for row in found[:most]), more


def users(proposal: Any, by: Actor) -> Users:
    """As a proposal's page shows them: furthest first, by name.

    Of more than `SHOWN`: one's partner's own, then the furthest, what was changed last before the rest.
    """
    rows = list(db.session.execute(_first(proposal.id, by.partner_id or 0)))
    if len(rows) <= SHOWN:
        return _told(proposal, _by_progress(rows), by)
    n = db.session.scalar(select(func.count()).where(Reuse.proposal_id == proposal.id)) or 0
    return _told(proposal, rows[:SHOWN], by, n)


def page(proposal: Any, status: str, typed: str, after: str, by: Actor) -> UsesPage:
    """One page of all, by name: those of a status, those that are called like that."""
    stands = (Reuse.status == status,) if status else ()
    wanted = _USES.where(Reuse.proposal_id == proposal.id, *stands, called(typed), behind(after))
    found = db.session.execute(wanted.order_by(*ORDER).limit(SHOWN + 1)).all()
    counted = select(Reuse.status, func.count()).where(Reuse.proposal_id == proposal.id).group_by(Reuse.status)
    numbers = dict(db.session.execute(counted).all())
    more = str(found[SHOWN - 1].partner_id) if len(found) > SHOWN else ""
    in_order = {name: numbers[name] for name in PROGRESS if name in numbers}
    return UsesPage(tuple(_use(row, by) for row in found[:SHOWN]), in_order, more)


def _first(proposal_id: int, partner_id: int) -> Select[Any]:
    """The entries to show first, one more than are shown, so that one sees whether there are others."""
    rank = case((Reuse.partner_id == partner_id, -1), *((Reuse.status == name, n) for name, n in PROGRESS.items()))
    order = (rank, Reuse.changed_at.desc(), Reuse.id.desc())
    ids = select(Reuse.id).where(Reuse.proposal_id == proposal_id).order_by(*order).limit(SHOWN + 1)
    return _USES.where(Reuse.id.in_(ids.scalar_subquery())).order_by(*order)


def _by_progress(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: (PROGRESS[row.Reuse.status], row.search, row.partner_id))


def _told(proposal: Any, rows: list[Any], by: Actor, n: int | None = None) -> Users:
    uses = tuple(_use(row, by) for row in rows)
    own = next((use for use in uses if use.partner.id == by.partner_id), None)
    gone = rights.closed_sentence(proposal) if proposal.state in rights.GONE else ""
    why = rights.why_no_offer(by) or gone
    number = len(uses) if n is None else n
    return Users(proposal.id, f"FV-{proposal.id}", uses, number, by.partner, not why, why, _record(own))


def _use(row: Any, by: Actor) -> Use:
    use: Reuse = row.Reuse
    contact = use.contact if by.signed_in else ""
    return Use(
        acting(row), use.status, use.variant, use.release, contact, use.source, use.confirmed_on, use.planned_for,
        use.link,
    )  # fmt: skip


def _record(own: Use | None) -> dict[str, Any]:
    if own is None:
        return dict.fromkeys(("status", "variant", "release", "contact", "confirmed_on", "planned_for", "link"), "")
    on = own.confirmed_on.isoformat() if own.confirmed_on else ""
    return {
        "status": own.status, "variant": own.variant, "release": own.release, "contact": own.contact,
        "confirmed_on": on, "planned_for": own.planned_for, "link": own.link,
    }  # fmt: skip
