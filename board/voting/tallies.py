"""The tally and the coalition on a proposal's row: moved in SQL with what they count, and recounted from it.

`n_for + n_against + n_abstain` are the ballots that count; a paused partner's ballot is kept but does not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, ScalarSelect, Update, bindparam, case, func, select, union, update

from board.activity.models import Activity
from board.db import db, now, run
from board.partners.models import Partner
from board.proposals.models import Proposal, ProposalBuilder, touch
from board.proposals.states import State
from board.spans import spans
from board.voting.models import Ballot, Choice, Condition, Offer, OfferKind, Reuse, ReuseStatus
from board.voting.strength import of_line

COLUMNS = {Choice.FOR: "n_for", Choice.AGAINST: "n_against", Choice.ABSTAIN: "n_abstain"}
BY_NUMBER = {OfferKind.PILOT: "pilot", OfferKind.CO_FUND: "co_fund", OfferKind.USE: "use"}

_RANGE: tuple[Any, Any] = bindparam("first"), bindparam("last")
_OFFERED = (
    select(Offer.proposal_id, Offer.kind, Offer.days, Offer.confirmed_on, Partner.name)
    .join(Partner, Partner.id == Offer.partner_id)
    .where(Offer.proposal_id.between(*_RANGE), Offer.withdrawn_at.is_(None))
    .order_by(Partner.search, Offer.id)
)
_SET = Condition.proposal_id.between(*_RANGE)
_CONDITIONED = select(Condition.proposal_id, Condition.text, Condition.reserved).where(_SET)


def contested(in_favour: Any, against: Any) -> ColumnElement[int]:
    """How contested a proposal is, as SQL: `1000 · smaller side − distance of the sides`, 0 when nobody disagrees.

    So three against three come before twenty against three, and both before one against forty.
    """
    return case(
        ((in_favour == 0) | (against == 0), 0),
        (in_favour < against, 1001 * in_favour - against),
        else_=1001 * against - in_favour,
    )


def move(proposal_id: int, before: str | None, after: str | None) -> None:
    """One ballot that counts went from one choice to another (None: there was, or is, none): move the tally with it."""
    run(_moving(before, after), moved=proposal_id, at=now())


@cache
def _moving(before: str | None, after: str | None) -> Update:
    """The statement for one of the few ways a tally can move, like `touch` but built once."""
    steps = dict.fromkeys(COLUMNS.values(), 0)
    for choice, step in ((before, -1), (after, 1)):
        if choice:
            steps[COLUMNS[Choice(choice)]] += step
    moved = {name: getattr(Proposal, name) + by for name, by in steps.items() if by}
    contest = contested(Proposal.n_for + steps["n_for"], Proposal.n_against + steps["n_against"])
    return (
        update(Proposal)
        .where(Proposal.id == bindparam("moved"))
        .values(version=Proposal.version + 1, active_at=bindparam("at"), contest=contest, **moved)
    )


def renew_coalition(proposal_id: int) -> None:
    """Write the coalition's line again from its rows; the proposal is locked by whoever changed them."""
    line = coalition(proposal_id)
    touch(proposal_id, {"coalition": line, **_strength(proposal_id, line)})


def renew_strength(proposal_id: int) -> None:
    """The effort has changed: write again how much of it the coalition's days cover. The proposal is locked."""
    line = db.session.scalar(select(Proposal.coalition).where(Proposal.id == proposal_id)) or ""
    _write([proposal_id], **_strength(proposal_id, line))


def _strength(proposal_id: int, line: str) -> dict[str, int]:
    effort = db.session.scalar(select(Proposal.effort_high).where(Proposal.id == proposal_id)) or 0
    strength, days = of_line(line, effort)
    return {"strength": strength, "days_offered": days}


def coalition(proposal_id: int) -> str:
    """Who leads, how many pilot, co-fund, give how many days, will use it: JSON, empty when nobody offers.

    `…_confirmed` is the part that a body has confirmed; `conditions` and `reserved` are numbers of partners.
    """
    db.session.flush()
    return _lines(proposal_id, proposal_id).get(proposal_id, "")


def _lines(first: int, last: int) -> dict[int, str]:
    """Proposal → its coalition's line, for those of a range that have one."""
    rows = defaultdict[int, tuple[list[Any], list[Any]]](lambda: ([], []))
    for row in run(_OFFERED, first=first, last=last):
        rows[row.proposal_id][0].append(row)
    for condition in run(_CONDITIONED, first=first, last=last):
        rows[condition.proposal_id][1].append(condition)
    return {proposal_id: _line(*theirs) for proposal_id, theirs in rows.items()}


def _line(rows: list[Any], conditions: list[Any]) -> str:
    told: dict[str, Any] = {}
    for status, chosen in (("", rows), ("_confirmed", [r for r in rows if r.confirmed_on])):
        told[f"lead{status}"] = [r.name for r in chosen if r.kind == OfferKind.LEAD]
        told[f"days{status}"] = sum(r.days or 0 for r in chosen)
    for kind, name in BY_NUMBER.items():
        told[name] = sum(r.kind == kind for r in rows)
    told["confirmed"] = sum(r.confirmed_on is not None for r in rows)
    told["conditions"] = sum(bool(c.text) for c in conditions)
    told["reserved"] = sum(c.reserved for c in conditions)
    told = {name: value for name, value in told.items() if value}
    return json.dumps(told, ensure_ascii=False, sort_keys=True) if told else ""


