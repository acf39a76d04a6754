"""Connections: the list, one's page with its live state, making, changing, rotating and deleting them.

The log and the label rules of a connection have modules and blueprints of their own, registered here.
"""

from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from board.activity import queries as activity
from board.connections import delivery_log, forms, label_rules
from board.connections.health import health, since
from board.connections.words import PROVIDERS
from board.db import transaction
from board.errors import Missing, Refusal
from board.i18n import gettext as _
from board.i18n import ngettext
from board.issues import backfills, connections, problems, replay, repositories
from board.issues import connection_queries as queries
from board.issues.connection_queries import ConnectionLine, DeliveryFilter
from board.issues.models import Provider
from board.jobs.worker import worker
from board.web import Caught, actor, component, no_store, page, redirect_to, refusals, respond

bp = Blueprint("connections", __name__)
bp.after_request(no_store)


@bp.record_once
def _more(state: BlueprintSetupState) -> None:
    for blueprint in (delivery_log.bp, label_rules.bp):
        state.app.register_blueprint(blueprint)


@bp.get("/connections")
def index() -> Response:
    """All connections and how they are."""
    lines = [(line, health(line)) for line in queries.connections()]
    return page("connections/index.html", lines=lines, providers=PROVIDERS, since=since)


@bp.get("/connections/new")
def new() -> Response:
    """The form for a new one; the forge may stand in the address."""
    asked = request.args.get("provider", "")
    provider = asked if asked in {p.value for p in Provider} else Provider.GITLAB.value
    chosen = {"provider": provider, "public_id": connections.new_public_id(), "accept_new": True}
    return page("connections/new.html", form=forms.NewForm(data=chosen), refusal=None)


@bp.post("/connections")
def create() -> BaseResponse:
    """Make it; the answer shows its secret, this once."""
    form, refusal = forms.NewForm(request.form), None
    if form.validate():
        try:
            with transaction():
                wishes = form.wishes(form.provider.data, public_id=form.public_id.data)
                made, secrets = connections.create(actor(), wishes)
            return _once(made.id, secrets[0])
        except Refusal as why:
            refusal = why
    status = refusal.status if refusal else 422
    return page("connections/new.html", status=status, form=form, refusal=refusal.message if refusal else None)


def _once(connection_id: int, secret: str, *, rotated: bool = False) -> Response:
    """The page that shows a new secret: the only one that ever does."""
    line = _line(connection_id)
    return page(
        "connections/secret.html", status=201, line=line, secret=secret, rotated=rotated, url=_address(line),
        providers=PROVIDERS,
    )  # fmt: skip


@bp.get("/connections/<int:connection_id>")
def show(connection_id: int) -> Response:
    """One connection: how it is, what to click at the forge, secrets, repositories, what happened."""
    line = _line(connection_id)
    return page(
        "connections/show.html", url=_address(line), providers=PROVIDERS,
        history=activity.of_connection(line.id, actor()), **_state(line),
    )  # fmt: skip


@bp.get("/connections/<int:connection_id>/state")
def state(connection_id: int) -> Response:
    """How it is now: the live part of its page."""
    return component("connections/_state.html", **_state(_line(connection_id)))


@bp.route("/connections/<int:connection_id>/edit", methods=["GET", "POST"])
def edit(connection_id: int) -> BaseResponse:
    """Change name, host, choices and token."""
    line = _line(connection_id)
    form = forms.EditForm(request.form if request.method == "POST" else None, obj=line)
    refusal: Refusal | None = None
    if request.method == "POST" and form.validate():
        with refusals() as caught, transaction():
            wishes = form.wishes(line.provider, forget_token=bool(form.forget_token.data))
            connections.edit(connections.locked(line.id), actor(), wishes)
        if not caught:
            return redirect_to(_page(line.id), _("Saved."))
        refusal = caught.refusal
    status = 200 if request.method == "GET" else refusal.status if refusal else 422
    told = refusal.message if refusal else None
    return page("connections/edit.html", status=status, line=line, form=form, refusal=told)


@bp.post("/connections/<int:connection_id>/rotate")
def rotate(connection_id: int) -> BaseResponse:
    """A second valid secret beside the first; the answer shows it, this once."""
    with refusals() as caught, transaction():
        secret = connections.rotate(connections.locked(connection_id), actor())
    if caught:
        return _secrets(connection_id, caught)
    return _once(connection_id, secret, rotated=True)


