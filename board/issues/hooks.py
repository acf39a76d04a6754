"""`POST /hooks/<provider>/<public_id>`: the only door for forges. No session, small JSON answers, never HTML."""

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from board.errors import Busy
from board.issues import callers
from board.issues import receive as receiving
from board.issues.models import Provider
from board.issues.secrets import Unreadable
from board.log import log

bp = Blueprint("hooks", __name__)
MAX_DELIVERY = 5 * 1024 * 1024
PROVIDERS = frozenset(Provider)


@bp.post("/hooks/<provider>/<public_id>")
def receive(provider: str, public_id: str) -> Response:
    """Take a delivery in; 503 only when nothing could be kept."""
    try:
        return _receive(provider, public_id)
    except (Busy, SQLAlchemyError) as problem:
        log.error("webhook unavailable", why=type(problem).__name__)
        return _say(503, "unavailable", retry=5)
    except Unreadable as problem:
        log.error("webhook unavailable", why=str(problem))
        return _say(503, "unavailable", retry=60)


def _receive(provider: str, public_id: str) -> Response:
    who = callers.caller(provider, public_id) if provider in PROVIDERS else None
    if who is None:
        return _say(404, "unknown connection")
    length = request.content_length
    if length is None or "Transfer-Encoding" in request.headers:
        return _say(411, "length required")
    if length > MAX_DELIVERY:
        return _say(413, "too large")
    request.max_content_length = MAX_DELIVERY
    try:
        raw = request.get_data(cache=False, parse_form_data=False)
    except (HTTPException, OSError):
        raw = b""
    if len(raw) != length:
        return _say(400, "truncated")
    form = request.mimetype == "application/x-www-form-urlencoded"
    answer = receiving.receive(who, request.headers, raw, form=form)
    return _say(answer.code, answer.status, answer.reason, answer.delivery_id)


def _say(code: int, status: str, reason: str = "", delivery: int | None = None, retry: int = 0) -> Response:
    response = jsonify({"status": status, "reason": reason, "delivery": delivery} if delivery else {"status": status})
    response.status_code = code
    response.headers["Cache-Control"] = "no-store"
    if retry:
        response.headers["Retry-After"] = str(retry)
    return response
