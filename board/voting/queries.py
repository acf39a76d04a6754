"""Every way to read ballots, offers and reuse: lists get them with a fixed number of queries, whatever their length."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from board.accounts.models import Person
from board.db import db, run
from board.errors import Missing
from board.i18n import gettext as _
from board.i18n import last_day
from board.partners.models import Electorate
from board.policy import Actor
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting import company, rights
from board.voting.companions import coalition
from board.voting.company import for_partner, given
from board.voting.models import Ballot, Condition, Offer, OfferKind
from board.voting.rights import why_no_ballot
from board.voting.shapes import Box, Given, Panel, Tally
from board.voting.uses import users
from board.voting.voices import ballots

__all__ = [
    "ballots", "box", "boxes", "coalition", "for_partner", "for_proposal", "get", "own", "panel", "tallies", "tally",
    "users", "why_no_ballot",
]  # fmt: skip


_ELECTORATE = select(Electorate.size).where(Electorate.id == Electorate.ONLY)
_PROPOSAL = select(
    Proposal.id, Proposal.title, Proposal.state, Proposal.closed_at, Proposal.vote_by, Proposal.text_version,
    Proposal.n_for, Proposal.n_against, Proposal.n_abstain, Proposal.electorate_size, Proposal.coalition,
    Proposal.consent_until, _ELECTORATE.scalar_subquery().label("live"),
).where(Proposal.id == bindparam("proposal"))  # fmt: skip
_OWN = (
    select(Ballot.proposal_id, Ballot.choice, Ballot.reason, Ballot.cast_at, Ballot.text_version, Person.name)
    .outerjoin(Person, Person.id == Ballot.person_id)
    .where(Ballot.partner_id == bindparam("partner"))
)
_OWN_ONE = _OWN.where(Ballot.proposal_id == bindparam("proposal"))
_OWN_OF = _OWN.where(Ballot.proposal_id.in_(bindparam("proposals", expanding=True)))


class Own(NamedTuple):
    """One's partner's ballot as it lies in the database, with the name of who cast it."""

    choice: str
    reason: str
    cast_at: datetime
    text_version: int
    person: str | None


def get(proposal_id: int) -> Any:
    """What voting shows of a proposal itself, freshly read, with today's electorate as `live`. Raises Missing."""
    found = run(_PROPOSAL, proposal=proposal_id).one_or_none()
    if found is None:
        raise Missing(_("There is no proposal FV-%(id)s.", id=proposal_id))
    return found


def tallies(proposals: Iterable[Any]) -> dict[int, Tally]:
    """The tally of each, from the proposals' own columns: one small query for all of them.

    Who is with what never had a vote is asked by one more, whatever their number.
    """
    live = run(_ELECTORATE).scalar() or 0
    return _with_company([_tally(p, live) for p in proposals])


def tally(proposal: Any) -> Tally:
    """The tally of one that `get` has read: nothing more has to be asked if there was a vote."""
    return _with_company([_tally(proposal, proposal.live or 0)])[proposal.id]


def _with_company(tallies: list[Tally]) -> dict[int, Tally]:
    found = {told.id: told for told in tallies}
    with_it = company.built_and_used([id_ for id_, told in found.items() if not told.voted])
    return found | {id_: found[id_]._replace(built=built, used=used) for id_, (built, used) in with_it.items()}


def boxes(proposals: Iterable[Any], by: Actor) -> dict[int, Box]:
    """The acting partner's ballot on each; one query for all (a second when the partner does not vote)."""
    proposals = list(proposals)
    cast, why = own([p.id for p in proposals], by), why_no_ballot(by)
    return {p.id: box(p, cast.get(p.id), by, why) for p in proposals}


def for_proposal(proposal: Any, by: Actor) -> dict[str, Any]:
    """All that the partials of voting under one proposal show: tally, ballot, offers, coalition, ballots, reuse."""
    return {
        "tally": tallies([proposal])[proposal.id],
        "ballot": boxes([proposal], by)[proposal.id],
        "offers": panel(proposal, by),
        "coalition": coalition(proposal, by),
        "ballots": ballots(proposal, by),
        "reuse": users(proposal, by),
    }


def panel(proposal: Any, by: Actor) -> Panel:
    """What the acting partner offers here, for its form."""
    held: dict[str, Given] = {}
    condition = None
    if by.partner_id is not None:
        own = select(Offer).where(Offer.proposal_id == proposal.id, Offer.partner_id == by.partner_id)
        held = {o.kind: given(o) for o in db.session.scalars(own.where(Offer.withdrawn_at.is_(None)))}
        condition = db.session.scalar(
            select(Condition).where(Condition.proposal_id == proposal.id, Condition.partner_id == by.partner_id)
        )
    gone = rights.closed_sentence(proposal) if proposal.state in rights.GONE else ""
    why = rights.why_no_offer(by) or gone
    return Panel(
        id=proposal.id,
        key=f"FV-{proposal.id}",
        partner=by.partner,
        may=not why,
        why=why,
        only_use=proposal.state == State.AVAILABLE,
        given={kind.value: held[kind] for kind in OfferKind if kind in held},
        values=_wishes(held, condition),
    )


def _tally(p: Any, live: int) -> Tally:
    total = live if p.electorate_size is None else p.electorate_size
    told = json.loads(p.coalition) if p.coalition else {}
    closed = p.state != State.OPEN
    available = p.state == State.AVAILABLE
    return Tally(p.id, f"FV-{p.id}", p.n_for, p.n_against, p.n_abstain, total, closed, told, available=available)


def own(proposal_ids: list[int], by: Actor) -> dict[int, Own]:
    """What the acting partner has cast on these proposals, by proposal; one query for all."""
    if by.partner_id is None or not proposal_ids:
        return {}
    if len(proposal_ids) == 1:
        found = run(_OWN_ONE, partner=by.partner_id, proposal=proposal_ids[0])
    else:
        found = run(_OWN_OF, partner=by.partner_id, proposals=proposal_ids)
    return {row[0]: Own._make(row[1:]) for row in found}


def box(p: Any, cast: Own | None, by: Actor, why: str) -> Box:
    """The acting partner's ballot on one proposal; `why` they may not cast it (`why_no_ballot`)."""
    closed = "" if p.state == State.OPEN else rights.closed_sentence(p)
    consent = last_day(p.consent_until) if p.consent_until and not closed else None
    said: dict[str, Any] = {}
    if cast is not None:
        said = {"choice": cast.choice, "reason": cast.reason, "cast_at": cast.cast_at, "person": cast.person or ""}
        said["stale"] = cast.text_version != p.text_version
    return Box(
        id=p.id,
        key=f"FV-{p.id}",
        title=getattr(p, "title", ""),
        partner=by.partner,
        may=not why and not closed and consent is None,
        why=why,
        closed=closed,
        consent=consent,
        vote_by=p.vote_by,
        **said,
    )


def _wishes(held: Mapping[str, Given], condition: Condition | None) -> dict[str, Any]:
    """The state of the form: its fields and what is in them."""
    days = held.get(OfferKind.DAYS)
    return {
        **{k.value: k in held for k in (OfferKind.LEAD, OfferKind.PILOT, OfferKind.CO_FUND, OfferKind.USE)},
        "days": days.days if days else "",
        "condition": condition.text if condition else "",
        "reserved": bool(condition and condition.reserved),
        "reserved_body": condition.reserved_body if condition else "",
        "reserved_on": condition.reserved_on.isoformat() if condition and condition.reserved_on else "",
    }
