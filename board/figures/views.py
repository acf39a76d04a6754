"""The page of figures, and each picture's numbers as a file."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board import csv, web
from board.activity import queries as activity
from board.errors import Missing
from board.figures import pictures, queries
from board.i18n import gettext as _
from board.proposals.queries import electorate_version
from board.proposals.states import LABELS
from board.web import etag, not_modified, page, tagged

bp = Blueprint("figures", __name__)
SPANS = (12, 24, 36)
SHOWN = 100
"""So many partners stand in the picture of person-days, those with most; the file has all."""


@bp.get("/figures")
def show() -> Response:
    """The partnership in pictures."""
    months = _months()
    tag = etag("figures", activity.newest(), electorate_version())
    if response := not_modified(tag):
        return response
    partners = queries.by_partner()
    shown: dict[str, Any] = {
        "states": pictures.states(months), "decided": queries.decided(),
        "partners": partners[:SHOWN], "n_partners": len(partners), "issues": queries.issues(months),
    }  # fmt: skip
    return tagged(page("figures/show.html", months=months, spans=SPANS, **shown), tag)


@bp.get("/figures/<name>.csv", endpoint="file")
def file(name: str) -> BaseResponse:
    """A picture's numbers as a table for spreadsheets."""
    if name not in FILES:
        raise Missing(_("There is no such figure."))
    header, rows = FILES[name](_months())
    return web.download(csv.spreadsheet(header, rows), f"stadtrunde-{name}.csv", csv.CONTENT_TYPE)


def _states(months: int) -> tuple[list[str], list[list[csv.Cell]]]:
    names = [state.value for state in queries.STATES]
    rows = [[f"{row.name:%Y-%m}", *(row.parts[name] for name in names)] for row in queries.by_state(months)]
    return [_("Month"), *(_(LABELS[name]) for name in names)], rows


def _decisions(_months: int) -> tuple[list[str], list[list[csv.Cell]]]:
    return [_("Weeks, up to"), _("Decisions")], [[span.weeks, span.n] for span in queries.decided().spans]


def _partners(_months: int) -> tuple[list[str], list[list[csv.Cell]]]:
    rows: list[list[csv.Cell]] = [[row.name[0], *row.parts.values()] for row in queries.by_partner()]
    return [_("Partner"), _("Person-days offered"), _("Person-days claimed"), _("Person-days done")], rows


def _issues(months: int) -> tuple[list[str], list[list[csv.Cell]]]:
    rows: list[list[csv.Cell]] = [[f"{row.name:%Y-%m}", *row.parts.values()] for row in queries.issues(months)]
    return [_("Month"), _("Issues that came in"), _("Issues dealt with")], rows


FILES: dict[str, Callable[[int], tuple[list[str], list[list[csv.Cell]]]]] = {
    "proposals": _states, "decisions": _decisions, "person-days": _partners, "issues": _issues,
}  # fmt: skip


def _months() -> int:
    """How far back; what the address cannot mean is the shortest."""
    asked = request.args.get("months", "")
    return next((span for span in SPANS if str(span) == asked), SPANS[0])
