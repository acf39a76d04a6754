"""What a proposal's page shows only some of where there are thousands: all of it, in pages by name."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from board.text import clean
from board.voting import companions, queries, uses, voices
from board.voting.models import Choice, OfferKind, ReuseStatus
from board.web import actor, page

MAX_WORDS = 100
CHOICES = {*Choice, voices.NONE}


def ballots(proposal_id: int) -> Response:
    """Who voted how, or who has not."""
    return _everybody("voting/all_ballots.html", proposal_id, "ballots", "choice", CHOICES, voices.page)


def uses_of(proposal_id: int) -> Response:
    """Who uses it."""
    read = partial(uses.page, by=actor())
    return _everybody("voting/all_uses.html", proposal_id, "reuse", "status", set(ReuseStatus), read)


def companions_of(proposal_id: int) -> Response:
    """Who takes part."""
    read = partial(companions.page, by=actor())
    return _everybody("voting/all_companions.html", proposal_id, "coalition", "kind", set(OfferKind), read)


def _everybody(
    template: str, proposal_id: int, part: str, narrowing: str, known: set[str], read: Callable[..., Any]
) -> Response:
    """One page of them: all, those of one kind (`narrowing`, one of the `known`), those that are called like that.

    What the address asks for and does not exist is ignored.
    """
    proposal = queries.get(proposal_id)
    chosen, words, after = _asked(narrowing, known), _words(), request.args.get("after", "")
    found = read(proposal, chosen, words, after)
    here = f"/proposals/FV-{proposal_id}/{part}/all"
    url = partial(_url, here, **{narrowing: chosen, "q": words})
    return page(
        template,
        proposal=proposal,
        part=part,
        here=here,
        found=found,
        narrowing=narrowing,
        chosen=chosen,
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