@bp.post("/connections/<int:connection_id>/secrets/<int:secret_id>/retire")
def retire(connection_id: int, secret_id: int) -> BaseResponse:
    """A secret is valid no more."""
    with refusals() as caught, transaction():
        connections.retire(connections.locked(connection_id), actor(), secret_id)
    return _secrets(connection_id, caught, _("The secret is retired."))


def _secrets(connection_id: int, caught: Caught, told: str = "") -> BaseResponse:
    line = _line(connection_id)
    return respond(
        "connections/_secrets.html", back_to=_page(line.id) + "#secrets", refusal=caught.refusal, message=told,
        line=line, since=since,
    )  # fmt: skip


@bp.post("/connections/<int:connection_id>/disable")
def disable(connection_id: int) -> BaseResponse:
    """Take nothing in for a while; the forge keeps its webhook."""
    with transaction():
        connections.disable(connections.locked(connection_id), actor())
    return redirect_to(_page(connection_id), _("The connection is disabled."))


@bp.post("/connections/<int:connection_id>/enable")
def enable(connection_id: int) -> BaseResponse:
    """Take deliveries in again."""
    with transaction():
        connections.enable(connections.locked(connection_id), actor())
    return redirect_to(_page(connection_id), _("The connection is enabled."))


@bp.route("/connections/<int:connection_id>/delete", methods=["GET", "POST"])
def delete(connection_id: int) -> BaseResponse:
    """Ask first, on a page of its own; then its address is gone for good."""
    line = _line(connection_id)
    if request.method == "GET":
        return page("connections/delete.html", line=line)
    with transaction():
        connections.delete(connections.locked(line.id), actor())
    return redirect_to(url_for("connections.index"), _("%(name)s was deleted.", name=line.name))


@bp.get("/connections/<int:connection_id>/repositories", endpoint="repositories")
def list_repositories(connection_id: int) -> Response:
    """Its repositories: the live part of its page."""
    return component("connections/_repositories.html", line=_line(connection_id))


@bp.post("/connections/<int:connection_id>/repositories/<int:repository_id>/accept")
def accept(connection_id: int, repository_id: int) -> BaseResponse:
    """Its issues are taken in from now on; what was ignored meanwhile is made up for."""
    made_up = 0
    with refusals() as caught, transaction():
        repositories.accept(connection_id, repository_id, actor())
    if not caught:
        made_up = len(replay.replay_ignored(connection_id, repository_id, actor()))
    more = ngettext("%(n)s delivery was made up for.", "%(n)s deliveries were made up for.", made_up) if made_up else ""
    return _repositories(connection_id, caught, " ".join(filter(None, (_("Accepted."), more))))


@bp.post("/connections/<int:connection_id>/repositories/<int:repository_id>/refuse")
def refuse(connection_id: int, repository_id: int) -> BaseResponse:
    """Its issues are not taken in."""
    with refusals() as caught, transaction():
        repositories.refuse(connection_id, repository_id, actor())
    return _repositories(connection_id, caught, _("Refused."))


def _repositories(connection_id: int, caught: Caught, told: str) -> BaseResponse:
    line = _line(connection_id)
    return respond(
        "connections/_repositories.html", back_to=_page(line.id) + "#repositories", refusal=caught.refusal,
        message=told, line=line,
    )  # fmt: skip


@bp.post("/connections/<int:connection_id>/backfill")
def backfill(connection_id: int) -> BaseResponse:
    """Have the issues of its repositories fetched, only what changed or everything."""
    with refusals() as caught, transaction():
        backfills.ask(connections.locked(connection_id), actor(), full="full" in request.form)
    if not caught:
        worker().soon("backfills")
    return respond(
        "connections/_state.html", back_to=_page(connection_id) + f"#connection-{connection_id}",
        refusal=caught.refusal, message=_("The fetch begins in a moment."), **_state(_line(connection_id)),
    )  # fmt: skip


def _line(connection_id: int) -> ConnectionLine:
    found = queries.connection(connection_id)
    if found is None:
        raise Missing(_("There is no such connection."))
    return found


def _state(line: ConnectionLine) -> dict[str, Any]:
    """What connections/_state.html shows."""
    return {
        "line": line,
        "health": health(line),
        "since": since,
        "fetch": queries.latest_backfill(line.id),
        "problems": problems.told,
        "first": len(queries.deliveries(line.id, DeliveryFilter(), 2)) == 1,
    }


def _address(line: ConnectionLine) -> str:
    board = current_app.config["BOARD"]
    return queries.hook_url(board.origin or request.host_url.rstrip("/"), line.provider, line.public_id)


def _page(connection_id: int) -> str:
    return url_for("connections.show", connection_id=connection_id)
