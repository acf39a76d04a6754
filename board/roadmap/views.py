"""The roadmap's page and its calendar."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from board import i18n
from board.activity import queries as activity
from board.i18n import gettext as _
from board.proposals.queries import electorate_version
from board.roadmap import ical, queries
from board.web import actor, etag, not_modified, page, tagged

bp = Blueprint("roadmap", __name__)


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
    """Milestones and answer-by dates for calendars, in German or `?lang=en`."""
    wanted = request.args.get("lang", "de")
    origin = current_app.config["BOARD"].origin or request.host_url.rstrip("/")
    host = urlsplit(origin).hostname or "stadtrunde"
    with i18n.speaking(wanted if wanted in i18n.LOCALES else "de"):
        goals, asked = queries.days()
        events = [_event(day, _("Milestone: %(name)s", name=day.title), origin, host) for day in goals]
        events += [_event(day, _("Answer asked for: %(title)s", title=day.title), origin, host) for day in asked]
        body = ical.calendar(_("Roadmap of the city app"), events)
    response = make_response(body)
    response.content_type = "text/calendar; charset=utf-8"
    response.headers["Cache-Control"] = "private, no-cache" if actor().signed_in else "no-cache"
    response.add_etag(weak=True)
    return response.make_conditional(request)


def _event(day: queries.Day, summary: str, origin: str, host: str) -> ical.Event:
    return ical.Event(f"{day.uid}@{host}", day.on, summary, origin + day.path, day.changed_at, day.sequence - 1)
