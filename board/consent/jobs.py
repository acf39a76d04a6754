"""The job that ends consents whose time is over. It can be repeated, run twice at once, and catches up after a rest."""

from sqlalchemy import select

from board.consent import verbs
from board.db import db, now, transaction
from board.errors import Conflict, Missing
from board.policy import SYSTEM
from board.proposals import queries
from board.proposals.models import Proposal

BATCH = 200


def run_out() -> int:
    """Accept each proposal whose consent is over, one transaction each; the database decides each case."""
    due = select(Proposal.id).where(Proposal.consent_until <= now()).order_by(Proposal.consent_until, Proposal.id)
    ids = list(db.session.scalars(due.limit(BATCH)))
    n = 0
    for proposal_id in ids:
        try:
            with transaction():
                verbs.pass_(queries.locked(proposal_id), SYSTEM)
            n += 1
        except (Conflict, Missing):  # Somebody objected, decided or was faster: that holds.
            continue
    return n
