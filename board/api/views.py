"""The routes of the API, made from the registry, and the document that describes them."""

from flask import Blueprint, Response, jsonify, request

from board import problems
from board.api import (
    around,
    authoring,
    comments,
    estimates,
    knowledge,
    meetings,
    milestones,
    news,
    openapi,
    places,
    proposals,
    seats,
    voting,
    work,
)
from board.api.answering import view
from board.api.registry import OPERATIONS

bp = Blueprint("api", __name__)
GROUPS = (
    proposals, authoring, estimates, voting, work, seats, comments, around, knowledge, meetings, milestones, news,
    places,
)  # fmt: skip
"""The modules that register operations."""

for _operation in OPERATIONS:
    bp.add_url_rule(
        problems.ROOT + _operation.path, _operation.name, view(_operation), methods=[_operation.method],
        strict_slashes=True,
    )  # fmt: skip


@bp.get(f"{problems.ROOT}/openapi.json")
def document() -> Response:
    """All operations, for programs that write programs."""
    response = jsonify(openapi.document())
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
