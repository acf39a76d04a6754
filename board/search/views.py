"""`/search`: everything that holds the words; `/search/jump`: the few places to go to while typing."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.i18n import gettext as _
from board.search import queries, suggest, words
from board.text import clean
from board.web import actor, component, etag, not_modified, page, redirect_to, tagged

bp = Blueprint("search", __name__, url_prefix="/search")

MAX_WORDS = 100


@bp.get("")
def index() -> BaseResponse:
    """What was found, by kind; `kind` narrows to one. Nothing but a key leads there at once."""
    typed, by = _typed(), actor()
    kind = request.args.get("kind", "")
    kind = kind if kind in queries.kinds(by) else ""
    named = queries.jump(typed, by, most=1) if words.key(typed) else ()
    if named and words.key(named[0].key) == words.key(typed):
        return redirect_to(named[0].url)
    groups = queries.find(typed, by, kind)
    meant = "" if groups else suggest.instead(typed)
    kinds = [("", _("Everything")), *((name, _(LABELS[name])) for name in queries.kinds(by))]
    context: dict[str, Any] = {
        "typed": typed, "kind": kind, "groups": groups, "meant": meant, "labels": LABELS, "lists": LISTS,
        "kinds": kinds,
    }  # fmt: skip
    tag = etag(groups, meant, kinds)
    return not_modified(tag) or tagged(page("search/index.html", **context), tag)


@bp.get("/jump")
def jump() -> Response:
    """The list under the jump box."""
    typed = _typed()
    return component("search/_jump.html", typed=typed, hits=queries.jump(typed, actor()) if typed else ())


def _typed() -> str:
    return " ".join(clean(request.args.get("q", "")).split())[:MAX_WORDS].strip()


LABELS = {
    "proposal": "Proposals",
    "package": "Work packages",
    "learning": "Learnings",
    "partner": "Partners",
    "issue": "Issues",
    "comment": "Comments",
}
"""Kind → the message id of its heading."""
LISTS = {
    "proposal": "/proposals?q=",
    "package": "/work?view=list&q=",
    "issue": "/issues?triage=all&q=",
    "learning": "/learnings?q=",
}
"""Kind → the list that shows all of them, with its own filters."""
