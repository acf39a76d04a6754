"""Reading proposals."""

from typing import Any

from board.api import rows
from board.api.answering import Invalid, goes_on
from board.api.fields import Listed
from board.api.registry import read
from board.api.shapes import Proposal, ProposalsAsked, ProposalWhole
from board.errors import Missing
from board.i18n import current_locale
from board.i18n import gettext as _
from board.opendata import queries as opendata
from board.proposals import filters, lists, queries
from board.proposals.writing import as_draft, mark
from board.voting import queries as voting
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
TAG = N_("Proposals")


@read(
    "/proposals", "proposals", TAG, N_("List proposals"),
    N_("Those that have become part of another one stand in no list."),
    query=ProposalsAsked, answer=Listed[Proposal], paged=True,
)  # fmt: skip
def proposals(query: ProposalsAsked) -> Listed[Proposal]:
    """Proposals, narrowed and sorted as on their page."""
    by = actor()
    known = {slug for _id, slug, _label in queries.topics(current_locale())}
    if (query.topic and query.topic not in known) or (query.partner and not queries.proposer(query.partner)):
        return Listed(items=[], next=None)
    votes = by.partner is not None and by.partner.votes
    if (query.missing and not votes) or (query.elsewhere and by.partner is None):
        raise Invalid(_("This needs a token that acts for a partner."), errors=[])
    wanted = filters.Filters(
        q=query.q.strip(), state="open" if query.missing or query.sort == "due" else query.state, topic=query.topic,
        partner=query.partner, mine="missing" if query.missing else "", elsewhere="1" if query.elsewhere else "",
        effort="any" if query.sort == "effort" else "", sort=query.sort, after=query.after, n=query.limit,
    )  # fmt: skip
    found, more = lists.page(wanted, by)
    return Listed(
        items=[Proposal.model_validate(row) for row in rows.proposals(number for number, _stamp in found)],
        next=goes_on(query, more),
    )


@read(
    "/proposals/<proposal:proposal_id>", "proposal", TAG, N_("Read a proposal"),
    N_("Its ETag begins with the edition of its text, which an edit must name."),
    answer=ProposalWhole,
)  # fmt: skip
def proposal(proposal_id: int) -> tuple[ProposalWhole, str]:
    """One proposal with its texts, and one's own ballot on it."""
    found = rows.proposals([proposal_id])
    batch = opendata.proposals(proposal_id - 1, 1)
    if not found or not batch:
        raise Missing(_("There is no such proposal."))
    by, whole = actor(), queries.whole(proposal_id)
    said: dict[str, Any] = batch[0][1]
    own = None
    if by.partner is not None:
        box = voting.boxes([whole], by)[proposal_id]
        own = {
            "choice": box.choice or None, "reason": box.reason, "cast_at": box.cast_at, "stale": box.stale,
            "may_cast": box.may, "why_not": box.why or box.closed,
        }  # fmt: skip
    links = [] if whole.merged_into_id else [
        {"title": link.title, "url": link.url, "source": link.source} for link in whole.links
    ]  # fmt: skip
    told = {
        **found[0], "text": said["text"], "text_en": said["text_en"], "text_version": whole.text_version,
        "links": links, "built_by": said["built_by"], "own_ballot": own,
    }  # fmt: skip
    return ProposalWhole.model_validate(told), mark(as_draft(whole))
