"""Suggesting that two proposals are the same, merging one into the other, and taking that back."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, update

from board.activity.models import act
from board.comments.models import Comment
from board.db import db, now
from board.duplicates import carrying, moving
from board.duplicates.models import Duplicate, Merger
from board.errors import Conflict, Missing
from board.estimates import effort
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import FRESH, Proposal
from board.proposals.states import State
from board.voting.tallies import recount
from board.work.models import Package, PackageState

MERGED_FROM = (State.OPEN, State.ACCEPTED, State.DEFERRED)
GONE = (State.WITHDRAWN, State.MERGED, State.DECLINED)


def locked(*ids: int) -> tuple[Proposal, ...]:
    """These proposals for a verb, locked in one order, so that two mergers never wait in a circle. Raises Missing."""
    query = select(Proposal).where(Proposal.id.in_(ids)).order_by(Proposal.id).with_for_update()
    found = {p.id: p for p in db.session.scalars(query)}
    if missing := set(ids) - found.keys():
        raise Missing(_("There is no proposal FV-%(id)s.", id=min(missing)))
    return tuple(found[id_] for id_ in ids)


def suggest(proposal: Proposal, of: Proposal, note: str, by: Actor) -> Duplicate:
    """Say that one proposal may be the same as another. The same again is harmless. Raises Denied, Conflict."""
    mark = Duplicate(
        proposal_id=proposal.id, of_id=of.id, note=note, partner_id=by.partner_id, person_id=by.person_id
    )  # fmt: skip
    if proposal.id == of.id:
        raise Conflict(_("Choose another proposal than this one."))
    if State.MERGED in {proposal.state, of.state}:
        raise Conflict(_("One of the two has been merged already."))
    pair = (proposal.id, of.id), (of.id, proposal.id)
    for a, b in pair:
        found = db.session.scalar(
            select(Duplicate).where(Duplicate.proposal_id == a, Duplicate.of_id == b, Duplicate.dismissed_at.is_(None))
        )
        if found is not None:
            return found
    db.session.add(mark)
    act(by, "duplicate.suggest", mark, of=of.id)
    _shown(proposal, of)
    return mark


def dismiss(mark: Duplicate, by: Actor) -> None:
    """They are not the same. Twice is harmless. Raises Denied."""
    act(by, "duplicate.dismiss", mark, of=mark.of_id)
    if mark.dismissed_at is None:
        mark.dismissed_at = now()
        _shown(*locked(mark.proposal_id, mark.of_id))


def merge(proposal: Proposal, into: Proposal, by: Actor) -> Merger:
    """Let one proposal become part of another, with all that is on it. Both come from `locked`.

    Raises Denied; Conflict when either of them cannot (any more). Ballots are carried only while both are open: what
    was decided stays as it was decided.
    """
    act(by, "proposal.merge", proposal, into=into.id)
    for one in (proposal, into):
        db.session.refresh(one, (*FRESH, "closed_at", "merged_into_id"), with_for_update=True)
    _check(proposal, into)
    voting = proposal.is_open and into.is_open and into.consent_until is None
    before = {
        "state": proposal.state, "closed_at": proposal.closed_at.isoformat() if proposal.closed_at else None,
        "electorate_size": proposal.electorate_size,
    }  # fmt: skip
    act(by, "proposal.absorb", into, source=proposal.id)
    proposal.become_part(into.id)
    db.session.flush()
    moved = moving.move(proposal.id, into.id)
    moved["ballots"] = carrying.carry(proposal.id, into.id, by) if voting else []
    merger = Merger(
        proposal_id=proposal.id, into_id=into.id, person_id=by.person_id, at=now(), moved=moved | {"before": before}
    )  # fmt: skip
    db.session.add(merger)
    _settle(proposal, into)
    return merger


def unmerge(proposal: Proposal, by: Actor) -> None:
    """Take the merger back: both are what they were, with what happened since. `proposal` comes from `locked`.

    Raises Denied, Conflict when it is not merged (any more), or when the other one was merged itself meanwhile.
    """
    running = select(Merger).where(Merger.proposal_id == proposal.id, Merger.undone_at.is_(None)).with_for_update()
    merger = db.session.scalar(running.execution_options(populate_existing=True))
    before: dict[str, Any] = merger.moved["before"] if merger else {}
    act(by, "proposal.unmerge", proposal, to=before.get("state"))
    if merger is None or proposal.state != State.MERGED:
        raise Conflict(_("This proposal is not merged any more; it is now: %(state)s.", state=proposal.label))
    (into,) = locked(merger.into_id)
    db.session.refresh(into, (*FRESH, "merged_into_id"), with_for_update=True)
    if into.state == State.MERGED:
        raise Conflict(_("Take the merger of %(key)s back first.", key=into.key))
    act(by, "proposal.release", into, source=proposal.id)
    merger.undone_at = now()
    closed = before["closed_at"]
    proposal.stand_alone(
        State(before["state"]), datetime.fromisoformat(closed) if closed else None, before["electorate_size"]
    )
    db.session.flush()
    moving.back(merger.moved, proposal.id, into.id)
    if into.is_open:
        carrying.carry_back(merger.moved["ballots"], proposal.id, into.id, by)
    _settle(proposal, into)


def _check(proposal: Proposal, into: Proposal) -> None:
    if proposal.id == into.id:
        raise Conflict(_("Choose another proposal than this one."))
    if proposal.state not in MERGED_FROM:
        raise Conflict(_("This proposal cannot be merged; it is now: %(state)s.", state=proposal.label))
    if into.state in GONE:
        raise Conflict(_("Nothing can be merged into %(key)s; it is now: %(state)s.", key=into.key, state=into.label))


def _settle(*both: Proposal) -> None:
    """Count again what was moved, and renew what shows it."""
    db.session.flush()
    for one in both:
        packages = and_(Package.proposal_id == one.id, Package.merged_into_id.is_(None))
        talk = (Comment.proposal_id == one.id, Comment.package_id.is_(None), Comment.deleted_at.is_(None))
        db.session.execute(
            update(Proposal)
            .where(Proposal.id == one.id)
            .values(
                n_packages=_number(packages), n_free=_number(packages, Package.state == PackageState.OPEN),
                n_comments=_number(*talk), version=Proposal.version + 1, active_at=now(),
            )
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        recount(one.id)
        effort.renew(one.id)
        db.session.expire(one)


def _number(*where: Any) -> Any:
    return select(func.count()).where(*where).scalar_subquery()


def _shown(*proposals: Proposal) -> None:
    for proposal in proposals:
        proposal.version += 1
