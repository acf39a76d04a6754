"""Endpoints: the list, one's page with its state, making, changing, trying, rotating and deleting them.

The log of an endpoint has a module and a blueprint of its own, registered here.
"""

from typing import Any

from flask import Blueprint, Response, current_app, url_for
from flask import request as asked
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from board.activity import queries as activity
from board.connections.health import since
from board.db import transaction
from board.errors import Missing, Refusal
from board.i18n import gettext as _
from board.outgoing import endpoints, queries, resending, sending, sent_log
from board.outgoing.forms import EndpointForm
from board.outgoing.health import health
from board.outgoing.queries import EndpointLine
from board.outgoing.words import KINDS
from board.web import Caught, actor, component, no_store, page, redirect_to, refusals, respond

bp = Blueprint("outgoing", __name__)
bp.after_request(no_store)


@bp.record_once
def _more(state: BlueprintSetupState) -> None:
    state.app.register_blueprint(sent_log.bp)


@bp.get("/outgoing")
def index() -> Response:
    """All endpoints and how they are."""
    lines = [(line, health(line)) for line in queries.endpoints()]
    return page("outgoing/index.html", lines=lines, kinds=KINDS, since=since, listed=_listed())


@bp.get("/outgoing/new")
def new() -> Response:
    """The form for a new one."""
    form = _form(data={"kinds": ["proposals", "decisions"], "public_id": endpoints.new_public_id()})
    return page("outgoing/new.html", form=form, refusal=None, listed=_listed())


@bp.post("/outgoing")
def create() -> BaseResponse:
    """Make it; the answer shows its secret, this once."""
    form, refusal = _form(asked.form), None
    if form.validate():
        try:
            with transaction():
                made, secret = endpoints.create(actor(), form.wishes(), form.public_id.data or "")
            return _once(made.id, secret)
        except Refusal as why:
            refusal = why
    told = refusal.message if refusal else None
    status = refusal.status if refusal else 422
    return page("outgoing/new.html", status=status, form=form, refusal=told, listed=_listed())


def _once(endpoint_id: int, secret: str, *, rotated: bool = False) -> Response:
    """The page that shows a new secret: the only one that ever does."""
    return page("outgoing/secret.html", status=201, line=_line(endpoint_id), secret=secret, rotated=rotated)


@bp.get("/outgoing/<int:endpoint_id>")
def show(endpoint_id: int) -> Response:
    """One endpoint: how it is, what it is told, secrets, what happened."""
    line = _line(endpoint_id)
    return page(
        "outgoing/show.html", kinds=KINDS, history=activity.of_endpoint(line.id, actor()), **_state(line),
        newest=[sent_log.row(one) for one in queries.deliveries(line.id, queries.Filter(), 5)],
    )  # fmt: skip


@bp.get("/outgoing/<int:endpoint_id>/state")
def state(endpoint_id: int) -> Response:
    """How it is now: the part of its page that looks again."""
    return component("outgoing/_state.html", **_state(_line(endpoint_id)))


@bp.route("/outgoing/<int:endpoint_id>/edit", methods=["GET", "POST"])
def edit(endpoint_id: int) -> BaseResponse:
    """Change address, description and what it is told."""
    line = _line(endpoint_id)
    before = {**line.__dict__, "kinds": list(line.kinds), "partner": str(line.partner_id or "")}
    form = _form(asked.form if asked.method == "POST" else None, data=before)
    if asked.method == "POST" and form.validate():
        with transaction():
            endpoints.edit(endpoints.locked(line.id), actor(), form.wishes())
        return redirect_to(_page(line.id), _("Saved."))
    status = 200 if asked.method == "GET" else 422
    return page("outgoing/edit.html", status=status, line=line, form=form, refusal=None, listed=_listed())


@bp.post("/outgoing/<int:endpoint_id>/try", endpoint="try")
def try_out(endpoint_id: int) -> BaseResponse:
    """Send a test now and say what came of it; that takes ten seconds at most."""
    good, told = False, ""
    with refusals() as caught, transaction():
        delivery_id = resending.try_out(endpoints.locked(endpoint_id), actor())
    if not caught:
        claimed = sending.claim(endpoint_id, delivery_id)
        if claimed is not None:
            sending.attempt(claimed)
        found = queries.delivery(endpoint_id, delivery_id)
        if found is not None:
            good, told = found.status == "delivered", sent_log.told(found)
    return respond(
        "outgoing/_state.html", back_to=_page(endpoint_id) + f"#endpoint-{endpoint_id}", refusal=caught.refusal,
        message=told, **_state(_line(endpoint_id), told, good),
    )  # fmt: skip


@bp.post("/outgoing/<int:endpoint_id>/rotate")
def rotate(endpoint_id: int) -> BaseResponse:
    """A second valid secret beside the first; the answer shows it, this once."""
    with refusals() as caught, transaction():
        secret = endpoints.rotate(endpoints.locked(endpoint_id), actor())
    if caught:
        return _secrets(endpoint_id, caught)
    return _once(endpoint_id, secret, rotated=True)


@bp.post("/outgoing/<int:endpoint_id>/secrets/<int:secret_id>/retire")
def retire(endpoint_id: int, secret_id: int) -> BaseResponse:
    """A secret signs no more."""
    with refusals() as caught, transaction():
        endpoints.retire(endpoints.locked(endpoint_id), actor(), secret_id)
    return _secrets(endpoint_id, caught, _("The secret is retired."))


def _secrets(endpoint_id: int, caught: Caught, told: str = "") -> BaseResponse:
    line = _line(endpoint_id)
    back = _page(line.id) + "#secrets"
    return respond("outgoing/_secrets.html", back_to=back, refusal=caught.refusal, message=told, line=line)


@bp.post("/outgoing/<int:endpoint_id>/disable")
def disable(endpoint_id: int) -> BaseResponse:
    """Tell it nothing for a while."""
    with transaction():
        endpoints.disable(endpoints.locked(endpoint_id), actor())
    return redirect_to(_page(endpoint_id), _("The webhook is disabled."))


@bp.post("/outgoing/<int:endpoint_id>/enable")
def enable(endpoint_id: int) -> BaseResponse:
    """Tell it what happens from now on."""
    with transaction():
        endpoints.enable(endpoints.locked(endpoint_id), actor())
    return redirect_to(_page(endpoint_id), _("The webhook is enabled."))


@bp.route("/outgoing/<int:endpoint_id>/delete", methods=["GET", "POST"])
def delete(endpoint_id: int) -> BaseResponse:
    """Ask first, on a page of its own."""
    line = _line(endpoint_id)
    if asked.method == "GET":
        return page("outgoing/delete.html", line=line)
    with transaction():
        endpoints.delete(endpoints.locked(line.id), actor())
    return redirect_to(url_for("outgoing.index"), _("%(name)s was deleted.", name=line.name))


def _line(endpoint_id: int) -> EndpointLine:
    found = queries.endpoint(endpoint_id)
    if found is None:
        raise Missing(_("There is no such webhook."))
    return found


def _state(line: EndpointLine, tried: str = "", well: bool = False) -> dict[str, Any]:
    """What outgoing/_state.html shows; `tried` tells what came of a test."""
    return {"line": line, "health": health(line), "since": since, "tried": tried, "well": well}


def _form(formdata: Any = None, **kwargs: Any) -> EndpointForm:
    return EndpointForm(formdata, listed=_listed(), **kwargs)


def _listed() -> tuple[str, ...]:
    found: tuple[str, ...] = current_app.config["BOARD"].webhooks
    return found


def _page(endpoint_id: int) -> str:
    return url_for("outgoing.show", endpoint_id=endpoint_id)
