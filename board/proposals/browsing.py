"""The list of proposals: narrowed and sorted by its address, grown in place. `views` gives it its addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import redirect, request
from werkzeug.wrappers import Response

from board import i18n
from board.activity import queries as activity
from board.i18n import gettext as _
from board.milestones.queries import Goal, milestones
from board.notifications.watching import of_topic as watching_topic
from board.pages import until_commit
from board.partners import names
from board.policy import Actor
from board.proposals import filters as narrowing
from board.proposals import lists, queries, rows, words
from board.proposals.filters import Filters
from board.proposals.states import LABELS, State
from board.proposals.words import VALUE_LABELS
from board.saved import shown as saved
from board.saved.forms import audiences
from board.search import suggest
from board.text import clean
from board.web import actor, component, etag, is_partial, not_modified, page, tagged

MAX_WORDS = 120
EVERYTHING = "all=1"
"""The list without any filter, for people whose partner begins with a view."""


def index() -> Response:
    """The list, narrowed and sorted by its address; htmx gets the next rows of it."""
    by, locale = actor(), i18n.current_locale()
    known = choices(locale)
    chosen = filters_of(by, known)
    own = saved.shown(by)
    if (away := _elsewhere(chosen, own, known)) and not is_partial():
        return redirect(away, 302)
    maintained = until_commit("totals", lists.totals)
    fitting = lists.fitting(chosen, by, maintained)
    found, more = lists.page(chosen, by, fitting)
    total = fitting.n
    shown, mine = rows.lines(found, by, electorate := until_commit("electorate", queries.electorate_version))
    meant = suggest.instead(chosen.q) if chosen.q and not total else ""
    watching = watching_topic(by, chosen.topic, known.topics)
    tag = etag(
        watching, meant, who(chosen, known), chosen, found, more, maintained, total, electorate, mine, known, own
    )
    if response := not_modified(tag):
        return response
    context: dict[str, Any] = {
        "filters": chosen, "lines": shown, "total": total, "counted": lists.COUNTED,
        "all": sum(maintained.values()), "open": maintained.get(State.OPEN, 0),
        "more_url": chosen.url(after=more) if more else "",
        "grown_url": _grown(chosen, more), "shown": len(shown),
    }  # fmt: skip
    if is_partial():
        return page("proposals/_more.html", **context)
    context |= {
        "reset_url": _bare(own), "meant": meant, "meant_url": chosen.url(q=meant), "watching": watching,
        **surroundings(chosen, by, known, own),
        "news": _news(chosen, 0, until_commit("newest", lists.newest_id)), "here": "/proposals",
        "feed": feed_of(chosen),
    }  # fmt: skip
    return tagged(page("proposals/index.html", **context), tag)


def news() -> Response:
    """How many proposals have come into this list since the page was made."""
    by = actor()
    after = request.args.get("after", 0, type=int)
    after = after if 0 <= after < 10**9 else 0
    chosen = filters_of(by, choices("de"))
    return component("proposals/_news.html", news=_news(chosen, lists.newer(chosen, by, after), after))


@dataclass(frozen=True)
class Choices:
    """What can be chosen from: topics as (id, slug, label), partners as (slug, name), None of too many, milestones."""

    topics: list[tuple[int, str, str]]
    partners: list[tuple[str, str]] | None
    milestones: list[Goal]


def choices(locale: str) -> Choices:
    """Read once until the next commit."""
    return Choices(
        until_commit(("topics", locale), lambda: queries.topics(locale)),
        until_commit("proposers", queries.proposers),
        until_commit("milestones", milestones),
    )


def filters_of(by: Actor, known: Choices, asked: Mapping[str, str] | None = None) -> Filters:
    """What the running request's address asks for, or the one that is given."""
    args = request.args if asked is None else asked
    if known.partners is None:
        like = names.meant(_typed(args), queries.PROPOSED) if args.get("partner") else []
        args = {**dict(args.items()), "partner": like[0][0] if len(like) == 1 else ""}
    return narrowing.read(
        args,
        topics={slug for _id, slug, _label in known.topics},
        partners={args["partner"]} if known.partners is None else {slug for slug, _name in known.partners},
        partner=by.partner is not None,
        votes=by.partner is not None and by.partner.votes,
    )


def _typed(args: Mapping[str, str]) -> str:
    return clean(args.get("partner", ""))[:MAX_WORDS]


def who(chosen: Filters, known: Choices) -> tuple[str, list[tuple[str, str]]]:
    """Where too many have proposed for a list: what stands in the field, and whom else somebody may have meant."""
    if known.partners is not None:
        return "", []
    if chosen.partner:
        return queries.proposer(chosen.partner), []
    typed = _typed(request.args)
    return typed, names.meant(typed, queries.PROPOSED) if typed else []


