"""The roadmap's page and its calendar."""

from contextlib import suppress
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, request
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from board import i18n
from board.accounts import throttle, tokens
from board.activity import queries as activity
from board.errors import Busy, Missing
from board.i18n import gettext as _
from board.proposals.queries import electorate_version
from board.roadmap import ical, queries
from board.web import actor, etag, no_store, not_modified, page, tagged
from board.workshops import queries as workshops

bp = Blueprint("roadmap", __name__)
STAMP = datetime(
    2026, 1, 1, tzinfo=UTC
)  # A workshop tells its changes by SEQUENCE; a stamp that moves would undo the ETag.


@bp.get("/roadmap")
def show() -> Response:
    """What comes by when, who carries it, what waits."""
    tag = etag("roadmap", activity.newest(), electorate_version())
    if response := not_modified(tag):
        return response
    return tagged(
        page("roadmap/show.html", sections=queries.sections(), risks=queries.at_risk(), shown=queries.SHOWN), tag
    )


@bp.get("/roadmap.ics")
def calendar() -> BaseResponse:
    """Milestones, answer-by dates and, for who is signed in, workshops for calendars, in German or `?lang=en`."""
    response = _file(inside=actor().signed_in)
    response.headers["Cache-Control"] = "private, no-cache" if actor().signed_in else "no-cache"
    response.add_etag(weak=True)
    return response.make_conditional(request)


@bp.get("/calendar/<token>.ics")
def subscribe(token: str) -> BaseResponse:
    """The same with workshops, for a calendar that its person has given the address with a token of theirs.

    Calendars send no header and no cookie, so the token stands in the address; it opens nothing else. Raises Missing.
    """
    try:
        by, used_at = tokens.actor_of(token)
    except tokens.Unrecognised as why:
        if why.guessed:
            throttle.attempt(current_app.config["BOARD"].secret_key, request.remote_addr or "", "access token")
        raise Missing(_("There is no such calendar. Make a new address under “My account”.")) from why
    if tokens.CALENDAR not in (by.scopes or ()) or by.must_set_up:
        raise Missing(_("There is no such calendar. Make a new address under “My account”."))
    with suppress(Busy, OperationalError):
        tokens.note_use(by, used_at)
    response = no_store(_file(inside=True))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _file(*, inside: bool) -> Response:
    """The calendar; workshops are told inside the partnership only."""
    wanted = request.args.get("lang", "de")
    origin = current_app.config["BOARD"].origin or request.host_url.rstrip("/")
    host = urlsplit(origin).hostname or "stadtrunde"
    with i18n.speaking(wanted if wanted in i18n.LOCALES else "de"):
        goals, asked = queries.days()
        events = [_event(day, _("Milestone: %(name)s", name=day.title), origin, host) for day in goals]
        events += [_event(day, _("Answer asked for: %(title)s", title=day.title), origin, host) for day in asked]
        events += [_meeting(row, origin, host) for row in workshops.dated()] if inside else []
        body = ical.calendar(_("Roadmap of the city app"), events)
    response = make_response(body)
    response.content_type = "text/calendar; charset=utf-8"
    return response


def _meeting(row: Any, origin: str, host: str) -> ical.Event:
    """A workshop: inside the partnership only, like its page."""
    summary = _("Workshop: %(title)s", title=row.title)
    begins = None
    if row.begins:
        hour = time.fromisoformat(row.begins.zfill(5))
        begins = datetime.combine(row.held_on, hour, i18n.BERLIN)
    return ical.Event(
        f"workshop-{row.id}@{host}", row.held_on, summary, f"{origin}/workshops/{row.id}", STAMP, row.version - 1,
        begins=begins, place=row.place,
    )  # fmt: skip


def _event(day: queries.Day, summary: str, origin: str, host: str) -> ical.Event:
    return ical.Event(f"{day.uid}@{host}", day.on, summary, origin + day.path, day.changed_at, day.sequence - 1)
