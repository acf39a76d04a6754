"""The sums that are kept as slips, counted again from proposals, their log and their decisions: what must be there."""

from collections import Counter

from sqlalchemy import bindparam, delete, select

from board.db import db, run
from board.proposals import ahead, turns
from board.proposals.models import Proposal
from board.proposals.slips import AHEAD, MONTH, TOOK, Key, Slip, sums, write
from board.proposals.states import State
from board.spans import spans

Numbers = tuple[int, int, int]
_ROWS = select(Proposal.id, Proposal.created_at, Proposal.state, Proposal.imported).where(
    Proposal.id.between(bindparam("first"), bindparam("last")), Proposal.state != State.MERGED
)


def counted() -> dict[Key, Numbers]:
    """(kind, place, state) → (n, days, effort), each proposal looked at, a range of them at a time."""
    found: Counter[Key] = Counter()
    for first, last in spans(Proposal.id):
        steps, decisions = turns.told(first, last), turns.first_decisions(first, last)
        for id_, created_at, state, imported in run(_ROWS, first=first, last=last):
            found.update(turns.of(created_at, state, steps.get(id_, ())))
            found.update(turns.took(created_at, imported, decisions.get(id_)))
    return {key: (n, 0, 0) for key, n in found.items() if n} | ahead.keyed(run(ahead.added_up()))


def kept() -> dict[Key, Numbers]:
    """What the slips say."""
    kinds = {kind: sums(kind) for kind in (MONTH, TOOK, AHEAD)}
    return {
        (kind, one.place, one.state): (one.n, one.days, one.effort) for kind, found in kinds.items() for one in found
    }


def wrong() -> list[Key]:
    """Where the slips do not say what was counted."""
    there, right = kept(), counted()
    return sorted(key for key in there.keys() | right.keys() if there.get(key) != right.get(key))


def renew_ahead() -> None:
    """Write what is to come anew, after many proposals have come at once past the triggers."""
    db.session.execute(delete(Slip).where(Slip.kind == AHEAD))
    write(ahead.keyed(db.session.execute(ahead.added_up())))
