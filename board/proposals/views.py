"""Reading proposals, and the verbs that move one. Writing them stands in `authoring`."""

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from board import i18n
from board.activity import queries as activity
from board.comments import queries as comments
from board.db import db, transaction
from board.i18n import gettext as _
from board.issues import mirror
from board.policy import Actor, allowed
from board.proposals import authoring, lists, queries, rows
from board.proposals import filters as narrowing
from board.proposals.filters import Filters
from board.proposals.forms import DecisionForm, ReopenForm
from board.proposals.models import DECISIONS, LABELS, MOVES, Proposal, State
from board.voting import queries as voting
from board.voting.tallies import recount
from board.web import actor, component, etag, is_partial, not_modified, page, refusals, respond, tagged
from board.work import queries as work

bp = Blueprint("proposals", __name__)


# Lists


@bp.get("/proposals")
def index() -> Response:
    """The list, narrowed and sorted by its address; htmx gets the next rows of it."""
    by, locale = actor(), i18n.current_locale()
    topics, partners = queries.topics(locale), queries.proposers()
    chosen = _filters(by, topics, partners)
    if not is_partial() and parse_qsl(request.query_string.decode("ascii", "replace"), True) != parse_qsl(
        chosen.query(), True
    ):
        return redirect(chosen.url(after=chosen.after, n=chosen.n), 302)
    found, more = lists.page(chosen, by)
    maintained = lists.totals()
    total = lists.total(chosen, by, maintained) if chosen.active or not maintained else sum(maintained.values())
    shown, own = rows.lines(found, by, electorate := queries.electorate_version())
    tag = etag(chosen, found, more, maintained, total, electorate, own, topics, partners)
    if response := not_modified(tag):
        return response
    context: dict[str, Any] = {
        "filters": chosen, "lines": shown, "total": total, "counted": lists.COUNTED, "all": sum(maintained.values()),
        "open": sum(n for (state, _t), n in maintained.items() if state == State.OPEN),
        "more_url": chosen.url(after=more) if more else "",
        "grown_url": _grown(chosen, more), "shown": len(shown),
    }  # fmt: skip
    if is_partial():
        return page("proposals/_more.html", **context)
    context |= {
        "chips": _chips(chosen, by, topics, partners), "topics": topics, "partners": partners,
        "states": LABELS, "sorts": narrowing.SORTS,
        "news": _news(chosen, 0, lists.newest_id()),
    }  # fmt: skip
    return tagged(page("proposals/index.html", **context), tag)


@bp.get("/proposals/news")
def news() -> Response:
    """How many proposals have come into this list since the page was made."""
    by = actor()
    after = request.args.get("after", 0, type=int)
    after = after if 0 <= after < 10**9 else 0
    chosen = _filters(by, queries.topics("de"), queries.proposers())
    return component("proposals/_news.html", news=_news(chosen, lists.newer(chosen, by, after), after))


def _filters(by: Actor, topics: list[tuple[int, str, str]], partners: list[tuple[str, str]]) -> Filters:
    return narrowing.read(
        request.args,
        topics={slug for _id, slug, _label in topics},
        partners={slug for slug, _name in partners},
        partner=by.partner is not None,
        votes=by.partner is not None and by.partner.votes,
    )


def _news(chosen: Filters, n: int, after: int) -> dict[str, Any]:
    return {"n": n, "url": chosen.url(), "refresh": chosen.url("/proposals/news", after=str(after))}


def _grown(chosen: Filters, more: str) -> str:
    """The address of the list with the rows that "show more" adds, so that going back finds them again."""
    if not more or chosen.n + narrowing.PAGE > narrowing.MOST:
        return ""
    return chosen.url(n=chosen.n + narrowing.PAGE)


