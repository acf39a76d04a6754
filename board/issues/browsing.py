"""The inbox as a page: what its address asks for and how it is written, what is new. `views` gives the addresses."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, url_for

from board.i18n import current_locale
from board.i18n import gettext as _
from board.issues import forms, inbox, queries
from board.issues.models import Provider, Triage
from board.issues.queries import Filter
from board.proposals.queries import topics
from board.text import clean
from board.web import component, page

STANDS = frozenset({"all", *(t.value for t in Triage)})


def index() -> Response:
    """Visible issues by where they stand, narrowed by the address."""
    return shown(done=_done())


MOST_SEEN = 999_999


def shown(
    *, bulk: forms.BulkForm | None = None, picked: Collection[int] = (), done: tuple[int, ...] = (), status: int = 200
) -> Response:
    """The page; `bulk` and `picked`: a form for several that was refused, `done`: what was just sorted together."""
    chosen = filter_of()
    first, lines, counts = replace(chosen, before=None), queries.inbox(chosen), queries.counts()
    total = inbox.total(first) if chosen.narrowed else counts[chosen.triage]
    counted = total <= queries.COUNTED
    seen = min(_number("seen") or 0, total if counted else MOST_SEEN) + len(lines)
    further = len(lines) == queries.PAGE and (seen < total or not counted)
    more = address(first, before=lines[-1].id, seen=seen) if further else ""
    sorted_out = chosen.triage == Triage.NEW and not chosen.narrowed
    empty = "" if lines else "nothing-yet" if not counts["all"] else "all-done" if sorted_out else "nothing-matches"
    newest = queries.newest()
    return page(
        "issues/index.html", rows=inbox.rows(lines), filter=chosen, tabs=_tabs(first, counts), empty=empty, done=False,
        asked="", choices=inbox.choices(), without=_without(first), n_all=counts["all"], total=total, shown=seen,
        more_url=more, here=address(first), bulk=bulk or _bulk(), picked=picked, together=inbox.undoable(done),
        news=0, news_url=_news_url(first, newest), bulk_url=_bulk_url(chosen), status=status,
    )  # fmt: skip


def news() -> Response:
    """How many issues have come since the page was made; they are announced, never pushed in."""
    chosen, after = filter_of(), _number("after") or 0
    n = queries.newer(chosen, after)
    return component("issues/_news.html", news=n, here=address(chosen), news_url=_news_url(chosen, after))


def filter_of() -> Filter:
    """From the address; what it cannot mean is left out."""
    args = request.args
    stand, provider, state = args.get("triage", ""), args.get("provider", ""), args.get("state", "")
    return Filter(
        triage=stand if stand in STANDS else Triage.NEW.value,
        provider=provider if provider in {p.value for p in Provider} else "",
        repository_id=_number("repository"),
        partner_id=_number("partner"),
        label=clean(args.get("label", ""))[:200],
        state=state if state in {"open", "closed"} else "",
        words=clean(args.get("q", ""))[:100],
        before=_number("before"),
    )


def address(chosen: Filter, **more: Any) -> str:
    """The inbox with this filter, from its first row on; `more` is added."""
    return url_for("issues.index") + _query(chosen, **more)


def _bulk() -> forms.BulkForm:
    return forms.BulkForm(topics=topics(current_locale()))


def _bulk_url(chosen: Filter) -> str:
    return url_for("issues.bulk") + _query(chosen)


def _news_url(chosen: Filter, after: int) -> str:
    return url_for("issues.news") + _query(chosen, after=after)


def _query(chosen: Filter, **more: Any) -> str:
    given = {
        "triage": "" if chosen.triage == Triage.NEW else chosen.triage,
        "provider": chosen.provider, "repository": chosen.repository_id, "partner": chosen.partner_id,
        "label": chosen.label, "state": chosen.state, "q": chosen.words, **more,
    }  # fmt: skip
    query = urlencode({name: value for name, value in given.items() if value})
    return f"?{query}" if query else ""


def _without(chosen: Filter) -> dict[str, str]:
    """The address without one of the filters; "" is without all of them."""
    bare = {"words": "", "provider": "", "repository_id": None, "partner_id": None, "label": "", "state": ""}
    each = {name: address(replace(chosen, **{name: value})) for name, value in bare.items()}  # type: ignore[arg-type]
    return {"": address(Filter(chosen.triage)), **each}


def _tabs(chosen: Filter, counts: dict[str, int]) -> list[tuple[str, str, int, bool]]:
    """(address, label, how many without filters, current)."""
    labels = {
        "new": _("New"), "snoozed": _("Snoozed"), "linked": _("Linked"), "dismissed": _("Dismissed"), "all": _("All"),
    }  # fmt: skip
    return [
        (address(replace(chosen, triage=stand)), label, counts[stand], stand == chosen.triage)
        for stand, label in labels.items()
    ]


def _done() -> tuple[int, ...]:
    """The ids that were just sorted together, as the address says: to take it back."""
    return ids_of(request.args.get("done", "").split("-"))


def ids_of(values: Collection[str]) -> tuple[int, ...]:
    """At most a hundred ids; what is none is left out."""
    found = (int(v) for v in values if v.isascii() and v.isdigit() and len(v) <= 9)
    return tuple(dict.fromkeys(found))[:100]


def _number(name: str) -> int | None:
    found = ids_of([request.args.get(name, "")])
    return found[0] if found else None
