"""Milestones: read, added, changed, ended."""

from datetime import date
from typing import Any

from board.api.answering import wrong
from board.api.fields import Day, Given, Shape, some_line
from board.api.registry import change, read
from board.i18n import gettext as _
from board.milestones import queries
from board.milestones.models import Milestone as MilestoneRow
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
GOALS = N_("Milestones")


class Milestone(Shape):
    """What is to be reached until when."""

    id: int
    name: str
    due_on: date | None
    ended: bool


class Milestones(Shape):
    """All milestones, those without a day last."""

    items: list[Milestone]


@read("/milestones", "milestones", GOALS, N_("List milestones"), answer=Milestones)
def milestones() -> Milestones:
    """The milestones in their order."""
    return Milestones(items=[Milestone.model_validate(found) for found in queries.milestones()])


def milestone_of(milestone_id: int) -> Milestone:
    """One milestone."""
    return Milestone.model_validate(queries.goal(milestone_id))


class MilestoneGiven(Given):
    """What is to be reached, and until when, where that is known."""

    name: some_line(80)  # type: ignore[valid-type]
    due_on: Day | None = None


@change("POST", "/milestones", "create_milestone", GOALS, N_("Add a milestone (product owners)"), body=MilestoneGiven,
        answer=Milestone, scope="steer", status=201, example={"name": "Herbst", "due_on": "2027-10-01"})  # fmt: skip
def create_milestone(body: MilestoneGiven) -> Any:
    """Add one."""
    _sensible(body)
    made = MilestoneRow.create(actor(), name=body.name, due_on=body.due_on).id
    return lambda: milestone_of(made)


@change("PUT", "/milestones/<int:milestone_id>", "edit_milestone", GOALS,
        N_("Call a milestone otherwise, or move its day (product owners)"), body=MilestoneGiven, answer=Milestone,
        scope="steer")  # fmt: skip
def edit_milestone(milestone_id: int, body: MilestoneGiven) -> Any:
    """Change it."""
    _sensible(body)
    queries.locked(milestone_id).edit(actor(), name=body.name, due_on=body.due_on)
    return lambda: milestone_of(milestone_id)


def _sensible(body: MilestoneGiven) -> None:
    if body.due_on and not date(1990, 1, 1) <= body.due_on <= date(2199, 12, 31):
        raise wrong("/due_on", _("Not a valid date value."))


@change("POST", "/milestones/<int:milestone_id>/end", "end_milestone", GOALS,
        N_("A milestone is reached or given up (product owners)"), answer=Milestone, scope="steer")  # fmt: skip
def end_milestone(milestone_id: int) -> Any:
    """End it."""
    queries.locked(milestone_id).end(actor())
    return lambda: milestone_of(milestone_id)


@change("POST", "/milestones/<int:milestone_id>/resume", "resume_milestone", GOALS,
        N_("A milestone goes on after all (product owners)"), answer=Milestone, scope="steer")  # fmt: skip
def resume_milestone(milestone_id: int) -> Any:
    """Let it go on."""
    queries.locked(milestone_id).resume(actor())
    return lambda: milestone_of(milestone_id)