def _chips(
    chosen: Filters, by: Actor, topics: list[tuple[int, str, str]], partners: list[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """(field, value, address without it) for each active filter."""
    name = by.partner.name if by.partner else ""
    values = {
        "q": (_("Search"), chosen.q),
        "state": (_("Status"), _(LABELS[chosen.state]) if chosen.state else ""),
        "topic": (_("Topic"), next((label for _id, slug, label in topics if slug == chosen.topic), "")),
        "partner": (_("Proposed by"), next((label for slug, label in partners if slug == chosen.partner), "")),
        "mine": (_("Ballot"), _("of %(partner)s is due", partner=name)),
        "elsewhere": (_("In use"), _("elsewhere, not in %(partner)s", partner=name)),
    }
    without: dict[str, dict[str, str]] = {"state": {"sort": "newest", "mine": ""}}
    return [
        (*values[field], chosen.url(**{field: "", **_also(field, chosen, without)}))
        for field in chosen.narrowing
        if not (field == "state" and chosen.mine)
    ]


def _also(field: str, chosen: Filters, without: dict[str, dict[str, str]]) -> dict[str, str]:
    """What must go with a filter: "due" keeps the state, and one's own missing ballots are open ones."""
    if field == "state" and chosen.sort == "due":
        return without["state"]
    return {"state": ""} if field == "mine" and chosen.sort != "due" else {}


# One proposal


@bp.get("/proposals/<proposal:proposal_id>")
def show(proposal_id: int) -> Response:
    """All about one proposal."""
    by = actor()
    tag = etag(queries.footprint(proposal_id), queries.electorate_version())
    if response := not_modified(tag):
        return response
    proposal = queries.whole(proposal_id)
    return tagged(page("proposals/show.html", **_whole(proposal, by)), tag)


def _whole(proposal: Proposal, by: Actor) -> dict[str, Any]:
    """What the page shows, each feature's part from its own queries."""
    return {
        **_state(proposal, by),
        **voting.for_proposal(proposal, by),
        **mirror.for_proposal(proposal, by),
        **comments.for_proposal(proposal, by),
        **work.for_proposal(proposal, by),
        **activity.for_proposal(proposal, by),
        "face": "card",
        "english": i18n.current_locale() == "en",
    }


def _state(proposal: Proposal, by: Actor) -> dict[str, Any]:
    """What _state.html shows: the verbs that the state allows and the person may do."""
    may = {verb for verb in MOVES if proposal.can(verb) and allowed(by, f"proposal.{verb}", proposal)}
    return {
        "proposal": proposal,
        "may": may,
        "decisions": [verb for verb in DECISIONS if verb in may],
        "may_edit": allowed(by, "proposal.edit", proposal) and (proposal.is_open or by.is_product_owner),
        "decision": DecisionForm(data={"decided_on": i18n.today()}),
        "reopening": ReopenForm(data={"vote_by": i18n.in_days(authoring.vote_days())}),
        "asked": "",
        "labels": LABELS,
    }


@bp.get("/proposals/<proposal:proposal_id>/counts")
def counts(proposal_id: int) -> Response:
    """The line of counts in a row, alone."""
    return component("proposals/_counts.html", row=queries.row(proposal_id, i18n.current_locale()))


@bp.get("/proposals/<proposal:proposal_id>/state")
def state(proposal_id: int) -> Response:
    """The state with its verbs and decisions, alone."""
    return component("proposals/_state.html", **_state(queries.whole(proposal_id), actor()))


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
    return _move(proposal_id, verb, form=form, **words)


def _move(proposal_id: int, verb: str, form: Any = None, **words: Any) -> Response:
    """One verb in its transaction, answered with the state as it then is."""
    with refusals() as caught, transaction():
        proposal = queries.locked(proposal_id)
        getattr(proposal, verb)(actor(), **words)
        if verb == "reopen":
            db.session.flush()
            recount(proposal_id)
    forms = {} if not caught or form is None else {"reopening" if verb == "reopen" else "decision": form}
    return _answer(proposal_id, verb, form=form, refusal=caught.refusal, **forms)


def _answer(proposal_id: int, verb: str, **context: Any) -> Response:
    proposal, by = queries.whole(proposal_id), actor()
    failed = context.get("refusal") or (context.get("form") is not None and context["form"].errors)
    shown = _state(proposal, by) | voting.for_proposal(proposal, by) | {"asked": verb if failed else "", "face": "card"}
    return respond(
        "proposals/_state.html",
        back_to=f"/proposals/{proposal.key}#state-{proposal.id}",
        message=_("%(key)s is now: %(state)s.", key=proposal.key, state=proposal.label),
        beside={f"ballot-{proposal.id}": "voting/_ballot.html", f"tally-{proposal.id}": "voting/_tally.html"},
        **(shown | context),
    )


# Writing

bp.get("/proposals/new", endpoint="new")(authoring.new)
bp.post("/proposals", endpoint="propose")(authoring.propose_one)
bp.get("/proposals/similar", endpoint="similar")(authoring.similar)
bp.get("/proposals/several", endpoint="several")(authoring.several)
bp.post("/proposals/several", endpoint="propose_several")(authoring.propose_several)
bp.route("/proposals/<proposal:proposal_id>/edit", methods=["GET", "POST"], endpoint="edit")(authoring.edit_one)
