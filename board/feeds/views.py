"""The feed of the list of proposals as it is narrowed, and that of one proposal."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from board import i18n
from board.activity import feed
from board.activity import queries as activity
from board.activity.feed import Feed
from board.i18n import gettext as _
from board.policy import ANONYMOUS
from board.proposals import browsing, lists, queries
from board.proposals.filters import Filters

bp = Blueprint("feeds", __name__)
ACTIVE = 200
"""Whatever happens to a proposal makes it active: the newest entries belong to those that were active last."""


@bp.get("/proposals.atom", endpoint="proposals")
def of_list() -> Response:
    """What happened to the proposals that the filters in the address leave; what needs a partner is left out."""
    chosen = browsing.filters_of(ANONYMOUS, browsing.choices("de"), request.args)
    found, _more = lists.page(chosen._replace(sort="active", after="", n=ACTIVE), ANONYMOUS)
    ids = [number for number, _stamp in found]
    return feed.answer(lambda: _described(chosen), lambda: activity.of_proposals(ids, ANONYMOUS, feed.ENTRIES))


@bp.get("/proposals/<proposal:proposal_id>/activity.atom", endpoint="proposal")
def of_proposal(proposal_id: int) -> Response:
    """What happened to one proposal and its packages. Raises Missing."""
    queries.footprint(proposal_id)
    return feed.answer(lambda: _one(proposal_id), lambda: activity.of_proposals([proposal_id], ANONYMOUS, feed.ENTRIES))


def _described(chosen: Filters) -> Feed:
    known = browsing.choices(i18n.current_locale())
    told = [f"{label} {value}" for label, value, _url in browsing.chips(chosen, ANONYMOUS, known, "/proposals", "")]
    title = ", ".join([_("Proposals"), *told])
    return Feed(f"proposals?{chosen.feed_query()}", title, browsing.feed_of(chosen), chosen.url())


def _one(proposal_id: int) -> Feed:
    row = queries.row(proposal_id, i18n.current_locale())
    path = f"/proposals/FV-{proposal_id}"
    return Feed(f"FV-{proposal_id}", f"FV-{proposal_id} {row.title}", activity.feed_url(f"{path}/activity.atom"), path)
