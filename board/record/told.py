"""The ballots as the record tells them, from its beginning; beside those that are kept."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, select

from board.activity.models import Activity
from board.db import db, fenced, run
from board.proposals.models import Proposal
from board.proposals.states import State
from board.spans import spans
from board.voting.models import Ballot

CLOSING = ("accept", "defer", "decline", "withdraw", "merge")
REOPEN = ("proposal.reopen", "proposal.unmerge")
PASSED = "consent.pass"
TAKE_BACK = "proposal.take_back"


def check_ballots() -> list[tuple[int, int]]:
    """(proposal, partner) of each ballot that is not what the record says, or of which only one of both tells."""
    db.session.flush()
    handed = run(_HANDED).all()
    wrong: list[tuple[int, int]] = []
    for first, last in spans(Proposal.id):
        told = _ballots(first, last, handed)
        found = {(p, a): c for p, a, c in run(_CAST, first=first, last=last)}
        wrong += sorted(key for key in told.keys() | found.keys() if told.get(key) != found.get(key))
    return wrong


_RANGE: tuple[Any, Any] = bindparam("first"), bindparam("last")
_CAST = select(Ballot.proposal_id, Ballot.partner_id, Ballot.choice).where(Ballot.proposal_id.between(*_RANGE))
_ON_RECORD = select(Activity.id, Activity.verb, Activity.proposal_id, Activity.about_id, Activity.details)
_HANDED = _ON_RECORD.where(Activity.verb == "partner.merge")
_CHANGES = ("ballot.cast", "ballot.withdraw", "ballot.carry", PASSED, *(f"proposal.{verb}" for verb in CLOSING))
_TOLD = _ON_RECORD.where(
    Activity.proposal_id.between(*_RANGE), fenced(Activity.verb.in_((*_CHANGES, *REOPEN, TAKE_BACK)))
)


def _ballots(first: int, last: int, handed: Sequence[Any]) -> dict[tuple[int, int], str]:
    """(proposal, partner) → choice for a range of proposals, replayed: cast, withdrawn, handed on (`handed`: when)."""
    theirs = run(_TOLD, first=first, last=last).all()
    told: dict[tuple[int, int], str] = {}
    closed: set[int] = set()
    for _id, verb, proposal_id, about_id, details in sorted((*theirs, *handed), key=itemgetter(0)):
        if verb == "ballot.cast":
            told[proposal_id, about_id] = details["to"]
        elif verb == "ballot.withdraw" or (verb == "ballot.carry" and details["to"] is None):
            told.pop((proposal_id, about_id), None)
        elif verb == "ballot.carry":
            told[proposal_id, about_id] = details["to"]
        elif verb == "partner.merge":
            _hand_on(told, closed, about_id, details["into"])
        elif verb in REOPEN:
            if details.get("to") in {None, State.OPEN}:
                closed.discard(proposal_id)
        elif verb == TAKE_BACK:
            (closed.discard if details["to"] == State.OPEN else closed.add)(proposal_id)
        else:
            closed.add(proposal_id)
    return told


def _hand_on(told: dict[tuple[int, int], str], closed: set[int], old: int, into: int) -> None:
    for proposal_id, partner_id in list(told):
        if partner_id == old and proposal_id not in closed and (proposal_id, into) not in told:
            told[proposal_id, into] = told.pop((proposal_id, old))
