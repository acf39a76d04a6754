"""The page of one's access tokens. A new one is shown once, in the answer to the form that made it."""

from typing import Any

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from board.accounts import queries as accounts
from board.accounts import tokens
from board.accounts.models import Person
from board.db import db, transaction
from board.i18n import gettext as _
from board.tokens.forms import TokenForm
from board.tokens.words import SCOPES
from board.web import actor, no_store, page, redirect_to, refusals

bp = Blueprint("tokens", __name__)


@bp.get("/account/tokens")
def index() -> Response:
    """One's tokens, and the form for a new one."""
    return _page(_form())


@bp.post("/account/tokens")
def create() -> Response:
    """Make one, and show it this once."""
    form = _form(request.form)
    if not form.validate():
        return _page(form, 422)
    made = ""
    with refusals() as caught, transaction():
        made = tokens.create(
            db.session.get_one(Person, actor().person_id), actor(), name=form.name.data or "",
            scopes=form.scopes.data or (), membership_id=form.membership_id, days=form.days.data,
        )  # fmt: skip
    if caught.refusal:
        return _page(form, caught.refusal.status, refusal=caught.refusal.message)
    return _page(_form(), made=made, calendar=tokens.CALENDAR in (form.scopes.data or ()))


@bp.post("/account/tokens/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    """End one of one's own; programs that use it are refused from then on."""
    with transaction():
        tokens.revoke(token_id, actor())
    return redirect_to(url_for("tokens.index"), _("That token is revoked."))


def _form(given: Any = None) -> TokenForm:
    seats = [(seat.id, seat.partner.name) for seat in accounts.memberships(actor().person_id or 0)]
    start = {"seat": str(actor().membership_id or "")} if given is None else None
    return TokenForm(given, seats=seats, steers=actor().is_product_owner, data=start)


def _page(form: TokenForm, status: int = 200, **told: Any) -> Response:
    shown = {"made": "", "calendar": False, "refusal": None} | told
    living = tokens.living(actor().person_id or 0)
    origin = current_app.config["BOARD"].origin or request.host_url.rstrip("/")
    return no_store(
        page("tokens/index.html", form=form, tokens=living, words=SCOPES, origin=origin, status=status, **shown)
    )
