"""What becomes of a partner's seats when the partner itself goes: they end, or another partner takes them over.

The callers (`partners.leaving`) act for the administration; a package is locked before its proposal, as everywhere.
"""

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.policy import Actor
from board.proposals.models import touch
from board.work.claims import end_seat
from board.work.models import Claim, EndReason, Package, Seat, touch_package
from board.work.packages import locked


def free_all(partner_id: int, by: Actor) -> None:
    """End every live seat of the partner; packages that it led are free again."""
    for _package, held in _seats(partner_id):
        act(by, "package.free", held, seat=held.seat)
        end_seat(held, EndReason.HANDED_BACK)
        db.session.flush()


def move_all(old: int, into: int) -> None:
    """Let another partner take over every live seat, under its lease; where both sit, the lead seat is kept."""
    for package, held in _seats(old):
        there = db.session.scalar(
            select(Claim).where(Claim.package_id == package.id, Claim.partner_id == into, Claim.ended_at.is_(None))
        )
        leads = held.seat == Seat.LEAD
        if there is None:
            held.partner_id = into
        else:
            held.ended_at, held.end_reason = now(), EndReason.HANDED_BACK
            db.session.flush()
            there.lease_until = max(there.lease_until, held.lease_until)
            there.seat = Seat.LEAD if leads else there.seat
        if leads:
            package.lead_partner_id = into
        db.session.flush()
        touch_package(package.id)
        touch(package.proposal_id)


def _seats(partner_id: int) -> list[tuple[Package, Claim]]:
    mine = (Claim.partner_id == partner_id, Claim.ended_at.is_(None))
    found = []
    for package_id in sorted(db.session.scalars(select(Claim.package_id).where(*mine))):
        package = locked(package_id)
        held = db.session.scalar(select(Claim).where(Claim.package_id == package_id, *mine))
        if held is not None:
            found.append((package, held))
    return found
