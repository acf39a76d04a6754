"""Modules and the app as YAML, out for everybody who may read, in for product owners with a preview."""

import secrets
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.wrappers import Response as BaseResponse

from board import text, web, yaml
from board.db import transaction
from board.errors import Missing
from board.i18n import current_locale, in_days
from board.i18n import gettext as _
from board.modules import beginning, queries, taking
from board.proposals import queries as proposals
from board.proposals.forms import ProposalForm
from board.settings.current import current
from board.web import actor, page, redirect_to, refusals

bp = Blueprint("modules", __name__)


@bp.get("/proposals/<proposal:proposal_id>/module.yml", endpoint="module")
def module(proposal_id: int) -> BaseResponse:
    """A proposal as a module's file. Raises Missing."""
    return _yaml(queries.module(proposal_id), f"FV-{proposal_id}.yml")


@bp.get("/data/city_app.yml", endpoint="app")
def app() -> BaseResponse:
    """The whole app as city_app.yml."""
    origin = current_app.config["BOARD"].origin or request.host_url.rstrip("/")
    return _yaml(queries.app(origin), "city_app.yml")


@bp.get("/proposals/<proposal:proposal_id>/used-by.yml", endpoint="used_by")
def used_by(proposal_id: int) -> BaseResponse:
    """Who runs it, to paste into the publiccode.yml of its repository. Raises Missing."""
    queries.module(proposal_id)
    return _yaml({"usedBy": queries.users(proposal_id)}, "used-by.yml")


@bp.route("/proposals/<proposal:proposal_id>/module/import", methods=["GET", "POST"], endpoint="import_")
def import_(proposal_id: int) -> BaseResponse | Response:
    """Take a module's file in: first what would happen, then for good."""
    return _import(proposal_id)


@bp.route("/data/module/import", methods=["GET", "POST"], endpoint="begin")
def begin() -> BaseResponse | Response:
    """Take in the file of a module that the board does not know: look at it as a proposal, then propose it."""
    if request.method == "GET":
        return page("modules/new.html", content="", source="", problem="", plan=None)
    content, source, topics = _content(), _source(), proposals.topics(current_locale(), offered=True)
    try:
        given = yaml.mapping(content)
    except yaml.BadFile as why:
        return _new(content, source, str(why))
    sent = request.form.get("do") == "import"
    start = {"vote_by": in_days(current().vote_days), "once": secrets.token_urlsafe(16)}
    form = ProposalForm(request.form if sent else None, topics=topics, data=start | beginning.fields(given, topics))
    plan, problem = taking.plan(given, taking.NEW), _wrong(source)
    if sent and not problem and form.validate():
        number = beginning.begin(actor(), form.draft(), plan, source, form.once.data or "")
        return redirect_to(
            f"/proposals/FV-{number}", _("%(key)s is proposed, with what its file says.", key=f"FV-{number}")
        )
    status = 422 if sent or problem else 200
    return _new(content, source, problem, status=status, plan=plan, form=form)


def _new(content: str, source: str, problem: str = "", status: int = 422, **more: Any) -> Response:
    form = more.get("form")
    alike = beginning.alike(form.title.data or "", source, current_locale()) if form else []
    return page(
        "modules/new.html", status=status, content=content, source=source, problem=problem, alike=alike,
        **{"plan": None, **more},
    )  # fmt: skip


@bp.route("/data/app/import", methods=["GET", "POST"], endpoint="import_app")
def import_app() -> BaseResponse | Response:
    """The same with the file of the app."""
    return _import(None)


def _import(proposal_id: int | None) -> BaseResponse | Response:
    if proposal_id is not None:
        queries.module(proposal_id)
    if request.method == "GET":
        return _page(proposal_id)
    content, source = _content(), _source()
    if problem := _wrong(source):
        return _page(proposal_id, content, source, problem)
    try:
        plan = taking.plan(yaml.mapping(content), proposal_id)
    except yaml.BadFile as why:
        return _page(proposal_id, content, source, str(why))
    if request.form.get("do") != "import":
        return _page(proposal_id, content, source, plan=plan)
    with refusals() as caught, transaction():
        if proposal_id is None:
            taking.take_app(plan, source, actor())
        else:
            taking.take(proposals.locked(proposal_id), plan, source, actor())
    if caught.refusal:
        return _page(proposal_id, content, source, caught.refusal.message, status=caught.refusal.status)
    goal = "/data#app" if proposal_id is None else f"/proposals/FV-{proposal_id}#module-{proposal_id}"
    return redirect_to(goal, _("The file was taken in."))


def _page(
    proposal_id: int | None, content: str = "", source: str = "", problem: str = "", plan: Any = None, status: int = 0
) -> Response:
    return page(
        "modules/import.html", key=f"FV-{proposal_id}" if proposal_id else "", content=content, source=source,
        problem=problem, plan=plan, status=status or (422 if problem else 200),
    )  # fmt: skip


def _content() -> str:
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return text.decoded(sent.read())
    return request.form.get("content", "").replace("\r\n", "\n")


def _source() -> str:
    return text.clean(request.form.get("source", ""))[:500]


def _wrong(source: str) -> str:
    return _("The address of the file begins with https://.") if source and not source.startswith("https://") else ""


def _yaml(values: dict[str, Any], name: str) -> BaseResponse:
    try:
        response = web.download(yaml.written(values), name, yaml.CONTENT_TYPE)
    except yaml.BadFile as why:
        raise Missing(str(why)) from None
    response.add_etag(weak=True)
    return response.make_conditional(request)
