"""The packages as a board by state and as a list, narrowed by the address. `views` gives them their addresses."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from board import web
from board.partners import names
from board.search import suggest
from board.text import clean
from board.web import actor, page
from board.work import lists
from board.work.leases import terms
from board.work.lists import Filters
from board.work.models import PackageState
from board.work.skills import SKILLS


def index() -> Response:
    """All packages, as a board by state or as a list."""
    by, filters, listed = actor(), chosen(), request.args.get("view") == "list"
    holders, typed = names.choices(lists.HELD), filters.partner
    like = names.meant(typed, lists.HELD) if holders is None and typed else []
    if holders is None:
        filters = replace(filters, partner=like[0][0] if len(like) == 1 else "")
    shown: dict[str, Any] = {"filters": filters, "listed": listed, "newest": lists.newest(), "at": 0}
    shown |= _listing(filters) if listed else columns(filters)
    cards = shown["listing"].cards if listed else [c for column in shown["columns"] for c in column.cards]
    meant = suggest.instead(filters.q) if filters.q and not shown["total"] else ""
    tag = web.etag(
        "work", holders, typed, like, meant, [(c.id, c.version) for c in cards], shown["total"], shown["newest"]
    )
    if found := web.not_modified(tag):
        return found
    total = shown["total"]
    only_free = filters.free and not (
        filters.partner or filters.q or filters.mine or filters.state or filters.skill or filters.waiting
    )
    empty = "" if total else "nothing-yet" if not shown["newest"] else "all-done" if only_free else "nothing-matches"
    return web.tagged(
        page(
            "work/index.html", empty=empty, skills=SKILLS.items(), holders=holders,
            typed=like[0][1] if filters.partner and like else typed,
            like=[(_address(replace(filters, partner=slug), listed), name) for slug, name in like],
            terms=terms(), news=0,
            meant=meant, meant_url=_address(replace(filters, q=meant), listed),
            without=_without(filters, listed), views=_views(filters), may_have=by.partner is not None,
            news_url=_news_url(filters, shown["newest"]), here=_address(filters, listed), **shown,
        ),
        tag,
    )  # fmt: skip


def news() -> Response:
    """How many packages have come since the page was made; they are announced, never pushed in."""
    filters, after = chosen(), _number("after") or 0
    n = lists.newer(filters, actor(), after)
    listed = request.args.get("view") == "list"
    return web.component(
        "work/_news.html", news=n, here=_address(filters, listed), news_url=_news_url(filters, after)
    )  # fmt: skip


def columns(filters: Filters) -> dict[str, Any]:
    """What `work/_board.html` shows."""
    found = lists.board(filters, actor())
    return {
        "columns": found, "total": sum(c.total for c in found), "query": query(filters), "more": _more(filters),
        "free": next((c.total for c in found if c.state == PackageState.OPEN), 0),
    }  # fmt: skip


def _listing(filters: Filters) -> dict[str, Any]:
    after, seen = _number("after"), _number("seen") or 0
    listing = lists.listing(filters, actor(), after)
    shown = seen + len(listing.cards)
    more = _address(filters, True, after=listing.after, seen=shown) if listing.after else ""
    return {
        "listing": listing, "total": listing.total, "shown": shown, "more_url": more, "free": 0,
        "query": query(filters),
    }  # fmt: skip


def chosen() -> Filters:
    """From the address; what it cannot mean is left out."""
    args, states = request.args, {s.value for s in PackageState}
    state = args.get("state", "")
    return Filters(
        partner=clean(args.get("partner", ""))[:60],
        free=args.get("free") == "1",
        mine=args.get("mine") == "1" and actor().partner is not None,
        q=clean(args.get("q", ""))[:100],
        state=state if state in states else "",
        skill=args.get("skill", "") if args.get("skill") in SKILLS else "",
        waiting=args.get("waiting", "") if args.get("waiting") in {"yes", "no"} else "",
    )


def query(filters: Filters) -> str:
    """The filters as they stand in addresses."""
    given = {name: "1" if value is True else value for name, value in vars(filters).items() if value}
    return urlencode(given)


def _address(filters: Filters, listed: bool, **more: Any) -> str:
    parts = [query(filters), urlencode(({"view": "list"} if listed else {}) | more)]
    asked = "&".join(part for part in parts if part)
    return url_for("work.index") + (f"?{asked}" if asked else "")


def _without(filters: Filters, listed: bool) -> dict[str, str]:
    """The address without one filter, by its name; the empty name stands for none at all."""
    without = {name: _address(Filters(**{**vars(filters), name: default}), listed)
               for name, default in vars(Filters()).items()}  # fmt: skip
    return without | {"": _address(Filters(), listed)}


def _more(filters: Filters) -> dict[str, str]:
    """Where the rest of a column is."""
    return {
        state.value: _address(Filters(**{**vars(filters), "state": state.value, "free": False}), True)
        for state in PackageState
    }


def _views(filters: Filters) -> tuple[str, str]:
    return _address(filters, False), _address(filters, True)


def _news_url(filters: Filters, after: int) -> str:
    view = {"view": "list"} if request.args.get("view") == "list" else {}
    return f"{url_for('work.news')}?{urlencode({'after': after, **view})}" + (f"&{query(filters)}" if filters else "")


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None
