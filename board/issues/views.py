"""Routes of this feature. The webhook's door has a blueprint of its own, so that its endpoint is `hooks.receive`."""

from typing import Any, cast

from flask import Blueprint, Flask, Response, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from board.db import db, transaction
from board.errors import Missing
from board.i18n import current_locale
from board.i18n import gettext as _
from board.issues import browsing, cli, forms, hooks, inbox, lane, making, mirror, together, triage, uploading
from board.proposals.models import Proposal
from board.proposals.queries import topics
from board.web import Caught, actor, component, refusals, respond
from board.work.models import Package

bp = Blueprint("issues", __name__)


@bp.record_once
def _doors(state: BlueprintSetupState) -> None:
    state.app.register_blueprint(hooks.bp)
    app = cast("Flask", state.app)
    app.wsgi_app = lane.Lane(app)  # type: ignore[assignment,method-assign]
    state.app.extensions.setdefault("nav_counts", {})["issues.index"] = inbox.badge
    cli.init_app(state.app)


# The inbox


bp.get("/issues", endpoint="index")(browsing.index)
bp.get("/issues/news", endpoint="news")(browsing.news)
bp.route("/issues/import", methods=["GET", "POST"], endpoint="import_")(uploading.import_)
bp.url_value_preprocessor(lambda _endpoint, _values: uploading.allow_large())
bp.post("/issues/bulk", endpoint="bulk")(together.bulk)
bp.post("/issues/bulk/undo", endpoint="bulk_undo")(together.bulk_undo)


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
        made = making.proposal(triage.locked(issue_id), actor(), int(form.topic.data))
    return _answer(issue_id, caught, _("%(key)s was created.", key=made.key) if made else "", propose=form)


@bp.post("/issues/<int:issue_id>/package")
def package(issue_id: int) -> BaseResponse:
    """Make a work package of it, under a proposal."""
    form, made = forms.PackageForm(request.form), None
    if not form.validate():
        return _answer(issue_id, form=form, package=form)
    with refusals() as caught, transaction():
        made = making.package(triage.locked(issue_id), actor(), form.proposal_id())
    return _answer(issue_id, caught, _("%(key)s was created.", key=made.key) if made else "", package=form)


@bp.post("/issues/<int:issue_id>/snooze")
def snooze(issue_id: int) -> BaseResponse:
    """Let it rest until the chosen day."""
    form = forms.SnoozeForm(request.form)
    if not form.validate():
        return _answer(issue_id, form=form, snooze=form)
    with refusals() as caught, transaction():
        triage.snooze(triage.locked(issue_id), actor(), form.wakes_at())
    return _answer(issue_id, caught, _("Snoozed."), snooze=form)


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
