"""The desk at `/`."""

from flask import Blueprint, Response

from board.web import page

bp = Blueprint("desk", __name__)


@bp.get("/")
def show() -> Response:
    """What waits for you, or the partnership at a glance."""
    return page("desk/show.html")
