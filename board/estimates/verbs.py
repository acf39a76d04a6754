"""Estimating: make, edit, withdraw, restore; and the sweep that lets estimates expire.

`proposal` is locked by the caller, before any of its estimates: one order, no deadlock.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from board import text
from board.activity.models import act
from board.db import db, now, transaction
from board.errors import Conflict, Denied, Missing
from board.estimates import effort
from board.estimates.models import Estimate
from board.i18n import gettext as _
from board.i18n import today
from board.policy import SYSTEM, Actor, allowed
from board.proposals.models import Proposal
from board.proposals.queries import locked as locked_proposal
from board.proposals.states import State

GONE = frozenset({State.WITHDRAWN, State.MERGED, State.DECLINED})
BATCH = 100


@dataclass(frozen=True)
class Figures:
    """What an estimate says: whole person-days, assumptions (Markdown), the last day on which it stands."""

    low: int
    high: int
    valid_until: date
    assumptions: str = ""


def make(proposal: Proposal, by: Actor, figures: Figures, *, provider: str = "") -> Estimate:
    """Estimate for the partner acted for, or, as product owner, for the provider named.

    The same again is harmless. Raises Denied, Conflict where the author has an estimate that stands.
    """
    partner_id = None if provider else by.partner_id
    estimate = Estimate(proposal_id=proposal.id, partner_id=partner_id, provider=provider, person_id=by.person_id)
    if not (partner_id or provider) or not allowed(by, "estimate.make", estimate):
        raise Denied(_("You estimate for the partner for which you act."))
    _require_alive(proposal)
    before = db.session.scalar(
        select(Estimate).where(
            Estimate.proposal_id == proposal.id, Estimate.withdrawn_at.is_(None),
            Estimate.partner_id.is_not_distinct_from(partner_id), Estimate.provider == provider,
        )
    )  # fmt: skip
    if before is not None:
        if _figures(before) == figures and before.person_id == by.person_id:
            return before
        raise Conflict(_("There is an estimate by this author already: change that one."))
    _write(estimate, figures)
    db.session.add(estimate)
    db.session.flush()
    act(by, "estimate.make", estimate, estimate=estimate.id)
    effort.renew(proposal.id)
    return estimate


def edit(estimate: Estimate, by: Actor, figures: Figures, version: int) -> None:
    """Estimate anew. The same again is harmless. Raises Denied, Conflict when it has changed since `version`."""
    if _figures(estimate) == figures and allowed(by, "estimate.edit", estimate):
        return
    act(by, "estimate.edit", estimate, estimate=estimate.id)
    if estimate.withdrawn_at is not None:
        raise Conflict(_("This estimate was withdrawn in the meantime."))
    if estimate.version != version:
        raise Conflict(_("Somebody has changed this estimate in the meantime. Yours is kept below."), edited=True)
    estimate.person_id = by.person_id
    _write(estimate, figures)
    _changed(estimate)


def withdraw(estimate: Estimate, by: Actor) -> None:
    """Take it back; it stays on record. Twice is harmless. Raises Denied."""
    if estimate.withdrawn_at is not None and allowed(by, "estimate.withdraw", estimate):
        return
    act(by, "estimate.withdraw", estimate, estimate=estimate.id)
    estimate.withdrawn_at = now()
    _changed(estimate)


def restore(estimate: Estimate, by: Actor) -> None:
    """Undo the withdrawal. Twice is harmless. Raises Denied, Conflict where the author has estimated anew."""
    if estimate.withdrawn_at is None and allowed(by, "estimate.restore", estimate):
        return
    act(by, "estimate.restore", estimate, estimate=estimate.id)
    other = db.session.scalar(
        select(Estimate.id).where(
            Estimate.proposal_id == estimate.proposal_id, Estimate.withdrawn_at.is_(None),
            Estimate.partner_id.is_not_distinct_from(estimate.partner_id), Estimate.provider == estimate.provider,
        )
    )  # fmt: skip
    if other is not None:
        raise Conflict(_("There is an estimate by this author already: change that one."))
    estimate.withdrawn_at = None
    estimate.expired_at = None if estimate.valid_until >= today() else now()
    _changed(estimate)


def locked(estimate_id: int) -> tuple[Proposal, Estimate]:
    """The proposal and its estimate, held for a verb. Raises Missing."""
    proposal_id = db.session.scalar(select(Estimate.proposal_id).where(Estimate.id == estimate_id))
    if proposal_id is None:
        raise Missing(_("There is no such estimate."))
    proposal = locked_proposal(proposal_id)
    estimate = db.session.scalars(
        select(Estimate)
        .where(Estimate.id == estimate_id)
        .options(joinedload(Estimate.partner))
        .with_for_update(of=Estimate)
        .execution_options(populate_existing=True)
    ).one()
    return proposal, estimate


def expire_due() -> None:
    """The sweep: estimates whose last day has passed expire, each in the record; their authors are asked anew."""
    while True:
        due = list(
            db.session.scalars(
                select(Estimate.id)
                .where(
                    Estimate.valid_until < today(), Estimate.expired_at.is_(None), Estimate.withdrawn_at.is_(None)
                )
                .order_by(Estimate.id)
                .limit(BATCH)
            )
        )  # fmt: skip
        db.session.close()
        for estimate_id in due:
            with transaction():
                _expire(estimate_id)
        if len(due) < BATCH:
            return


def _expire(estimate_id: int) -> None:
    _proposal, estimate = locked(estimate_id)
    if estimate.expired_at is None and estimate.withdrawn_at is None and estimate.valid_until < today():
        act(SYSTEM, "estimate.expire", estimate, estimate=estimate.id)
        estimate.expired_at = now()
        _changed(estimate)


def _write(estimate: Estimate, figures: Figures) -> None:
    estimate.low, estimate.high, estimate.valid_until = figures.low, figures.high, figures.valid_until
    estimate.text = figures.assumptions
    estimate.html = text.markdown(figures.assumptions) if figures.assumptions else ""
    estimate.expired_at = None if figures.valid_until >= today() else now()


def _figures(estimate: Estimate) -> Figures:
    return Figures(estimate.low, estimate.high, estimate.valid_until, estimate.text)


def _changed(estimate: Estimate) -> None:
    estimate.version += 1
    estimate.changed_at = now()
    db.session.flush()
    effort.renew(estimate.proposal_id)


def _require_alive(proposal: Proposal) -> None:
    if proposal.state in GONE:
        raise Conflict(_("This proposal was declined, withdrawn or merged: it is not estimated any more."))
