"""What a proposal's page shows of its place in the order; any page may include it."""

from typing import Any

from board.milestones.queries import milestones
from board.ordering.forms import PlaceForm, milestone_choices
from board.policy import Actor, allowed
from board.proposals.words import VALUE_LABELS


def for_proposal(proposal: Any, by: Actor, form: PlaceForm | None = None) -> dict[str, Any]:
    """`place`: value and milestone in words, and for product owners the form that changes them."""
    goals = milestones(running=False)
    goal = next((goal for goal in goals if goal.id == proposal.milestone_id), None)
    may = allowed(by, "proposal.rate", proposal)
    running = [one for one in goals if not one.ended or one is goal]
    values = {"value": str(proposal.value), "milestone": str(proposal.milestone_id or "")}
    placing = (form or PlaceForm(goals=running, data=values)) if may else None
    if placing:
        placing.milestone.choices = milestone_choices(running)
    value = VALUE_LABELS[str(proposal.value)] if proposal.value else ""
    return {"proposal": proposal, "place": {"id": proposal.id, "value": value, "goal": goal}, "placing": placing}
