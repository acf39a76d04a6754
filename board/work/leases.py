"""The sweep: frees what asked in vain. Whoever keeps time calls it; several processes at once are safe."""

from datetime import date, timedelta

from sqlalchemy import select

from board.db import db, transaction
from board.i18n import today
from board.settings.current import current
from board.work.claims import Terms, lapse_due
from board.work.models import Claim, Package
from board.work.packages import locked


def terms() -> Terms:
    """The terms of this installation, as its settings say now."""
    board = current()
    return Terms(board.lease_days, board.grace_days)


def sweep_due() -> int:
    """Free what is due today; needs an application context, opens its own transactions. Returns how many claims."""
    return sweep(today(), terms())


def sweep(day: date, terms: Terms) -> int:
    """End the claims that are lapsed on that day: one transaction per package, each looking again under its lock."""
    due = (
        select(Claim.package_id)
        .join(Package, Package.id == Claim.package_id)
        .where(
            Claim.ended_at.is_(None),
            Claim.lease_until <= day - timedelta(days=terms.grace_days),
            Package.held_at.is_(None),
        )
        .distinct()
    )
    packages = list(db.session.scalars(due))
    db.session.close()  # Gives the connection back: the caller may be a thread that sleeps.
    ended = 0
    for package_id in packages:
        with transaction():
            ended += lapse_due(locked(package_id), terms, day)
    return ended
