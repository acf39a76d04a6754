"""Routes of this feature. The webhook's door has a blueprint of its own, so that its endpoint is `hooks.receive`."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from board.db import db, now, transaction
from board.errors import Missing
from board.i18n import current_locale
from board.i18n import gettext as _
from board.issues import cli, forms, hooks, inbox, mirror, queries, rules, triage
from board.issues.models import Provider, Repository, Triage
from board.proposals.models import Proposal
from board.proposals.queries import topics
from board.text import clean
from board.web import Caught, actor, component, page, refusals, respond
from board.work import packages
from board.work.models import Package

bp = Blueprint("issues", __name__)
REST = timedelta(days=7)


@bp.record_once
def _doors(state: BlueprintSetupState) -> None:
    state.app.register_blueprint(hooks.bp)
    state.app.extensions.setdefault("nav_counts", {})["issues.index"] = inbox.badge
    cli.init_app(state.app)


# The inbox


@bp.get("/issues")
def index() -> Response:
    """Visible issues by where they stand, narrowed by the address."""
    chosen = _filter()
    lines, total, counts = queries.inbox(chosen), 0, queries.counts()
    narrowed = bool(chosen.provider or chosen.repository_id or chosen.words)
    first = queries.Filter(**{**vars(chosen), "before": None})
    total = inbox.total(first) if narrowed else counts[chosen.triage]
    shown = min(_number("seen") or 0, total) + len(lines)
    more = _address(first, before=lines[-1].id, seen=shown) if len(lines) == queries.PAGE and shown < total else ""
    done = chosen.triage == Triage.NEW and not narrowed
    empty = "" if lines else "nothing-yet" if not counts["all"] else "all-done" if done else "nothing-matches"
    return page(
        "issues/index.html", rows=inbox.rows(lines), filter=chosen, tabs=_tabs(first, counts), empty=empty, done=False,
        asked="", repositories=inbox.repositories(), n_all=counts["all"], total=total, shown=shown, more_url=more,
    )  # fmt: skip


@bp.post("/issues/<int:issue_id>/link")
def link(issue_id: int) -> BaseResponse:
    """It belongs to the proposal or package whose key was given."""
    form = forms.LinkForm(request.form)
    if not form.validate():
        return _answer(issue_id, form=form, link=form)
    with refusals() as caught, transaction():
        triage.link(triage.locked(issue_id), actor(), **form.goal())
    return _answer(issue_id, caught, _("Linked."), link=form)


@bp.post("/issues/<int:issue_id>/propose")
def propose(issue_id: int) -> BaseResponse:
    """Make a proposal of it."""
    form, made = forms.ProposeForm(request.form, topics=topics(current_locale())), None
    if not form.validate():
        return _answer(issue_id, form=form, propose=form)
    with refusals() as caught, transaction():
        issue = triage.locked(issue_id)
        made = triage.propose(issue, actor(), rules.draft_of(issue, _name(issue.repository_id), int(form.topic.data)))
    return _answer(issue_id, caught, _("%(key)s was created.", key=made.key) if made else "", propose=form)


@bp.post("/issues/<int:issue_id>/package")
def package(issue_id: int) -> BaseResponse:
    """Make a work package of it, under a proposal."""
    form, made = forms.PackageForm(request.form), None
    if not form.validate():
        return _answer(issue_id, form=form, package=form)
    with refusals() as caught, transaction():
        issue = triage.locked(issue_id)
        named = f"{_name(issue.repository_id)}#{issue.number}"[:160]
        links = ((named, issue.url),) if 0 < len(issue.url) <= 500 else ()
        draft = packages.Draft(rules.shorten(issue.title), text=issue.body, links=links)
        made = triage.package(issue, actor(), form.proposal_id(), draft)
    return _answer(issue_id, caught, _("%(key)s was created.", key=made.key) if made else "", package=form)


@bp.post("/issues/<int:issue_id>/snooze")
def snooze(issue_id: int) -> BaseResponse:
    """Let it rest for a week."""
    with refusals() as caught, transaction():
        triage.snooze(triage.locked(issue_id), actor(), now() + REST)
    return _answer(issue_id, caught, _("Snoozed for a week."))


@bp.post("/issues/<int:issue_id>/dismiss")
def dismiss(issue_id: int) -> BaseResponse:
    """It is not for the board."""
    form = forms.DismissForm(request.form)
    if not form.validate():
        return _answer(issue_id, form=form, dismiss=form)
    with refusals() as caught, transaction():
        triage.dismiss(triage.locked(issue_id), actor(), form.reason.data or "")
    return _answer(issue_id, caught, _("Dismissed."), dismiss=form)


@bp.post("/issues/<int:issue_id>/undo")
def undo(issue_id: int) -> BaseResponse:
    """Take the last triage back."""
    with refusals() as caught, transaction():
        triage.undo(triage.locked(issue_id), actor())
    return _answer(issue_id, caught, _("Undone."), done=False)


def _answer(
    issue_id: int, caught: Caught | None = None, told: str = "", *, form: Any = None, done: bool = True, **given: Any
) -> BaseResponse:
    """The row, read again: with what was typed where it was refused, else with what became of it."""
    refused = caught.refusal if caught else None
    row = inbox.row(issue_id, **(given if form or refused else {}))
    if row is None:
        raise Missing(_("There is no such issue."))
    settled = done and not form and not refused
    asked = next(iter(given), "") if form or refused else ""
    back = url_for("issues.index") + f"#issue-{issue_id}"
    return respond(
        "issues/_row.html", back_to=back, form=form, refusal=refused, message=told, row=row, done=settled, asked=asked
    )


def _name(repository_id: int) -> str:
    return db.session.get_one(Repository, repository_id).name


def _filter() -> queries.Filter:
    """From the address; what it cannot mean is left out."""
    args = request.args
    stand, provider = args.get("triage", ""), args.get("provider", "")
    return queries.Filter(
        triage=stand if stand in {"all", *(t.value for t in Triage)} else Triage.NEW.value,
        provider=provider if provider in {p.value for p in Provider} else "",
        repository_id=_number("repository"),
        words=clean(args.get("q", ""))[:100],
        before=_number("before"),
    )


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None


def _address(chosen: queries.Filter, **more: Any) -> str:
    stand = "" if chosen.triage == Triage.NEW else chosen.triage
    given = {
        "triage": stand,
        "provider": chosen.provider,
        "repository": chosen.repository_id,
        "q": chosen.words,
        **more,
    }
    query = urlencode({name: value for name, value in given.items() if value})
    return url_for("issues.index") + (f"?{query}" if query else "")


def _tabs(chosen: queries.Filter, counts: dict[str, int]) -> list[tuple[str, str, int, bool]]:
    """(address, label, how many without filters, current)."""
    labels = {
        "new": _("New"),
        "snoozed": _("Snoozed"),
        "linked": _("Linked"),
        "dismissed": _("Dismissed"),
        "all": _("All"),
    }
    return [
        (_address(queries.Filter(**{**vars(chosen), "triage": stand})), label, counts[stand], stand == chosen.triage)
        for stand, label in labels.items()
    ]


# The mirror


@bp.get("/proposals/<proposal:proposal_id>/issues")
def of_proposal(proposal_id: int) -> Response:
    """The issues of a proposal, alone."""
    found = db.session.get(Proposal, proposal_id)
    if found is None:
        raise Missing(_("There is no such proposal."))
    return component("issues/_chips.html", **mirror.for_proposal(found))


@bp.get("/packages/<package:package_id>/issues")
def of_package(package_id: int) -> Response:
    """The issues of a package and the work seen in Git for it, alone."""
    found = db.session.get(Package, package_id)
    if found is None:
        raise Missing(_("There is no such work package."))
    return component("issues/_chips.html", **mirror.for_package(found))
