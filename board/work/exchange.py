"""Work packages out as YAML or CSV, and in with a preview. `views` gives these pages their addresses."""

from typing import Any

from flask import Response, request, stream_with_context
from sqlalchemy import ColumnElement
from werkzeug.wrappers import Response as BaseResponse

from board import csv, text, web, yaml
from board.errors import Missing
from board.i18n import gettext as _
from board.web import actor, page, redirect_to, refusals
from board.work import browsing, exporting, files, importing, queries, reading
from board.work.models import Package


def export(kind: str) -> BaseResponse:
    """The packages that the list shows, as a file."""
    return _file(kind, "arbeitspakete", browsing.chosen().conditions(actor()))


def export_proposal(proposal_id: int, kind: str) -> BaseResponse:
    """The packages under a proposal, as a file."""
    queries.proposal(proposal_id)
    return _file(kind, f"arbeitspakete-FV-{proposal_id}", [Package.proposal_id == proposal_id])


def import_(proposal_id: int) -> BaseResponse | Response:
    """Bring packages in: first what would happen, then the same for good."""
    proposal = queries.proposal(proposal_id)
    if request.method == "GET":
        return _shown(proposal, "", None)
    content, problem, plan = _content(), "", None
    with refusals() as caught:
        try:
            found = files.read(content)
            if request.form.get("do") == "import":
                plan = importing.import_(found, proposal_id, actor())
                if not plan.broken:
                    return redirect_to(f"/proposals/FV-{proposal_id}#packages-{proposal_id}", _told(plan))
            else:
                plan = importing.preview(found, proposal_id, actor())
        except yaml.BadFile as why:
            problem = str(why)
    if caught.refusal:
        problem = caught.refusal.message
    status = caught.refusal.status if caught.refusal else 422 if problem or (plan and plan.broken) else 200
    return _shown(proposal, content, plan, problem, status)


def _shown(proposal: Any, content: str, plan: importing.Plan | None, problem: str = "", status: int = 200) -> Response:
    """The page; a plan that can be carried out offers to do so."""
    return page(
        "work/import.html", proposal=proposal, content=content, plan=plan, problem=problem, status=status,
        statuses=", ".join(reading.STATUSES),
    )  # fmt: skip


def _content() -> str:
    """The file if one was chosen, else the text of the field, which holds what was checked before."""
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return text.decoded(sent.read())
    return request.form.get("content", "").replace("\r\n", "\n")


def _told(plan: importing.Plan) -> str:
    return _("Imported: %(new)s new, %(changed)s changed, %(same)s unchanged.",
             new=plan.count("new"), changed=plan.count("changed"), same=plan.count("unchanged"))  # fmt: skip


def _file(kind: str, name: str, where: list[ColumnElement[bool]]) -> BaseResponse:
    ids = exporting.ids(where)
    rows = exporting.batches(ids)
    if kind == "csv":
        table = files.to_csv(rows, exporting.extras(ids))
        return web.download(stream_with_context(table), f"{name}.csv", csv.CONTENT_TYPE)
    try:
        listed = files.to_yaml(rows)
    except yaml.BadFile as why:
        raise Missing(str(why)) from None
    return web.download(stream_with_context(listed), f"{name}.yaml", yaml.CONTENT_TYPE)
