"""The routes of the API, made from the registry, and the document that describes them."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from board import problems
from board.api import (
    around,
    authoring,
    comments,
    knowledge,
    meetings,
    news,
    openapi,
    places,
    proposals,
    voting,
    work,
)
from board.api.answering import view
from board.api.registry import OPERATIONS
from board.errors import Refusal

bp = Blueprint("api", __name__)
GROUPS = (proposals, authoring, voting, work, comments, around, knowledge, meetings, news, places)
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


@bp.errorhandler(Refusal)
def refused(refusal: Refusal) -> Any:
    """Every refusal as a problem, also those for which pages have answers of their own."""
    return problems.of(refusal)


@bp.errorhandler(HTTPException)
def failed(why: HTTPException) -> Any:
    """What HTTP itself refuses."""
    return problems.answer(why.code or 500)