def _elsewhere(chosen: Filters, own: saved.Shown, known: Choices) -> str:
    """Where a reader is led instead: to the view that the partner begins with, or to the normalised address."""
    asked = request.query_string.decode("ascii", "replace")
    if own.begin and not asked:
        return own.begin
    if known.partners is None and request.args.get("partner") and not chosen.partner:
        return ""  # The page asks who is meant.
    right = chosen.query() or (EVERYTHING if own.begin else "")
    if parse_qsl(asked, True) == parse_qsl(right, True):
        return ""
    return "/proposals" + (f"?{right}" if right else "")


def _bare(own: saved.Shown) -> str:
    """The list without any filter, whatever the partner begins with."""
    return f"/proposals?{EVERYTHING}" if own.begin else "/proposals"


def surroundings(chosen: Filters, by: Actor, known: Choices, own: saved.Shown) -> dict[str, Any]:
    """What stands around every face of the list: filters, chips, and the way to the other faces."""
    typed, like = who(chosen, known)
    faces = (("/proposals", _("List")), ("/proposals/table", _("Table")), ("/proposals/pictures", _("Pictures")))
    return {
        "saved": own.views, "audiences": audiences(by) if by.signed_in else (),
        "filters": chosen, "chips": chips(chosen, by, known, request.path, _bare(own)), "topics": known.topics,
        "partners": known.partners, "typed": typed,
        "like": [(chosen.url(request.path, partner=slug), name) for slug, name in like],
        "milestones": known.milestones, "sorts": narrowing.SORTS,
        "states": {state: label for state, label in LABELS.items() if state != State.MERGED},
        "values": VALUE_LABELS, "faces": [(chosen.url(path), label, path == request.path) for path, label in faces],
    }  # fmt: skip


def feed_of(chosen: Filters) -> str:
    """The address of the feed of this list, in the language that is spoken."""
    return activity.feed_url("/proposals.atom", dict(parse_qsl(chosen.feed_query())))


def _news(chosen: Filters, n: int, after: int) -> dict[str, Any]:
    return {"n": n, "url": chosen.url(), "refresh": chosen.url("/proposals/news", after=str(after))}


def _grown(chosen: Filters, more: str) -> str:
    """The address of the list with the rows that "show more" adds, so that going back finds them again."""
    if not more or chosen.n + narrowing.PAGE > narrowing.MOST:
        return ""
    return chosen.url(n=chosen.n + narrowing.PAGE)


def chips(chosen: Filters, by: Actor, known: Choices, path: str, bare: str) -> list[tuple[str, str, str]]:
    """(field, value, address without it) for each active filter."""
    name = by.partner.name if by.partner else ""
    values = {
        "q": (_("Search"), chosen.q),
        "state": (_("Status"), _(LABELS[chosen.state]) if chosen.state else ""),
        "topic": (_("Topic"), next((label for _id, slug, label in known.topics if slug == chosen.topic), "")),
        "partner": (_("Proposed by"), _proposer(chosen.partner, known)),
        "mine": (_("Ballot"), _("of %(partner)s is due", partner=name)),
        "elsewhere": (_("In use"), _("elsewhere, not in %(partner)s", partner=name)),
        "milestone": (_("Milestone"), _milestone(chosen.milestone, known)),
        **{scale: words.chip(scale, getattr(chosen, scale)) for scale in narrowing.SCALED},
    }
    without: dict[str, dict[str, str]] = {"state": {"sort": "newest", "mine": ""}}

    def left(field: str) -> str:
        url = chosen.url(path, **{field: "", **_also(field, chosen, without)})
        return bare if url == "/proposals" else url

    return [(*values[field], left(field)) for field in chosen.narrowing if not (field == "state" and chosen.mine)]


def _proposer(slug: str, known: Choices) -> str:
    if known.partners is None:
        return queries.proposer(slug)
    return next((label for value, label in known.partners if value == slug), "")


def _milestone(wanted: str, known: Choices) -> str:
    return next((goal.name for goal in known.milestones if str(goal.id) == wanted), _("no milestone"))


def _also(field: str, chosen: Filters, without: dict[str, dict[str, str]]) -> dict[str, str]:
    """What must go with a filter: "due" keeps the state, and one's own missing ballots are open ones."""
    if field == "state" and chosen.sort == "due":
        return without["state"]
    if field == "effort" and chosen.sort == "effort":
        return {"sort": "newest"}
    return {"state": ""} if field == "mine" and chosen.sort != "due" else {}
