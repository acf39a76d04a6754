"""One proposal and the verbs that move it. The list stands in `browsing`, writing in `authoring`."""

from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from board import i18n
from board.activity import queries as activity
from board.comments import queries as comments
from board.db import db, transaction
from board.decisions import verbs as decisions
from board.duplicates import queries as duplicates
from board.estimates.shown import for_proposal as estimates_of
from board.i18n import gettext as _
from board.issues import mirror
from board.learnings import queries as learnings
from board.modules import queries as modules
from board.notifications import watching
from board.ordering.shown import for_proposal as place_of
from board.policy import Actor
from board.proposals import authoring, browsing, queries, states_shown
from board.proposals.forms import DecisionForm, ReopenForm
from board.proposals.models import Proposal
from board.proposals.states import DECISIONS
from board.variants import queries as variants
from board.voting import queries as voting
from board.voting.tallies import recount
from board.web import actor, component, etag, not_modified, page, refusals, respond, tagged
from board.work import queries as work

bp = Blueprint("proposals", __name__)


# One proposal


@bp.get("/proposals/<proposal:proposal_id>")
def show(proposal_id: int) -> Response:
    """All about one proposal; one that was merged leads on."""
    by = actor()
    watches = watching.watches(by.person_id, f"FV-{proposal_id}")
    tag = etag(queries.footprint(proposal_id), queries.electorate_version(), watches)
    if response := not_modified(tag):
        return response
    proposal = queries.whole(proposal_id)
    if proposal.merged_into_id is not None:
        return redirect(f"/proposals/FV-{duplicates.leads_to(proposal_id)}#merged-{proposal_id}")
    return tagged(page("proposals/show.html", **_whole(proposal, by)), tag)


def _whole(proposal: Proposal, by: Actor) -> dict[str, Any]:
    """What the page shows, each feature's part from its own queries."""
    return {
        **states_shown.of(proposal, by),
        **duplicates.for_proposal(proposal, by),
        **voting.for_proposal(proposal, by),
        **mirror.for_proposal(proposal, by),
        **comments.for_proposal(proposal, by),
        "watching": watching.of_thing(by, proposal),
        **place_of(proposal, by),
        **estimates_of(proposal, by),
        **work.for_proposal(proposal, by),
        "learnings": learnings.of_proposal(proposal, by),
        "module": modules.of_proposal(proposal),
        "variants": variants.of_proposal(proposal, by),
        **activity.for_proposal(proposal, by),
        "face": "card",
        "english": i18n.current_locale() == "en",
    }


@bp.get("/proposals/<proposal:proposal_id>/counts")
def counts(proposal_id: int) -> Response:
    """The line of counts in a row, alone."""
    return component("proposals/_counts.html", row=queries.row(proposal_id, i18n.current_locale()))


@bp.get("/proposals/<proposal:proposal_id>/state")
def state(proposal_id: int) -> Response:
    """The state with its verbs and decisions, alone."""
    return component("proposals/_state.html", **states_shown.of(queries.whole(proposal_id), actor()))


# Verbs


@bp.post("/proposals/<proposal:proposal_id>/withdraw")
def withdraw(proposal_id: int) -> Response:
    """Take it out of the running."""
    return _move(proposal_id, "withdraw")


@bp.post("/proposals/<proposal:proposal_id>/start")
def start(proposal_id: int) -> Response:
    """The work has begun."""
    return _move(proposal_id, "start")


@bp.post("/proposals/<proposal:proposal_id>/pilot")
def pilot(proposal_id: int) -> Response:
    """The first partners try it out."""
    return _move(proposal_id, "pilot")


@bp.post("/proposals/<proposal:proposal_id>/publish")
def publish(proposal_id: int) -> Response:
    """Everyone can use it."""
    return _move(proposal_id, "publish")


@bp.post("/proposals/<proposal:proposal_id>/accept")
def accept(proposal_id: int) -> Response:
    """Record that a committee accepted it."""
    return _decide(proposal_id, "accept")


@bp.post("/proposals/<proposal:proposal_id>/defer")
def defer(proposal_id: int) -> Response:
    """Record that a committee put it off."""
    return _decide(proposal_id, "defer")


@bp.post("/proposals/<proposal:proposal_id>/decline")
def decline(proposal_id: int) -> Response:
    """Record that a committee declined it."""
    return _decide(proposal_id, "decline")


@bp.post("/proposals/<proposal:proposal_id>/reopen")
def reopen(proposal_id: int) -> Response:
    """Ask the partners again."""
    form = ReopenForm(request.form)
    if not form.validate():
        return _answer(proposal_id, "reopen", form=form, reopening=form)
    return _move(proposal_id, "reopen", form=form, vote_by=form.vote_by.data)


def _decide(proposal_id: int, verb: str) -> Response:
    form = DecisionForm(request.form)
    if not form.validate():
        return _answer(proposal_id, verb, form=form, decision=form)
    words = {"body": form.body.data, "decided_on": form.decided_on.data, "reason": form.reason.data}
    if verb == "accept":
        words["without_estimate"] = form.without_estimate.data or ""
    return _move(proposal_id, verb, form=form, **words)


def _move(proposal_id: int, verb: str, form: Any = None, **words: Any) -> Response:
    """One verb in its transaction, answered with the state as it then is."""
    with refusals() as caught, transaction():
        proposal = queries.locked(proposal_id)
        getattr(proposal, verb)(actor(), **words)
        if verb in DECISIONS:
            decisions.keep(proposal)
        if verb == "reopen":
            db.session.flush()
            recount(proposal_id)
    if caught.refusal and caught.refusal.hints.get("unestimated"):
        form.without_estimate.errors = [caught.refusal.message]
        return _answer(proposal_id, verb, form=form, decision=form)
    forms = {} if not caught or form is None else {"reopening" if verb == "reopen" else "decision": form}
    return _answer(proposal_id, verb, form=form, refusal=caught.refusal, **forms)


def _answer(proposal_id: int, verb: str, **context: Any) -> Response:
    proposal, by = queries.whole(proposal_id), actor()
    failed = context.get("refusal") or (context.get("form") is not None and context["form"].errors)
    shown = (
        states_shown.of(proposal, by)
        | voting.for_proposal(proposal, by)
        | {"asked": verb if failed else "", "face": "card"}
    )
    return respond(
        "proposals/_state.html",
        back_to=f"/proposals/{proposal.key}#state-{proposal.id}",
        message=_("%(key)s is now: %(state)s.", key=proposal.key, state=proposal.label),
        beside={f"ballot-{proposal.id}": "voting/_ballot.html", f"tally-{proposal.id}": "voting/_tally.html"},
        **(shown | context),
    )


# Lists and writing

bp.get("/proposals", endpoint="index")(browsing.index)
bp.get("/proposals/news", endpoint="news")(browsing.news)
bp.get("/proposals/new", endpoint="new")(authoring.new)
bp.post("/proposals", endpoint="propose")(authoring.propose_one)
bp.get("/proposals/similar", endpoint="similar")(authoring.similar)
bp.get("/proposals/several", endpoint="several")(authoring.several)
bp.post("/proposals/several", endpoint="propose_several")(authoring.propose_several)
bp.route("/proposals/<proposal:proposal_id>/edit", methods=["GET", "POST"], endpoint="edit")(authoring.edit_one)
