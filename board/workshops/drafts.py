"""Drafts: what a partner says by voice, entered by the host; a ballot only when its own delegate confirms it."""

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal
from board.voting import ballots, rights
from board.voting.models import Choice
from board.workshops.models import AgendaItem, Draft, Workshop, WorkshopState


def locked(draft_id: int) -> Draft:
    """The draft, held until the transaction ends. Raises Missing."""
    found = db.session.scalar(select(Draft).where(Draft.id == draft_id).with_for_update(key_share=True))
    if found is None:
        raise Missing(_("There is no such draft."))
    return found


def enter(workshop: Workshop, proposal_id: int, partner_id: int, choice: str, reason: str, by: Actor) -> None:
    """Note what a partner said. A newer word of the same partner replaces the one that waits. Raises Conflict."""
    waiting = db.session.scalar(
        select(Draft).where(
            Draft.workshop_id == workshop.id, Draft.proposal_id == proposal_id, Draft.partner_id == partner_id,
            Draft.settled_at.is_(None),
        )
    )  # fmt: skip
    draft = waiting or Draft(workshop_id=workshop.id, proposal_id=proposal_id, partner_id=partner_id)
    draft.choice, draft.reason = Choice(choice).value, reason
    draft.person_id, draft.entered_at = by.person_id, now()
    partner = db.session.get(Partner, partner_id)
    if workshop.state != WorkshopState.RUNNING:
        raise Conflict(_("Drafts are entered while the workshop runs."))
    if partner is None or not partner.counts:
        raise Conflict(_("This partner does not vote at the moment."))
    on_it = select(Proposal).join(AgendaItem, AgendaItem.proposal_id == Proposal.id)
    proposal = db.session.scalar(on_it.where(AgendaItem.workshop_id == workshop.id, Proposal.id == proposal_id))
    if proposal is None:
        raise Missing(_("There is no such item on the agenda."))
    rights.require_open(proposal)
    if choice == Choice.AGAINST and not reason:
        raise Conflict(_("A ballot against needs a reason."))
    db.session.add(draft)
    act(by, "draft.enter", draft, workshop=workshop.id)


def confirm(draft: Draft, by: Actor) -> None:
    """The partner's delegate makes it a ballot: their own, cast as they cast any other. Raises Denied, Conflict."""
    act(by, "draft.confirm", draft, workshop=draft.workshop_id)
    _require_waiting(draft)
    ballots.cast(ballots.locked(draft.proposal_id, by), draft.choice, draft.reason, by)
    draft.settled_at, draft.outcome = now(), "confirmed"


def discard(draft: Draft, by: Actor) -> None:
    """It was heard wrongly, or is not what the partner wants."""
    act(by, "draft.discard", draft, workshop=draft.workshop_id)
    _require_waiting(draft)
    draft.settled_at, draft.outcome = now(), "discarded"


def _require_waiting(draft: Draft) -> None:
    if draft.settled_at is not None:
        raise Conflict(_("This draft has been settled already."))
