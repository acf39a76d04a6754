"""Ordering several proposals at once, and taking it back: each in a savepoint, one refusal holds up no other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from board.db import db, now
from board.decisions import verbs as decisions
from board.errors import Conflict, Missing, Refusal
from board.i18n import gettext as _
from board.ordering import verbs
from board.ordering.models import Batch
from board.policy import Actor
from board.proposals.models import Proposal
from board.proposals.states import DECISIONS
from board.voting.tallies import recount

Step = Callable[[Proposal], Any]


@dataclass
class Together:
    """What came of it: how many changed, what stayed as it was and why; `batch` takes it back."""

    done: list[int] = field(default_factory=list)
    refused: int = 0
    told: list[str] = field(default_factory=list)
    batch: int | None = None


PLAIN: dict[str, Callable[[Proposal, Actor, Any], bool]] = {
    "value": verbs.rate, "milestone": verbs.plan, "topic": verbs.classify, "vote_by": verbs.postpone,
}  # fmt: skip
COLUMNS = {"value": "value", "milestone": "milestone_id", "topic": "topic_id", "vote_by": "vote_by"}


def change(ids: Iterable[int], by: Actor, kind: str, value: Any) -> Together:
    """Give all of them the same value, milestone, topic or answer-by date; what has it already is left out."""

    def step(proposal: Proposal) -> list[Any] | None:
        before = _plain(proposal, kind)
        return [before, _plain(proposal, kind)] if PLAIN[kind](proposal, by, value) else None

    return _each(ids, by, kind, step)


def move(ids: Iterable[int], by: Actor, verb: str, **words: Any) -> Together:
    """Lead all of them on by the same verb, with the same words where it is a decision."""

    def step(proposal: Proposal) -> list[Any]:
        before = verbs.standing(proposal)
        getattr(proposal, verb)(by, **words)
        if verb in DECISIONS:
            decisions.keep(proposal)
        if verb == "reopen":
            db.session.flush()
            recount(proposal.id)
        return [before, verbs.standing(proposal)]

    return _each(ids, by, "state", step)


def undo(batch_id: int, by: Actor) -> Together:
    """Take a batch back, where nothing else has changed it since. Raises Missing for another person's, or none."""
    batch = db.session.scalar(select(Batch).where(Batch.id == batch_id).with_for_update())
    if batch is None or batch.person_id != by.person_id:
        raise Missing(_("There is nothing to take back."))
    if batch.undone_at is not None:
        return Together()
    batch.undone_at = now()

    def step(proposal: Proposal) -> None:
        before, after = batch.items[str(proposal.id)]
        there = verbs.standing(proposal) if batch.kind == "state" else _plain(proposal, batch.kind)
        if batch.kind == "state":
            there = {name: there.get(name) for name in after}  # What an older batch did not keep is not compared.
        if there != after:
            raise Conflict(_("It has been changed since."))
        if batch.kind == "state":
            verbs.take_back(proposal, by, before, batch.done_at)
        else:
            PLAIN[batch.kind](
                proposal, by, date.fromisoformat(before) if batch.kind == "vote_by" and before else before
            )

    return _each(map(int, batch.items), by, "", step)


def _each(ids: Iterable[int], by: Actor, kind: str, step: Step) -> Together:
    """In the order of the ids, all locked first: two that do this at once wait, they never block each other."""
    found, began = Together(), now()
    wanted = select(Proposal).where(Proposal.id.in_(sorted(set(ids)))).order_by(Proposal.id)
    rows = list(db.session.scalars(wanted.with_for_update(of=Proposal).execution_options(populate_existing=True)))
    items: dict[str, list[Any]] = {}
    for proposal in rows:
        try:
            with db.session.begin_nested():
                kept = step(proposal)
        except Refusal as refusal:
            found.refused += 1
            found.told += [refusal.message] if refusal.message not in found.told else []
            continue
        if kept is not None or not kind:
            found.done.append(proposal.id)
            items[str(proposal.id)] = kept or []
    if kind and items:
        batch = Batch(person_id=by.person_id, kind=kind, items=items, done_at=began)
        db.session.add(batch)
        db.session.flush()
        found.batch = batch.id
    return found


def _plain(proposal: Proposal, kind: str) -> Any:
    value = getattr(proposal, COLUMNS[kind])
    return value.isoformat() if isinstance(value, date) else value
