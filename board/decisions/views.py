"""Routes of the decision sheet: the page, its Markdown, the product owners' part, and the records of decisions."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.db import transaction
from board.decisions import markdown, queries, verbs
from board.decisions.forms import BriefingForm
from board.decisions.queries import Sheet
from board.i18n import gettext as _
from board.policy import allowed
from board.proposals import queries as proposals
from board.proposals.states import LABELS
from board.web import actor, download, etag, not_modified, page, redirect_to, refusals, tagged

bp = Blueprint("decisions", __name__)
MARKDOWN = "text/markdown; charset=utf-8"


@bp.get("/proposals/<proposal:proposal_id>/sheet")
def sheet(proposal_id: int) -> Response:
    """The sheet as it stands now."""
    by = actor()
    tag = etag("sheet", proposals.footprint(proposal_id), proposals.electorate_version())
    if response := not_modified(tag):
        return response
    proposal = proposals.whole(proposal_id)
    found = queries.live(proposal, by)
    shown = {
        "proposal": proposal, "sheet": found, "may_write": allowed(by, "sheet.write", proposal),
        "records": queries.records(proposal_id), "labels": LABELS, **_words(found),
    }  # fmt: skip
    return tagged(page("decisions/sheet.html", **shown), tag)


@bp.get("/proposals/<proposal:proposal_id>/sheet.md")
def markdown_of_sheet(proposal_id: int) -> Response:
    """The sheet as a Markdown file."""
    found = queries.live(proposals.whole(proposal_id), actor())
    return download(markdown.written(found), f"{found.key}.md", MARKDOWN)


@bp.route("/proposals/<proposal:proposal_id>/sheet/edit", methods=["GET", "POST"])
def write(proposal_id: int) -> BaseResponse:
    """Open questions and recommendation."""
    proposal, stored = proposals.whole(proposal_id), queries.briefing(proposal_id)
    begun = {"version": str(stored.version if stored else 0)}
    begun |= {"questions": stored.questions, "recommendation": stored.recommendation} if stored else {}
    form = BriefingForm(request.form if request.method == "POST" else None, data=begun)
    if request.method == "GET":
        return page("decisions/write.html", proposal=proposal, form=form, theirs=None)
    if not form.validate():
        return page("decisions/write.html", status=422, proposal=proposal, form=form, theirs=None)
    with refusals() as caught, transaction():
        verbs.write(
            proposals.locked(proposal_id), actor(), version=form.began_with,
            questions=form.questions.data or "", recommendation=form.recommendation.data or "",
        )  # fmt: skip
    if caught.refusal:
        stored = queries.briefing(proposal_id)
        form.version.data = str(stored.version if stored else 0)
        status, shown = caught.refusal.status, {"refusal": caught.refusal, "theirs": stored}
        return page("decisions/write.html", status=status, proposal=proposal, form=form, **shown)
    return redirect_to(f"/proposals/FV-{proposal_id}/sheet", _("The sheet was changed."))


@bp.get("/decisions/<int:decision_id>")
def show(decision_id: int) -> Response:
    """The record of a decision."""
    found = queries.kept(decision_id, actor())
    return page("decisions/show.html", sheet=found, labels=LABELS, **_words(found))


@bp.get("/decisions/<int:decision_id>.md")
def markdown_of_record(decision_id: int) -> Response:
    """The record as a Markdown file."""
    found = queries.kept(decision_id, actor())
    return download(markdown.written(found), f"{found.key}-{_('decision')}-{decision_id}.md", MARKDOWN)


def _words(found: Sheet) -> dict[str, Any]:
    return {"cleared": markdown.cleared(found)}
