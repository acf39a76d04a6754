"""Milestones as product owners keep them."""

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from board.db import transaction
from board.i18n import gettext as _
from board.milestones import queries
from board.milestones.forms import MilestoneForm
from board.milestones.models import Milestone
from board.web import Undo, actor, page, redirect_to, see_other

bp = Blueprint("milestones", __name__)
HERE = "/milestones"


@bp.get("/milestones")
def index() -> Response:
    """All of them, with what is planned for each."""
    return _shown(MilestoneForm())


@bp.post("/milestones")
def create() -> Response:
    """Add one."""
    form = MilestoneForm(request.form)
    if not form.validate():
        return _shown(form, 422)
    with transaction():
        Milestone.create(actor(), name=form.name.data or "", due_on=form.due_on.data)
    return redirect_to(HERE, _("Milestone added."))


@bp.route("/milestones/<int:milestone_id>", methods=["GET", "POST"])
def edit(milestone_id: int) -> Response:
    """Call it otherwise, or move its day."""
    goal = queries.goal(milestone_id)
    if request.method == "GET":
        return _editor(goal, MilestoneForm(data={"name": goal.name, "due_on": goal.due_on}))
    form = MilestoneForm(request.form)
    if not form.validate():
        return _editor(goal, form, 422)
    with transaction():
        milestone = queries.locked(milestone_id)
        before = {"name": milestone.name, "due_on": milestone.due_on.isoformat() if milestone.due_on else ""}
        milestone.edit(actor(), name=form.name.data or "", due_on=form.due_on.data)
    return see_other(HERE, _("Milestone changed."), Undo(f"{HERE}/{milestone_id}", before))


@bp.post("/milestones/<int:milestone_id>/end")
def end(milestone_id: int) -> Response:
    """It is reached or given up."""
    with transaction():
        queries.locked(milestone_id).end(actor())
    return see_other(HERE, _("Milestone ended."), Undo(f"{HERE}/{milestone_id}/resume"))


@bp.post("/milestones/<int:milestone_id>/resume")
def resume(milestone_id: int) -> Response:
    """It goes on after all."""
    with transaction():
        queries.locked(milestone_id).resume(actor())
    return see_other(HERE, _("The milestone goes on."), Undo(f"{HERE}/{milestone_id}/end"))


def _shown(form: MilestoneForm, status: int = 200) -> Response:
    return page("milestones/index.html", status=status, form=form, goals=queries.planned())


def _editor(goal: Any, form: MilestoneForm, status: int = 200) -> Response:
    return page("milestones/edit.html", status=status, form=form, goal=goal)
