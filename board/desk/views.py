"""The desk at `/`."""

from typing import Any

from flask import Blueprint, Response

from board import pages
from board.accounts.queries import nobody_yet
from board.activity import queries as activity
from board.admin.steps import steps
from board.consent import queries as consent
from board.desk import queries
from board.duplicates import queries as duplicates
from board.estimates import queries as estimates
from board.figures import pictures
from board.learnings import queries as learnings
from board.policy import Actor
from board.proposals import lists, rows
from board.proposals.filters import Filters
from board.proposals.queries import electorate_version
from board.proposals.states import State
from board.web import actor, etag, not_modified, page, tagged
from board.work import queries as work
from board.workshops import queries as workshops

bp = Blueprint("desk", __name__)
DUE = 5
FREE = 4
ALIKE = 6
NEWS = 8
MONTHS = 12


@bp.get("/")
def show() -> Response:
    """What waits for you, or the partnership at a glance."""
    by = actor()
    if by.signed_in:
        return page(
            "desk/show.html",
            **_waiting(by),
            pictured=_pictured(),
            news=activity.page(activity.Filters(), by, limit=NEWS),
        )
    electorate = electorate_version()
    tag = etag("desk", activity.newest(), electorate)
    if response := not_modified(tag):
        return response
    return tagged(page("desk/welcome.html", **_glance(by, electorate)), tag)


def _waiting(by: Actor) -> dict[str, Any]:
    """What asks this person for something, by what they may do."""
    votes = by.partner is not None and by.partner.votes
    due = Filters(state=State.OPEN, mine="missing", sort="due", n=DUE)
    lines = rows.lines(lists.page(due, by)[0], by, electorate_version())[0] if votes else []
    return {
        "unfinished": by.is_admin and not all(step.done for step in steps()),
        "lines": lines,
        "n_due": lists.fitting(due, by).n if lines else 0,
        "due_url": due.url(),
        "votes": votes,
        "consents": consent.running() if votes or by.is_product_owner else [],
        "leases": work.due_leases(by),
        "free": work.free_packages(by, FREE),
        "drafts": workshops.drafts(by) if by.partner else [],
        "untold": learnings.asked(by),
        "replies": queries.replies(by),
        "expired": estimates.expired(by.partner_id, providers=by.is_product_owner),
        "alike": duplicates.suggested(limit=ALIKE) if by.is_product_owner else [],
        "awaited": queries.awaiting_decision() if by.is_product_owner else [],
    }


def _glance(by: Actor, electorate: int) -> dict[str, Any]:
    """The partnership for those who are not signed in."""
    return {
        "nobody": nobody_yet(),
        "figures": queries.figures(),
        "states": lists.totals(),
        "pictured": _pictured(),
        "lines": rows.lines(queries.coalitions(), by, electorate)[0],
        "news": activity.page(activity.Filters(), by, limit=NEWS),
    }


def _pictured() -> dict[str, Any]:
    """Everybody sees the same picture: counted once until something changes."""
    return pages.until_commit(("pictured", MONTHS), lambda: pictures.states(MONTHS))
