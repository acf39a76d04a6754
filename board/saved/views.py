"""Saving, removing and beginning with a view: plain forms beside the list."""

from urllib.parse import parse_qsl

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from board import i18n
from board.db import transaction
from board.errors import Refusal
from board.i18n import gettext as _
from board.proposals import browsing
from board.saved import queries
from board.saved.forms import ViewForm
from board.saved.models import SavedView
from board.web import Undo, actor, see_other

bp = Blueprint("saved", __name__)


@bp.post("/proposals/views")
def save() -> Response:
    """Keep what is shown under a name."""
    by = actor()
    form = ViewForm(request.form, by=by)
    if not form.validate():
        raise Refusal(_("A view needs a name of at most 60 characters, and somebody who sees it."))
    asked = MultiDict(parse_qsl(form.query.data or ""))
    query = browsing.filters_of(by, browsing.choices(i18n.current_locale()), asked).narrowed_query()
    with transaction():
        view = SavedView.save(by, name=form.name.data or "", face=form.face.data, query=query,
                              audience=form.audience.data)  # fmt: skip
        url, undo = view.url, Undo(f"/proposals/views/{view.id}/remove")
    return see_other(url, _("View saved."), undo)


@bp.post("/proposals/views/<int:view_id>/remove")
def remove(view_id: int) -> Response:
    """Forget a view."""
    with transaction():
        view = queries.locked(view_id, actor())
        url = view.url
        fields = {name: getattr(view, name) for name in ("name", "audience", "face", "query")}
        view.remove(actor())
    return see_other(url, _("View removed."), Undo("/proposals/views", fields))


@bp.post("/proposals/views/<int:view_id>/begin")
def begin(view_id: int) -> Response:
    """Let the partner's people begin with it."""
    with transaction():
        view = queries.locked(view_id, actor())
        view.begin_with(actor())
        url = view.url
    return see_other(url, _("Your partner begins with this view now."), Undo(f"/proposals/views/{view_id}/plain"))


@bp.post("/proposals/views/<int:view_id>/plain")
def plain(view_id: int) -> Response:
    """Let the partner's people begin with the plain list again."""
    with transaction():
        view = queries.locked(view_id, actor())
        view.begin_without(actor())
        url = view.url
    return see_other(
        url, _("Your partner begins with the plain list again."), Undo(f"/proposals/views/{view_id}/begin")
    )
