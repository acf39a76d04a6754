"""`/imprint`, `/privacy`, `/accessibility`, `/licence`: in the footer of every page, for everybody, always."""

from typing import Any

from flask import Blueprint, Response

from board.i18n import current_locale
from board.legal import notices
from board.legal.pages import legal
from board.web import etag, not_modified, page, tagged

bp = Blueprint("legal", __name__)


def _show(name: str) -> Response:
    found = legal(name, current_locale())
    tag = etag(found)
    return not_modified(tag) or tagged(page("legal/show.html", legal=found), tag)


@bp.get("/imprint")
def imprint() -> Response:
    """Who runs this board."""
    return _show("imprint")


@bp.get("/privacy")
def privacy() -> Response:
    """Which data are kept, what for and for how long."""
    return _show("privacy")


@bp.get("/accessibility")
def accessibility() -> Response:
    """How accessible the board is, where it is not, and whom to tell."""
    return _show("accessibility")


@bp.get("/licence")
def licence() -> Response:
    """The licence, the source and what others made."""
    shown: dict[str, Any] = {
        "source": notices.source_url(),
        "licence": notices.licence(),
        "notices": notices.third_party(),
    }
    tag = etag(shown)
    return not_modified(tag) or tagged(page("legal/licence.html", **shown), tag)
