"""The navigation: what stands in it, in which order, for whom, and what waits behind an entry."""

from flask import current_app, request, url_for
from sqlalchemy.exc import SQLAlchemyError

from board import pages
from board.i18n import gettext as _
from board.policy import ANONYMOUS, Actor, page_allowed

NAV = (
    ("desk.show", "Overview"),
    ("proposals.index", "Proposals"),
    ("work.index", "Work packages"),
    ("issues.index", "Issue inbox"),
    ("reuse.index", "Reuse"),
    ("roadmap.show", "Roadmap"),
    ("learnings.index", "Learnings"),
    ("workshops.index", "Workshops"),
    ("partners.index", "Partners"),
    ("activity.index", "Activity"),
    ("admin.index", "Administration"),
)
"""Endpoint and label of each entry. One whose feature is not there is left out."""


def entries(by: Actor) -> list[tuple[str, str, str, bool, str]]:
    """Those that somebody may open: endpoint, label, address, whether one is there, what waits behind it."""
    here = (request.endpoint or "").split(".")[0]
    return [
        (endpoint, _(label), _address(endpoint), here == endpoint.split(".")[0], _count(endpoint))
        for endpoint, label in NAV
        if endpoint in current_app.view_functions and (page_allowed(by, endpoint) or page_allowed(ANONYMOUS, endpoint))
    ]


def _address(endpoint: str) -> str:
    """The address of an entry; built once, since building is slow."""
    known: dict[tuple[str, str], str] = current_app.extensions.setdefault("nav_addresses", {})
    key = (request.script_root, endpoint)
    if key not in known:
        known[key] = url_for(endpoint)
    return known[key]


def _count(endpoint: str) -> str:
    """What waits behind an entry of the navigation: features offer it in `extensions["nav_counts"]`."""
    offered = current_app.extensions.get("nav_counts", {}).get(endpoint)
    if offered is None:
        return ""
    try:
        found: str = pages.until_commit(("count", endpoint), offered)
    except SQLAlchemyError:  # An error page must not fail for a number.
        return ""
    return found
