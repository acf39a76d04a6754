"""What people read when something fails: the gate that denies by default, and every error as page or fragment."""

from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, g, request, url_for
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from board import problems
from board.accounts import cookies
from board.db import away
from board.errors import Busy, Conflict, Denied, FactorMissing, Refusal, Stale, Unknown
from board.i18n import gettext as _
from board.log import log, request_id
from board.policy import BEFORE_FACTOR, DOORS, Actor, asks_again, page_allowed
from board.resend import held
from board.security import SAFE_METHODS
from board.settings.current import current
from board.web import actor, alert, choose_language, is_partial, page, retry_after, safe_path

DATABASE_AWAY = (OperationalError, PoolTimeout)
LAST_RESORT = """<!doctype html><html lang="de"><meta charset="utf-8"><title>Stadtrunde</title>
<h1>Bei uns ist etwas schiefgegangen.</h1><p>Bitte versuchen Sie es gleich noch einmal.</p>
<p lang="en">Something went wrong on our side. Please try again in a moment.</p><p><code>{}</code></p></html>
"""


def init_app(app: Flask) -> None:
    """Gate every route by the policy, and answer every error."""
    app.before_request(_gate)
    app.register_error_handler(Refusal, _on_refusal)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_crash)


def _gate() -> None:
    """Default is deny: a route that the policy does not name is refused."""
    if request.endpoint is None:
        return
    by = actor()
    check_acting_for(by)
    may_read = by.signed_in or request.endpoint in DOORS or current().public
    if not may_read or not page_allowed(by, request.endpoint):
        if not by.signed_in:
            ended = g.get("session_ended", False)
            raise Unknown(_("Your session has ended. Please sign in again.") if ended else "")
        raise Denied(_("You may not do this."))
    if by.must_set_up and request.endpoint not in BEFORE_FACTOR:
        raise FactorMissing(_("Your role needs a second factor. Please set it up first."))
    if not by.fresh and asks_again(request.endpoint):
        raise Stale(_("Please show once more that it is you."))


def check_acting_for(by: Actor) -> None:
    """A form says for which partner it was shown (`acting_for`, the partner's id or nothing); it is compared only.

    Raises Conflict when the person has switched in another tab since: nobody acts for a partner by accident.
    """
    if request.method in SAFE_METHODS or not by.signed_in or "acting_for" not in request.form:
        return
    if request.form["acting_for"] == str(by.partner_id or ""):
        return
    told = _("You no longer act for a partner. Nothing was changed.")
    if by.partner is not None:
        told = _("You now act on behalf of %(partner)s. Nothing was changed.", partner=by.partner.name)
    if is_partial():  # The page stays as it is; without htmx the error page holds the text.
        told += " " + _("Your text stays here: switch back in another tab and send it again, or reload the page.")
    raise Conflict(told)


def _on_refusal(refusal: Refusal) -> Response:
    if problems.is_api():
        return problems.of(refusal)
    return retry_after(error(refusal.status, refusal.message), refusal)


def _on_http_error(problem: HTTPException) -> BaseResponse:
    if problem.code is None or problem.code < 400:
        return problem.get_response()
    response = error(problem.code, "")
    if problem.code == 405:
        response.headers["Allow"] = problem.get_response().headers.get("Allow", "")
    return response


def _on_crash(crash: Exception) -> Response:
    """Answer 503 while the database is away, busy or read-only, else 500; without the error page if that fails too."""
    try:
        if away(crash):
            log.warning("away", request_id=request_id(), why=type(crash).__name__)
            return _on_refusal(Busy(_away()))
        log.error("crash", request_id=request_id(), exc_info=crash)
        if isinstance(crash, DATABASE_AWAY):
            return _on_refusal(Busy())
        return error(500, "")
    except Exception as again:  # noqa: BLE001 - the last resort, whatever went wrong
        log.error("crash", request_id=request_id(), exc_info=again)
        return Response(LAST_RESORT.format(request_id()), 500, mimetype="text/html")


def _away() -> str:
    if "actor" not in g:  # It was found out before anybody asked who it is.
        choose_language()
    told = _("The data cannot be reached at the moment. Please try again shortly.")
    return f"{told} {_('You stay signed in.')}" if cookies.given(cookies.SESSION) else told


def error(status: int, message: str) -> Response:
    """An error as a page, or as a small alert for htmx. Says what happened and what helps, never internals."""
    if "actor" not in g:  # Refused before anybody asked who it is.
        choose_language()
    if problems.is_api():
        return problems.answer(status, message)
    sign_in = url_for("accounts.sign_in") + "?" + urlencode({"next": place()}) if status == 401 else ""
    context = {
        "message": message or _reason(status),
        "sign_in": sign_in,
        "request_id": request_id(),
        "live_cursor": "",
    }
    if is_partial():
        return alert(status=status, **context)
    return page("error.html", status=status, resend=held(status, actor()), **context)


def place() -> str:
    """The page to come back to after signing in: this one, or the one whose form was sent."""
    if request.method == "GET" and not is_partial():
        return request.full_path.rstrip("?")
    referrer = urlsplit(request.referrer or "")
    here = referrer.path + (f"?{referrer.query}" if referrer.query else "") if referrer.netloc == request.host else "/"
    return safe_path(here) or "/"


def _reason(status: int) -> str:
    return {
        400: _("The request could not be understood."),
        401: _("Please sign in to do this."),
        403: _("You may not do this."),
        404: _("There is nothing at this address."),
        405: _("This address cannot be used like that."),
        409: _("Somebody was faster, or the page is out of date."),
        411: _("The request does not say how long it is."),
        413: _("This is too large."),
        415: _("The request could not be understood."),
        422: _("Something in the form needs your attention."),
        429: _("Too many attempts. Please wait a moment."),
        503: _("The board is busy at the moment. Please try again shortly."),
    }.get(status, _("Something went wrong on our side. It has been noted."))
