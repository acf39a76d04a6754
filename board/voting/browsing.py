"""What a proposal's page shows only some of where there are thousands: all of it, in pages by name."""

from functools import partial
from urllib.parse import urlencode

from flask import Response, request

from board.text import clean
from board.voting import companions, queries, uses, voices
from board.voting.models import Choice, OfferKind, ReuseStatus
from board.web import actor, page

MAX_WORDS = 100
CHOICES = {*Choice, voices.NONE}


def ballots(proposal_id: int) -> Response:
    """Who voted how, or who has not; what the address asks for and does not exist is ignored."""
    proposal = queries.get(proposal_id)
    choice, words, after = _asked("choice", CHOICES), _words(), request.args.get("after", "")
    found = voices.page(proposal, choice, words, after)
    url = partial(_url, f"/proposals/FV-{proposal_id}/ballots/all", choice=choice, q=words)
    return page(
        "voting/all_ballots.html",
        proposal=proposal,
        found=found,
        choice=choice,
        words=words,
        url=url,
        more_url=url(after=found.more) if found.more else "",
        first_url=url() if after else "",
    )


def uses_of(proposal_id: int) -> Response:
    """Who uses it; what the address asks for and does not exist is ignored."""
    proposal = queries.get(proposal_id)
    chosen, words, after = _asked("status", set(ReuseStatus)), _words(), request.args.get("after", "")
    found = uses.page(proposal, chosen, words, after, actor())
    url = partial(_url, f"/proposals/FV-{proposal_id}/reuse/all", status=chosen, q=words)
    return page(
        "voting/all_uses.html",
        proposal=proposal,
        found=found,
        chosen=chosen,
        words=words,
        url=url,
        more_url=url(after=found.more) if found.more else "",
        first_url=url() if after else "",
    )


def companions_of(proposal_id: int) -> Response:
    """Who takes part; what the address asks for and does not exist is ignored."""
    proposal = queries.get(proposal_id)
    kind, words, after = _asked("kind", set(OfferKind)), _words(), request.args.get("after", "")
    found = companions.page(proposal, kind, words, after, actor())
    url = partial(_url, f"/proposals/FV-{proposal_id}/coalition/all", kind=kind, q=words)
    return page(
        "voting/all_companions.html",
        proposal=proposal,
        found=found,
        kind=kind,
        words=words,
        url=url,
        more_url=url(after=found.more) if found.more else "",
        first_url=url() if after else "",
    )


def _asked(name: str, known: set[str]) -> str:
    value = request.args.get(name, "")
    return value if value in known else ""


def _words() -> str:
    return clean(request.args.get("q", ""))[:MAX_WORDS]


def _url(path: str, **query: str) -> str:
    told = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{told}" if told else path
