"""Atom feeds of the log (RFC 4287): what strangers may see of it, whoever asks, in German or `?lang=en`."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app, make_response, request
from werkzeug.wrappers import Response

from board import i18n, templating
from board.activity.queries import Events
from board.web import actor

ENTRIES = 50
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Feed:
    """One feed. `what` names it for ever, `title` may change; `here` and `page` are addresses within this board."""

    what: str
    title: str
    here: str
    page: str


def answer(describe: Callable[[], Feed], read: Callable[[], Events]) -> Response:
    """The feed in the language of its address; both are called while that language is spoken."""
    wanted = request.args.get("lang", "de")
    locale = wanted if wanted in i18n.LOCALES else "de"
    origin = current_app.config["BOARD"].origin or request.host_url.rstrip("/")
    with i18n.speaking(locale):
        feed, events = describe(), read().items
        context = {
            "events": [(event, _stable(origin, f"activity/{event.id}")) for event in events],
            "feed": feed,
            "feed_id": _stable(origin, f"feed/{feed.what}"),
            "origin": origin,
            "epoch": EPOCH,
        }
        body = templating.render("activity/feed.xml", locale, context)
    response = make_response(body)
    response.content_type = "application/atom+xml; charset=utf-8"
    response.headers["Cache-Control"] = "private, no-cache" if actor().signed_in else "no-cache"
    response.add_etag(weak=True)
    if events:
        response.last_modified = events[0].at
    return response.make_conditional(request)


def _stable(origin: str, what: str) -> str:
    """An id that stays the same for ever, whatever the title or the address of the entry."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{origin}/{what}").urn
