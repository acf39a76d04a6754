"""Language and appearance for people without an account: `?lang=en` and `?theme=dark` on any page.

Such a link sets one cookie and leads to the address without it. No other anonymous page sets a cookie.
"""

from urllib.parse import urlencode

from flask import Flask, current_app, redirect, request
from werkzeug.wrappers import Response

from board.accounts.verbs import THEMES
from board.i18n import LOCALES
from board.web import is_partial, safe_path

COOKIES = {"lang": LOCALES, "theme": THEMES}
YEAR = 365 * 24 * 60 * 60


def init_app(app: Flask) -> None:
    """Listen for the two parameters."""
    app.before_request(_choose)


def _choose() -> Response | None:
    """Keep the choice and go on to the same page; values that do not exist are ignored."""
    endpoint = request.endpoint or ""
    own = endpoint.endswith((".atom", ".calendar", ".subscribe", "static"))  # They read `lang` too.
    own = own or endpoint.startswith(("feeds.", "api."))  # Programs have neither.
    if request.method != "GET" or not endpoint or own or is_partial():
        return None
    chosen = {name: request.args[name] for name, values in COOKIES.items() if request.args.get(name) in values}
    if not chosen:
        return None
    rest = [(name, value) for name, value in request.args.items(multi=True) if name not in chosen]
    address = request.path + (f"?{urlencode(rest)}" if rest else "")
    response = redirect(safe_path(address) or "/", 303)
    response.headers["Cache-Control"] = "no-store"
    for name, value in chosen.items():
        response.set_cookie(
            name, value, max_age=YEAR, secure=current_app.config["BOARD"].https, httponly=True, samesite="Lax"
        )
    return response
