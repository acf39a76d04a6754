"""Comments under proposals and packages: read on, write, edit, delete, each in place."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from board.comments import queries
from board.comments.forms import CommentForm, EditForm
from board.comments.models import Comment
from board.db import transaction
from board.errors import Denied, Missing
from board.i18n import gettext as _
from board.routing import MAX_DIGITS
from board.web import actor, component, refusals, respond

bp = Blueprint("comments", __name__)


@bp.get("/proposals/<proposal:proposal_id>/comments")
@bp.get("/packages/<package:package_id>/comments")
def index(proposal_id: int | None = None, package_id: int | None = None) -> Response:
    """The comments on one thing: the newest, those before an id, or those from an id on."""
    on = queries.subject(proposal_id, package_id)
    thread = queries.thread(on, actor(), before=_id("before"), start=_id("start"))
    return component("comments/_comments.html", comments=thread, back_to=thread.page_url)


@bp.post("/proposals/<proposal:proposal_id>/comments")
@bp.post("/packages/<package:package_id>/comments")
def write(proposal_id: int | None = None, package_id: int | None = None) -> Response:
    """Say something about it, on behalf of one's partner."""
    form, caught = CommentForm(request.form), None
    if form.validate():
        with refusals() as caught, transaction():
            Comment.write(queries.subject(proposal_id, package_id, locked=True), form.text.data or "", by=actor())
    thread = queries.thread(queries.subject(proposal_id, package_id), actor())
    return respond(
        "comments/_write.html",
        comments=thread,
        form=form,
        refusal=caught.refusal if caught else None,
        message=_("Comment published."),
        beside={f"comments-{thread.key}": "comments/_comments.html"},
        back_to=f"{thread.page_url}#comments-{thread.key}",
    )


@bp.get("/comments/<int:comment_id>/edit")
def editor(comment_id: int) -> Response:
    """One's own comment in a field; the list stands still while one writes."""
    comment = queries.get(comment_id)
    if comment.deleted_at:
        raise Missing
    if comment.person_id != actor().person_id:
        raise Denied(_("Only its author may change a comment."))
    form = EditForm(data={"text": comment.text, "version": comment.version})
    thread = _thread(comment, editing=comment_id)
    return component("comments/_comments.html", comments=thread, form=form, theirs="", back_to=thread.page_url)


@bp.post("/comments/<int:comment_id>/edit")
def edit(comment_id: int) -> Response:
    """Put one's own comment differently. What changed elsewhere since stands above one's words."""
    form, caught = EditForm(request.form), None
    if form.validate():
        with refusals() as caught, transaction():
            queries.get(comment_id, locked=True).edit(form.text.data or "", form.version.data or 0, by=actor())
    comment = queries.get(comment_id)
    failed = bool(form.errors or caught)
    mine = comment.person_id == actor().person_id and comment.deleted_at is None
    stale = bool(caught) and mine
    if stale:
        form.version.raw_data, form.version.data = None, comment.version
    return respond(
        "comments/_comments.html",
        comments=_thread(comment, editing=comment_id if failed and mine else None),
        form=form,
        refusal=caught.refusal if caught else None,
        theirs=comment.html if stale else "",
        message=_("Comment changed."),
        back_to=_back(comment),
    )


@bp.post("/comments/<int:comment_id>/delete")
def delete(comment_id: int) -> Response:
    """Take one's own comment back."""
    with refusals() as caught, transaction():
        queries.get(comment_id, locked=True).delete(by=actor())
    comment = queries.get(comment_id)
    return respond(
        "comments/_comments.html",
        comments=_thread(comment),
        refusal=caught.refusal,
        message=_("Comment deleted."),
        back_to=_back(comment),
    )


def _thread(comment: Comment, editing: int | None = None) -> queries.Thread:
    """The comments around one of them; those shown before stay shown."""
    on = queries.subject(comment.proposal_id, comment.package_id)
    return queries.thread(on, actor(), start=_id("start"), editing=editing)


def _back(comment: Comment) -> str:
    page = f"/packages/AP-{comment.package_id}" if comment.package_id else f"/proposals/FV-{comment.proposal_id}"
    return f"{page}#comment-{comment.id}"


def _id(name: str) -> int | None:
    """An id in the query; anything else is left out."""
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS else None
