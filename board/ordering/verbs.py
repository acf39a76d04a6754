"""Ordering one proposal: rate, plan, classify, postpone; and taking a step back. The caller locks the proposal."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.milestones.models import Milestone
from board.policy import Actor
from board.proposals import turns
from board.proposals.counts import count
from board.proposals.models import Decision, Proposal, Topic
from board.proposals.states import State
from board.voting.tallies import recount


def rate(proposal: Proposal, by: Actor, value: int) -> bool:
    """Say how much it is worth, 1 to 5; 0 takes it back. Returns whether that changed anything. Raises Denied."""
    if proposal.value == value:
        return False
    act(by, "proposal.rate", proposal, **{"from": proposal.value, "to": value})
    proposal.value = value
    return _changed(proposal)


def plan(proposal: Proposal, by: Actor, milestone_id: int | None) -> bool:
    """Plan it for a milestone, or for none. Raises Denied, Missing, Conflict for a milestone that has ended."""
    if proposal.milestone_id == milestone_id:
        return False
    act(by, "proposal.plan", proposal, **{"from": proposal.milestone_id, "to": milestone_id})
    if milestone_id is not None:
        goal = db.session.scalar(select(Milestone).where(Milestone.id == milestone_id).with_for_update(read=True))
        if goal is None:
            raise Missing(_("There is no such milestone."))
        if goal.ended_at is not None:
            raise Conflict(_("This milestone has ended: nothing new is planned for it."))
    proposal.milestone_id = milestone_id
    return _changed(proposal)


def classify(proposal: Proposal, by: Actor, topic_id: int) -> bool:
    """Put it under another topic. Raises Denied, Missing."""
    if proposal.topic_id == topic_id:
        return False
    act(by, "proposal.classify", proposal, **{"from": proposal.topic_id, "to": topic_id})
    if db.session.get(Topic, topic_id) is None:
        raise Missing(_("There is no such topic."))
    count({(proposal.state, proposal.topic_id): -1, (proposal.state, topic_id): 1})
    proposal.topic_id = topic_id
    return _changed(proposal)


def postpone(proposal: Proposal, by: Actor, vote_by: date) -> bool:
    """Ask for answers until another day. Raises Denied, Conflict where nobody is asked any more."""
    if proposal.vote_by == vote_by:
        return False
    act(by, "proposal.postpone", proposal)
    if proposal.state != State.OPEN:
        raise Conflict(
            _("Only an open proposal has an answer-by date; this one is now: %(state)s.", state=proposal.label)
        )
    proposal.vote_by = vote_by
    return _changed(proposal)


def standing(proposal: Proposal) -> dict[str, Any]:
    """What a step of its state changes, as a batch keeps it."""
    return {
        "state": proposal.state, "electorate_size": proposal.electorate_size,
        "vote_by": proposal.vote_by.isoformat() if proposal.vote_by else None,
        "closed_at": proposal.closed_at.isoformat() if proposal.closed_at else None,
        "consent_until": proposal.consent_until.isoformat() if proposal.consent_until else None,
        "without_estimate": proposal.without_estimate,
    }  # fmt: skip


def take_back(proposal: Proposal, by: Actor, before: Mapping[str, Any], since: datetime) -> None:
    """Put a proposal back where it stood before a step that was recorded by mistake.

    A decision recorded with that step (at or after `since`) stays on record as taken back. Ballots are counted anew
    where it is open again. A consent that the step ended goes on, unless its time ran out meanwhile: then nobody could
    object any more, and it is an ordinary vote. Raises Denied. The caller has seen that nothing else happened since.
    """
    act(by, "proposal.take_back", proposal, **{"from": proposal.state, "to": before["state"]})
    count({(proposal.state, proposal.topic_id): -1, (before["state"], proposal.topic_id): 1})
    left, decided_on = proposal.state, turns.first_decision(proposal)
    proposal.state, proposal.electorate_size = before["state"], before["electorate_size"]
    proposal.vote_by = date.fromisoformat(before["vote_by"]) if before["vote_by"] else None
    proposal.closed_at = datetime.fromisoformat(before["closed_at"]) if before["closed_at"] else None
    until = datetime.fromisoformat(before["consent_until"]) if before.get("consent_until") else None
    if until is not None and until > now():
        proposal.consent_until, proposal.without_estimate = until, before.get("without_estimate", "")
    made = select(Decision).where(Decision.proposal_id == proposal.id, Decision.recorded_at >= since)
    for decision in db.session.scalars(made.where(Decision.taken_back_at.is_(None))):
        decision.taken_back_at = now()
    turns.moved(proposal, left)
    turns.decided(proposal, decided_on)
    _changed(proposal)
    db.session.flush()
    recount(proposal.id)


def _changed(proposal: Proposal) -> bool:
    proposal.version += 1
    proposal.active_at = now()
    return True
