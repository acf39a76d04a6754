"""The board's own cookies: the session, the device, and the step between two pages of signing in.

`__Host-` binds a cookie to this host over https; plain http (a local demo) cannot use it.
"""

import base64
import json
from typing import Any

from flask import current_app, request
from werkzeug.wrappers import Response

from board import vault
from board.db import now

SESSION, DEVICE, STEP = "session", "device", "step"
STEP_SECONDS = 10 * 60
LONGEST = 3000


def name(cookie: str) -> str:
    """How the cookie is called on this installation."""
    return f"__Host-{cookie}" if current_app.config["BOARD"].https else cookie


def given(cookie: str) -> str:
    """What the browser sent, or nothing."""
    value = request.cookies.get(name(cookie), "")
    return value if len(value) <= LONGEST else ""


def give(response: Response, cookie: str, value: str, seconds: int) -> Response:
    """Hand it to the browser, out of reach of scripts and of other sites' forms."""
    secure = current_app.config["BOARD"].https
    response.set_cookie(name(cookie), value, max_age=seconds, secure=secure, httponly=True, samesite="Lax", path="/")
    return response


def take(response: Response, cookie: str) -> Response:
    """Remove it."""
    secure = current_app.config["BOARD"].https
    response.delete_cookie(name(cookie), path="/", secure=secure, httponly=True, samesite="Lax")
    return response


def give_step(response: Response, kind: str, **facts: Any) -> Response:
    """Remember, sealed, for ten minutes, how far a sign-in has come; the server keeps nothing."""
    text = json.dumps({**facts, "at": int(now().timestamp())})
    box = base64.urlsafe_b64encode(vault.seal(text, f"step-{kind}")).decode()
    return give(response, STEP, box, STEP_SECONDS)


def step(kind: str) -> dict[str, Any] | None:
    """What `give_step` remembered; None when there is nothing, it is too old or somebody has touched it."""
    try:
        box = base64.urlsafe_b64decode(given(STEP))
        facts: dict[str, Any] = json.loads(vault.unseal(box, f"step-{kind}"))
    except (ValueError, vault.Unreadable):
        return None
    return facts if 0 <= int(now().timestamp()) - facts["at"] <= STEP_SECONDS else None
