"""The activity page, its news line and the feed."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.activity import feed, queries
from board.activity.feed import Feed
from board.activity.queries import KINDS, Filters
from board.activity.queries import kinds as activity_kinds
from board.errors import Missing
from board.i18n import gettext as _
from board.partners import names
from board.partners.models import Partner
from board.policy import ANONYMOUS
from board.proposals.queries import Sign
from board.routing import MAX_DIGITS
from board.text import clean
from board.web import actor, component, etag, not_modified, page, tagged

bp = Blueprint("activity", __name__)
MAX_WORDS = 120
KEY = re.compile(rf"(FV|AP)-0*([1-9]\d{{0,{MAX_DIGITS - 1}}})", re.IGNORECASE)


@bp.get("/activity")
def index() -> Response:
    """What happened on the board, newest first; filters and place stand in the address."""
    by, before = actor(), _id("before")
    choices = names.choices()
    typed = clean(request.args.get("partner", ""))[:MAX_WORDS] if choices is None else ""
    like = names.meant(typed) if typed else []
    filters = _filters(like[0][0] if len(like) == 1 else None)
    newest = queries.newest()
    tag = etag("activity", newest, by.signed_in)
    if response := not_modified(tag):
        return response
    events = queries.page(filters, by, before)
    more = _url(filters, before=events.before) if events.before else ""
    return tagged(
        page(
            "activity/index.html",
            events=events.items,
            filters=filters,
            partners=choices,
            typed=typed,
            like=[(_url(replace(filters, partner=Sign(0, slug, name, "", 0))), name) for slug, name in like],
            kinds=activity_kinds(actor()),
            more_url=more,
            first_url=_url(filters) if before else "",
            without={name: _url(replace(filters, **{name: empty})) for name, empty in EMPTY.items()},
            feed=_feed_path(filters),
            news=_news(filters, 0, newest),
        ),
        tag,
    )


@bp.get("/activity/news")
def news() -> Response:
    """How much has happened since the page was made; told, never pushed into the list."""
    filters, after = _filters(), _id("after") or 0
    return component("activity/_news.html", news=_news(filters, queries.newer(filters, actor(), after), after))


@bp.get("/activity.atom")
def atom() -> BaseResponse:
    """The feed of all that happens, or of one partner. Raises Missing."""
    filters = Filters(partner=_partner())
    if request.args.get("partner") and filters.partner is None:
        raise Missing
    return feed.answer(lambda: _described(filters), lambda: queries.page(filters, ANONYMOUS, limit=feed.ENTRIES))


EMPTY: dict[str, Any] = {"partner": None, "kind": "", "proposal_id": None, "package_id": None}


def _filters(slug: str | None = None) -> Filters:
    """The filters in the address, or with another partner; what is unknown there is left out."""
    kind = request.args.get("kind", "")
    on = KEY.fullmatch(request.args.get("on", ""))
    number = int(on[2]) if on else None
    is_proposal = bool(on) and on is not None and on[1].upper() == "FV"
    return Filters(
        partner=_partner(slug),
        kind=kind if kind in KINDS else "",
        proposal_id=number if is_proposal else None,
        package_id=None if is_proposal else number,
    )


def _partner(slug: str | None = None) -> Sign | None:
    slug = request.args.get("partner", "") if slug is None else slug
    return queries.sign(Partner.slug == slug) if slug and len(slug) <= 60 else None


def _url(filters: Filters, path: str = "/activity", **more: int | None) -> str:
    """The address of the list with these filters."""
    key = f"FV-{filters.proposal_id}" if filters.proposal_id else ""
    key = f"AP-{filters.package_id}" if filters.package_id else key
    slug = filters.partner.slug if filters.partner else ""
    query = {"partner": slug, "kind": filters.kind, "on": key, **more}
    text = urlencode({name: value for name, value in query.items() if value or value == 0})
    return f"{path}?{text}" if text else path


def _described(filters: Filters) -> Feed:
    slug, title = (filters.partner.slug, filters.partner.name) if filters.partner else ("", _("Activity"))
    return Feed(slug, title, _feed_path(filters), _url(filters))


def _feed_path(filters: Filters) -> str:
    return queries.feed_url("/activity.atom", {"partner": filters.partner.slug} if filters.partner else {})


def _news(filters: Filters, n: int, after: int) -> dict[str, Any]:
    return {"n": n, "url": _url(filters), "refresh": _url(filters, "/activity/news", after=after)}


def _id(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS else None
