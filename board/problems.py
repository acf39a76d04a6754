"""How the JSON API refuses: problem details (RFC 9457), and where the API begins.

`type` is an address on the board's own page about the API, `title` is the same for all problems of a type, `detail`
says what happened here, in the language that the request wishes. `request_id` finds it in the log.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, request

from board.errors import Busy, FactorMissing, Refusal
from board.i18n import gettext as _
from board.log import request_id

ROOT = "/api/v1"
MEDIA_TYPE = "application/problem+json"
N_ = str  # Marks a message id; it is translated where it is shown.

TITLES: dict[str, tuple[int, str]] = {
    "bad-request": (400, N_("The request could not be understood")),
    "unauthorized": (401, N_("A valid access token is needed")),
    "forbidden": (403, N_("This person may not do this")),
    "insufficient-scope": (403, N_("The token is not for this")),
    "second-factor-missing": (403, N_("The person's role needs a second factor")),
    "not-found": (404, N_("There is nothing at this address")),
    "method-not-allowed": (405, N_("This address cannot be used like that")),
    "not-acceptable": (406, N_("The board cannot answer in this form")),
    "conflict": (409, N_("The state does not allow it")),
    "length-required": (411, N_("The request does not say how long it is")),
    "edited-meanwhile": (412, N_("Somebody else has changed it meanwhile")),
    "too-large": (413, N_("The request is too large")),
    "unsupported-media-type": (415, N_("The body must be JSON")),
    "invalid": (422, N_("The request is not valid")),
    "key-reused": (422, N_("The idempotency key was used for another request")),
    "edition-required": (428, N_("The edition that is edited must be named")),
    "too-many-requests": (429, N_("Too many attempts")),
    "internal-error": (500, N_("Something went wrong on our side")),
    "unavailable": (503, N_("The board is busy at the moment")),
}
"""Type → status and title. The page about the API lists them."""


def is_api() -> bool:
    """Whether the running request is for the API: cookies mean nothing there, and answers are JSON."""
    return request.path == ROOT or request.path.startswith(f"{ROOT}/")


def of(refusal: Refusal) -> Response:
    """The problem for a refusal of the domain."""
    kind = str(refusal.hints.get("problem", "")) or (
        "second-factor-missing" if isinstance(refusal, FactorMissing) else ""
    )
    more = {name: refusal.hints[name] for name in ("errors", "scope") if name in refusal.hints}
    response = answer(refusal.status, refusal.message, kind=kind, **more)
    if refusal.status in {429, 503} or isinstance(refusal, Busy):
        response.headers["Retry-After"] = str(refusal.hints.get("seconds", 5))
    return response


def answer(status: int, detail: str = "", *, kind: str = "", **more: Any) -> Response:
    """A problem; `kind` is a key of `TITLES`, else the first one of that status stands for it."""
    kind = kind or next((name for name, (code, _title) in TITLES.items() if code == status), "internal-error")
    title = _(TITLES[kind][1])
    body: Mapping[str, Any] = {
        "type": f"{current_app.config['BOARD'].origin}/api#{kind}", "title": title, "status": status,
        "detail": detail or f"{title}.", "request_id": request_id(), **more,
    }  # fmt: skip
    response = Response(json.dumps(body, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Stadtrunde"'
    if kind == "insufficient-scope":
        response.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{more.get("scope", "")}"'
    return response
