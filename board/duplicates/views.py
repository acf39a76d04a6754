"""Routes of duplicates: suggesting, dismissing, merging, taking back, and the page of what was merged."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.db import transaction
from board.duplicates import queries, verbs
from board.duplicates.forms import MergeForm, SuggestForm
from board.errors import Missing
from board.i18n import current_locale
from board.i18n import gettext as _
from board.proposals import queries as proposals
from board.proposals.similar import similar
from board.proposals.states import State
from board.voting import queries as voting
from board.web import Undo, actor, page, redirect_to, refusals, respond, see_other

bp = Blueprint("duplicates", __name__)


@bp.post("/proposals/<proposal:proposal_id>/duplicate")
def suggest(proposal_id: int) -> BaseResponse:
    """Mark it as perhaps the same as another."""
    form = SuggestForm(request.form)
    if not form.validate():
        return _answer(proposal_id, form=form)
    with refusals() as caught, transaction():
        one, other = verbs.locked(proposal_id, queries.leads_to(form.number))
        verbs.suggest(one, other, form.note.data or "", actor())
    return _answer(proposal_id, form=form, refusal=caught.refusal, message=_("Marked as a possible duplicate."))


@bp.post("/duplicates/<int:duplicate_id>/dismiss")
def dismiss(duplicate_id: int) -> BaseResponse:
    """They are not the same."""
    with transaction():
        mark = queries.mark(duplicate_id)
        proposal_id = mark.proposal_id
        verbs.dismiss(mark, actor())
    return _answer(proposal_id, message=_("The suggestion was dismissed."))


@bp.route("/proposals/<proposal:proposal_id>/merge", methods=["GET", "POST"])
def merge(proposal_id: int) -> BaseResponse:
    """Choose the proposal that it becomes part of; then merge."""
    form = MergeForm(request.form if request.method == "POST" else None, data={"into": request.args.get("into", "")})
    if request.method == "GET":
        return _choose(proposal_id, form)
    if not form.validate():
        return _choose(proposal_id, form, status=422)
    with refusals() as caught, transaction():
        one, other = verbs.locked(proposal_id, queries.leads_to(form.number))
        verbs.merge(one, other, actor())
        key = other.key
    if caught.refusal:
        return _choose(proposal_id, form, status=caught.refusal.status, refusal=caught.refusal)
    told = _("FV-%(id)s is now part of %(key)s.", id=proposal_id, key=key)
    undo = Undo(f"/proposals/FV-{proposal_id}/unmerge")
    return see_other(f"/proposals/{key}", told, undo)


@bp.post("/proposals/<proposal:proposal_id>/unmerge")
def unmerge(proposal_id: int) -> BaseResponse:
    """Take the merger back."""
    with transaction():
        (proposal,) = verbs.locked(proposal_id)
        verbs.unmerge(proposal, actor())
    return redirect_to(f"/proposals/FV-{proposal_id}", _("FV-%(id)s stands by itself again.", id=proposal_id))


@bp.get("/proposals/<proposal:proposal_id>/merged")
def show(proposal_id: int) -> Response:
    """What a merged proposal said, and its ballots as they were. Raises Missing for one that is not merged."""
    by, proposal = actor(), proposals.whole(proposal_id)
    if proposal.state != State.MERGED:
        raise Missing(_("This proposal is not merged."))
    into = proposals.row(queries.leads_to(proposal_id), current_locale())
    shown = queries.for_proposal(proposal, by)
    shown |= {"ballots": voting.ballots(proposal, by), "tally": voting.tallies([proposal])[proposal_id]}
    shown |= {"english": current_locale() == "en"}
    return page("duplicates/show.html", proposal=proposal, into=into, **shown)


def _choose(proposal_id: int, form: MergeForm, **more: Any) -> Response:
    proposal = proposals.whole(proposal_id)
    near = similar(proposal.title, current_locale(), proposal_id)
    marked = queries.suggested(proposal_id)
    return page("duplicates/merge.html", proposal=proposal, form=form, near=near, marked=marked, **more)


def _answer(proposal_id: int, **context: Any) -> BaseResponse:
    proposal = proposals.whole(proposal_id)
    failed = context.get("refusal") or (context.get("form") is not None and context["form"].errors)
    return respond(
        "duplicates/_section.html",
        back_to=f"/proposals/{proposal.key}#duplicates-{proposal.id}",
        proposal=proposal,
        suggesting=context.get("form") if failed else None,
        **queries.for_proposal(proposal, actor()),
        **context,
    )
