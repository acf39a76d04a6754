"""Proposals as a table, narrowed and sorted like the list: what product owners order by, and who is behind it."""

import json
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from board import i18n
from board.ordering import counting
from board.ordering import pictures as drawing
from board.ordering.forms import DecisionsForm, TogetherForm
from board.pages import until_commit
from board.proposals import browsing, lists, queries
from board.saved import shown as saved
from board.web import actor, etag, not_modified, page, tagged

TABLE = "/proposals/table"
HEADS = (
    ("value", "value"), ("effort", "effort"), ("support", "support"), ("contest", "contested"),
    ("coalition", "strength"), ("vote_by", "due"),
)  # fmt: skip
"""Column → the sort of the list that its head gives."""


@dataclass(frozen=True)
class Entry:
    """A row of the table: the proposal and its coalition in numbers."""

    row: queries.Row
    leads: tuple[str, ...]
    pilots: int
    co_funders: int
    days: int
    milestone: str

    @property
    def covered(self) -> int | None:
        """Which part of the effort the days on offer cover, in percent; None without an estimate."""
        return min(999, 100 * self.days // self.row.effort_high) if self.row.effort_high else None


def table() -> Response:
    """The table; it keeps the filters and the sort of the list."""
    return shown()


def shown(status: int = 200, **sent: Any) -> Response:
    """The table as its address says, with the forms as they were sent."""
    by, locale = actor(), i18n.current_locale()
    choices = browsing.choices(locale)
    chosen = browsing.filters_of(by, choices)
    own = saved.shown(by)
    maintained = until_commit("totals", lists.totals)
    fitting = lists.fitting(chosen, by, maintained)
    found, more = lists.page(chosen, by, fitting)
    total = fitting.n
    tag = etag(
        "table",
        browsing.who(chosen, choices),
        found,
        more,
        total,
        maintained,
        choices,
        own,
        queries.electorate_version(),
    )
    if status == 200 and not sent and (response := not_modified(tag)):
        return response
    known = queries.rows((number for number, _stamp in found), locale)
    names = {goal.id: goal.name for goal in choices.milestones}
    entries = [_entry(known[number], names) for number, _stamp in found if number in known]
    context: dict[str, Any] = {
        **browsing.surroundings(chosen, by, choices, own), "entries": entries, "total": total, "counted": lists.COUNTED,
        "all": sum(maintained.values()), "more_url": chosen.url(TABLE, after=more) if more else "",
        "heads": {name: chosen.url(TABLE, sort=sort) for name, sort in HEADS}, "sorted_by": dict(HEADS),
        "here": TABLE, "picked": (), "query": request.query_string.decode("ascii", "replace"),
        **_forms(by, choices, sent),
    }  # fmt: skip
    response = page("ordering/table.html", status=status, **context)
    return tagged(response, tag) if status == 200 and not sent else response


def pictures() -> Response:
    """The two pictures, narrowed like the list."""
    by, locale = actor(), i18n.current_locale()
    choices = browsing.choices(locale)
    chosen = browsing.filters_of(by, choices)
    counted = counting.count(chosen, by, until_commit("totals", lists.totals))
    first, second = drawing.value_and_effort(chosen, counted), drawing.support_and_contest(chosen, counted)
    unrated, unestimated = counted.number("value", 0), counted.number("effort", -1)
    own = saved.shown(by)
    shown_by, bound = browsing.who(chosen, choices), (counted.bounded, counted.of_each)
    tag = etag("pictures", first, second, unrated, unestimated, bound, choices, own, shown_by)
    if response := not_modified(tag):
        return response
    context = {
        **browsing.surroundings(chosen, by, choices, own), "first": first, "second": second,
        "here": "/proposals/pictures", "bounded": counted.bounded, "of_each": counted.of_each,
        "unrated": unrated, "rated_url": chosen.url(TABLE, value="none"),
        "unestimated": unestimated, "estimated_url": chosen.url(TABLE, effort="none"),
    }  # fmt: skip
    return tagged(page("ordering/pictures.html", **context), tag)


def _forms(by: Any, choices: Any, sent: dict[str, Any]) -> dict[str, Any]:
    if not by.is_product_owner:
        return {"bulk": None}
    running = [goal for goal in choices.milestones if not goal.ended]
    empty = {
        "bulk": TogetherForm(goals=running, topics=choices.topics),
        "deciding": DecisionsForm(data={"decided_on": i18n.today()}),
    }  # fmt: skip
    return empty | sent


def _entry(row: queries.Row, milestones_: dict[int, str]) -> Entry:
    told = json.loads(row.coalition) if row.coalition else {}
    return Entry(
        row, tuple(told.get("lead", ())), told.get("pilot", 0), told.get("co_fund", 0), row.days_offered,
        milestones_.get(row.milestone_id or 0, ""),
    )  # fmt: skip


def address() -> str:
    """The table with the filters that stand in the address of a form sent from it."""
    by, locale = actor(), i18n.current_locale()
    return browsing.filters_of(by, browsing.choices(locale)).url(TABLE)
