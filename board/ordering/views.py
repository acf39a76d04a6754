"""Ordering the backlog: the table, one proposal's place, and what is done with a selection."""

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from board import i18n
from board.db import transaction
from board.i18n import gettext as _
from board.i18n import ngettext
from board.milestones import queries as milestones
from board.ordering import tables, together, verbs
from board.ordering.forms import DecisionsForm, PlaceForm, TogetherForm
from board.ordering.shown import for_proposal
from board.ordering.together import Together
from board.proposals import queries
from board.proposals.filters import MOST
from board.web import Undo, actor, component, refusals, respond, see_other

bp = Blueprint("ordering", __name__)

bp.get("/proposals/table", endpoint="table")(tables.table)
bp.get("/proposals/pictures", endpoint="pictures")(tables.pictures)


# One proposal


@bp.get("/proposals/<proposal:proposal_id>/place")
def place(proposal_id: int) -> Response:
    """Value and milestone of one proposal, alone."""
    return component("ordering/_place.html", **for_proposal(queries.whole(proposal_id), actor()))


@bp.post("/proposals/<proposal:proposal_id>/place")
def put(proposal_id: int) -> Response:
    """Rate one proposal and plan it for a milestone."""
    form, caught = PlaceForm(request.form, goals=milestones.milestones()), None
    undo = None
    if form.validate():
        with refusals() as caught, transaction():
            proposal, by = queries.locked(proposal_id), actor()
            undo = {"value": str(proposal.value), "milestone": str(proposal.milestone_id or "")}
            verbs.rate(proposal, by, int(form.value.data))
            verbs.plan(proposal, by, int(form.milestone.data) if form.milestone.data else None)
    path = f"/proposals/FV-{proposal_id}"
    failed = bool(form.errors or caught)
    shown = for_proposal(queries.whole(proposal_id), actor(), form if failed else None)
    return respond(
        "ordering/_place.html", back_to=f"{path}#place-{proposal_id}", form=form if form.errors else None,
        refusal=caught.refusal if caught else None, message=_("Saved."),
        undo=Undo(f"{path}/place", undo) if undo else None, **shown,
    )  # fmt: skip


# Several at once


@bp.post("/proposals/together")
def bulk() -> Response:
    """Do the same with all that were selected; what is refused is told and holds up no other."""
    goals = milestones.milestones(running=True)
    form, ids = TogetherForm(request.form, goals=goals, topics=queries.topics(i18n.current_locale())), _picked()
    if not form.validate() or not ids:
        form.none_picked = not ids
        return tables.shown(422, bulk=form, picked=ids)
    by, do = actor(), form.do.data
    with transaction():
        if do in together.PLAIN:
            found = together.change(ids, by, do, form.wanted() if do != "value" else int(form.value.data))
        elif do == "reopen":
            found = together.move(ids, by, do, vote_by=form.vote_by.data)
        else:
            found = together.move(ids, by, do)
    return _back(found)


@bp.post("/proposals/together/decide")
def decide() -> Response:
    """Record one sitting's decision for all that were selected."""
    form, ids = DecisionsForm(request.form), _picked()
    if not form.validate() or not ids:
        form.none_picked = not ids
        return tables.shown(422, deciding=form, picked=ids)
    words: dict[str, Any] = {
        "body": form.body.data, "decided_on": form.decided_on.data, "reason": form.reason.data,
    }  # fmt: skip
    if form.outcome.data == "accept":
        words["without_estimate"] = form.without_estimate.data or ""
    with transaction():
        found = together.move(ids, actor(), form.outcome.data, **words)
    return _back(found)


@bp.post("/proposals/together/undo")
def undo() -> Response:
    """Take back what was just done with several."""
    with transaction():
        found = together.undo(_number("batch"), actor())
    text = ngettext("Undone for %(n)s proposal.", "Undone for %(n)s proposals.", len(found.done))
    return see_other(tables.address(), _told(found, text))


def _back(found: Together) -> Response:
    text = ngettext("%(n)s proposal was changed.", "%(n)s proposals were changed.", len(found.done))
    back = tables.address()
    query = back.partition("?")[2]
    url = "/proposals/together/undo" + (f"?{query}" if query else "")
    offered = Undo(url, {"batch": str(found.batch)}) if found.batch else None
    return see_other(back, _told(found, text), offered)


def _told(found: Together, text: str) -> str:
    if not found.refused:
        return text
    left = ngettext("%(n)s stayed as it was:", "%(n)s stayed as they were:", found.refused)
    return " ".join((text, left, *found.told[:3]))


def _picked() -> tuple[int, ...]:
    """The ids of the selection; anything else is left out."""
    given = (value for value in request.form.getlist("proposal") if value.isascii() and value.isdigit())
    return tuple(dict.fromkeys(int(value) for value in given if len(value) <= 9))[:MOST]


def _number(name: str) -> int:
    value = request.form.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else 0
