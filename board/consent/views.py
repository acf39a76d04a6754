"""Routes of consent: product owners begin it or call it off, voting partners object. Its page is the proposal's."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from board import i18n
from board.consent import verbs
from board.consent.forms import ConsentForm, ObjectionForm
from board.db import transaction
from board.errors import Refusal
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals import queries as proposals
from board.proposals import states_shown
from board.settings.current import current
from board.voting import ballots as voting
from board.voting import queries
from board.web import Undo, actor, refusals, respond

bp = Blueprint("consent", __name__)


@bp.post("/proposals/<proposal:proposal_id>/consent")
def begin(proposal_id: int) -> Response:
    """Put it into consent."""
    form = ConsentForm(request.form)
    if not form.validate():
        return _answer(proposal_id, form=form, asked="consent")
    day, why = form.last.data or i18n.today(), form.without_estimate.data or ""
    refusal = _change(
        proposal_id, lambda proposal: verbs.begin(proposal, actor(), last=day, without_estimate=why)
    )  # fmt: skip
    if refusal and refusal.hints.get("unestimated"):
        form.without_estimate.errors = [refusal.message]
        return _answer(proposal_id, form=form, asked="consent")
    told = _("Accepted unless a partner objects by %(date)s.", date=i18n.long_date(day, i18n.current_locale()))
    undo = None if refusal else Undo(f"/proposals/FV-{proposal_id}/consent/recall")
    return _answer(proposal_id, form=form, refusal=refusal, message=told, undo=undo, asked="consent" if refusal else "")


@bp.post("/proposals/<proposal:proposal_id>/consent/recall")
def recall(proposal_id: int) -> Response:
    """Call it off: ballots are cast."""
    days = current().vote_days
    refusal = _change(proposal_id, lambda proposal: verbs.recall(proposal, actor(), vote_days=days))
    return _answer(proposal_id, refusal=refusal, message=_("The consent was called off; ballots are cast."))


@bp.post("/proposals/<proposal:proposal_id>/consent/object", endpoint="object")
def object_(proposal_id: int) -> Response:
    """Object for the partner acted for."""
    form, days, refusal = ObjectionForm(request.form), current().vote_days, None
    if form.validate():
        words = form.reason.data or ""
        refusal = _change(
            proposal_id, lambda proposal: verbs.object_(proposal, words, actor(), vote_days=days), voting.locked
        )
    proposal, face = queries.get(proposal_id), "card" if request.form.get("face") == "card" else ""
    box = queries.boxes([proposal], actor())[proposal_id]
    return respond(
        "voting/_ballot.html",
        back_to=f"/proposals/FV-{proposal_id}#ballot-{proposal_id}",
        form=form,
        refusal=refusal,
        message=_("Objection recorded. Now every partner can cast its ballot."),
        beside={f"tally-{proposal_id}": "voting/_tally.html"},
        ballot=box._replace(asked=bool(form.errors or refusal)),
        tally=queries.tally(proposal),
        face=face,
    )


def _change(
    proposal_id: int, change: Callable[[Any], None], lock: Callable[[int, Actor], Any] | None = None
) -> Refusal | None:
    with refusals() as caught, transaction():
        change(lock(proposal_id, actor()) if lock else proposals.locked(proposal_id))
    return caught.refusal


def _answer(proposal_id: int, *, asked: str = "", message: str = "", **context: Any) -> Response:
    """The proposal's state with its ballot beside it, as they then are."""
    proposal, by = proposals.whole(proposal_id), actor()
    shown = states_shown.of(proposal, by) | queries.for_proposal(proposal, by) | {"asked": asked, "face": "card"}
    if context.get("form") is not None and asked:
        shown["consenting"] = context["form"]
    return respond(
        "proposals/_state.html",
        back_to=f"/proposals/{proposal.key}#state-{proposal.id}",
        message=message,
        beside={f"ballot-{proposal.id}": "voting/_ballot.html", f"tally-{proposal.id}": "voting/_tally.html"},
        **(shown | context),
    )
