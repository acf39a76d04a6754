"""How long the delivery log is kept: bodies 14 days (of failed deliveries 90), everything else 180 days."""

from datetime import timedelta

from sqlalchemy import and_, delete, or_, update

from board.db import db, now, transaction
from board.issues import triage
from board.issues.models import Delivery, Status

BODY, FAILED_BODY, ALL = timedelta(days=14), timedelta(days=90), timedelta(days=180)


def sweep() -> int:
    """Forget what is due and wake snoozed issues; needs an application context, opens its own transaction.

    Safe to repeat and in several processes. Returns how many rows were changed.
    """
    failed = Delivery.status == Status.FAILED
    due = or_(
        and_(~failed, Delivery.received_at < now() - BODY), and_(failed, Delivery.received_at < now() - FAILED_BODY)
    )
    with transaction():
        woken = triage.wake_due()
        gone = db.session.execute(
            delete(Delivery).where(Delivery.received_at < now() - ALL).execution_options(synchronize_session=False)
        )
        bare = db.session.execute(
            update(Delivery)
            .where(due, Delivery.body.is_not(None))
            .values(body=None)
            .execution_options(synchronize_session=False)
        )
    return woken + int(gone.rowcount) + int(bare.rowcount)  # type: ignore[attr-defined]