def recount(proposal_id: int) -> None:
    """Count everything again from its rows, with today's electorate while the proposal is open.

    To be called when a proposal is reopened and after an import. The proposal is locked by the caller.
    """
    _recount([proposal_id])
    line = coalition(proposal_id)
    _write([proposal_id], coalition=line, n_live=_number_live(), **_strength(proposal_id, line))


def recount_open_ballots_of(partner_id: int) -> None:
    """A partner was paused or has resumed: let its ballots on open proposals count no more, or again.

    Second half of `partner.pause` and `partner.resume`, in the same transaction. What is decided stays as it was.
    """
    proposals = (
        select(Proposal.id)
        .join(Ballot, Ballot.proposal_id == Proposal.id)
        .where(Ballot.partner_id == partner_id, Proposal.state == State.OPEN)
        .order_by(Proposal.id)
        .with_for_update(of=Proposal, key_share=True)
    )
    _recount(list(db.session.scalars(proposals)))


def has_ballots(partner_id: int) -> bool:
    """Whether the partner has ever cast a ballot that stands."""
    return db.session.scalar(select(Ballot.id).where(Ballot.partner_id == partner_id).limit(1)) is not None


def renew_lines_of(partner_id: int) -> None:
    """A partner is called something else: rows that name it are new, and its coalitions' lines are written again."""
    led = select(Offer.proposal_id).where(Offer.partner_id == partner_id, Offer.withdrawn_at.is_(None)).distinct()
    for proposal_id in sorted(db.session.scalars(led)):
        _write([proposal_id], coalition=coalition(proposal_id))
    named: CompoundSelect[Any] = union(
        select(Proposal.id).where(Proposal.partner_id == partner_id),
        select(ProposalBuilder.proposal_id).where(ProposalBuilder.partner_id == partner_id),
        select(Reuse.proposal_id).where(Reuse.partner_id == partner_id),
        select(Activity.proposal_id).where(Activity.partner_id == partner_id),  # Ballots, comments, seats, history.
    )
    _write(named)


def check_tallies() -> list[str]:
    """What is wrong, one sentence each (for `flask check` and tests); an empty list is the only good answer."""
    db.session.flush()
    return [line for first, last in spans(Proposal.id) for line in _check(first, last)]


def _check(first: int, last: int) -> list[str]:
    """What is wrong with the proposals of a range."""
    wrong, paused, kept = (run(statement, first=first, last=last) for statement in _checking())
    found = [f"FV-{row.id}: the tally is not what the ballots say" for row in wrong]
    found += [f"FV-{row.proposal_id}: a ballot counts that should not, or the reverse" for row in paused]
    lines = _lines(first, last)
    for id_, told, effort, strength, days in kept:
        if told != lines.get(id_, ""):
            found.append(f"FV-{id_}: the coalition's line is not what the offers say")
        elif (strength, days) != of_line(told, effort):
            found.append(f"FV-{id_}: the coalition's strength is not what its line says")
    return found


@cache
def _checking() -> tuple[Any, Any, Any]:
    """Wrong tallies, ballots that count wrongly, and what is kept of the coalition, of the proposals of a range."""
    wrong = select(Proposal.id).where(
        Proposal.id.between(*_RANGE),
        (Proposal.n_for != _number(Choice.FOR))
        | (Proposal.n_against != _number(Choice.AGAINST))
        | (Proposal.n_abstain != _number(Choice.ABSTAIN))
        | (Proposal.contest != contested(Proposal.n_for, Proposal.n_against))
        | (Proposal.n_live != _number_live()),
    )
    paused = (
        select(Ballot.proposal_id)
        .join(Partner, Partner.id == Ballot.partner_id)
        .join(Proposal, Proposal.id == Ballot.proposal_id)
        .where(
            Ballot.proposal_id.between(*_RANGE),
            Proposal.state == State.OPEN,
            Ballot.counted != Partner.paused_at.is_(None),
        )
    )
    kept = select(Proposal.id, Proposal.coalition, Proposal.effort_high, Proposal.strength, Proposal.days_offered)
    return wrong, paused, kept.where(Proposal.id.between(*_RANGE))


def _recount(proposal_ids: list[int]) -> None:
    open_ones = select(Proposal.id).where(Proposal.id.in_(proposal_ids), Proposal.state == State.OPEN)
    active = select(Partner.paused_at.is_(None)).where(Partner.id == Ballot.partner_id).scalar_subquery()
    db.session.flush()
    db.session.execute(
        update(Ballot)
        .where(Ballot.proposal_id.in_(open_ones))
        .values(counted=active)
        .execution_options(synchronize_session=False)
    )
    _write(proposal_ids, **{column: _number(choice) for choice, column in COLUMNS.items()})
    _write(proposal_ids, contest=contested(Proposal.n_for, Proposal.n_against))


def _number(choice: Choice) -> ScalarSelect[int]:
    """The ballots of a choice that count, for the proposal of the statement around it."""
    return (
        select(func.count())
        .where(Ballot.proposal_id == Proposal.id, Ballot.choice == choice.value, Ballot.counted)
        .correlate(Proposal)
        .scalar_subquery()
    )


def _number_live() -> ScalarSelect[int]:
    return (
        select(func.count())
        .where(Reuse.proposal_id == Proposal.id, Reuse.status == ReuseStatus.LIVE.value)
        .correlate(Proposal)
        .scalar_subquery()
    )


def _write(proposal_ids: list[int] | CompoundSelect[Any], **values: Any) -> None:
    """Like `touch`, but nothing has happened on the proposal: it does not count as recently active."""
    db.session.execute(
        update(Proposal)
        .where(Proposal.id.in_(proposal_ids))
        .values(version=Proposal.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
