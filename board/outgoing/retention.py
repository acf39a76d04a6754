"""How long the log of outgoing webhooks is kept: contents 14 days (of failed ones 90), everything else 180 days."""

from datetime import timedelta

from sqlalchemy import and_, delete, or_, update

from board.db import db, now, transaction
from board.outgoing.models import OutgoingDelivery, Standing

BODY, FAILED_BODY, ALL = timedelta(days=14), timedelta(days=90), timedelta(days=180)


def sweep() -> int:
    """Forget what is due, in a transaction of its own; safe to repeat. Returns how many rows were changed."""
    made, failed = OutgoingDelivery.created_at, OutgoingDelivery.status == Standing.FAILED
    delivered = OutgoingDelivery.status == Standing.DELIVERED
    due = or_(and_(delivered, made < now() - BODY), and_(failed, made < now() - FAILED_BODY))
    with transaction():
        gone = db.session.execute(
            delete(OutgoingDelivery).where(made < now() - ALL).execution_options(synchronize_session=False)
        )
        bare = db.session.execute(
            update(OutgoingDelivery)
            .where(due, OutgoingDelivery.payload.is_not(None))
            .values(payload=None)
            .execution_options(synchronize_session=False)
        )
    return int(gone.rowcount) + int(bare.rowcount)  # type: ignore[attr-defined]
