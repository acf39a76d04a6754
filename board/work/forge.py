"""What the Git forges tell about a package: its issues are closed or open again, somebody pushes for it."""

from sqlalchemy import select

from board.activity.models import Activity, act
from board.db import db
from board.policy import Actor
from board.proposals.models import touch
from board.work.claims import Terms, paused
from board.work.models import Claim, Package, PackageState, touch_package


def submit(package: Package, by: Actor, terms: Terms) -> bool:
    """All issues are closed: a claimed package asks for acceptance, and its lease begins anew. Else nothing happens."""
    if package.state not in {PackageState.CLAIMED, PackageState.IN_PROGRESS}:
        return False
    act(by, "package.submit", package, before=package.state)
    package.state = PackageState.REVIEW
    renew(package, by, terms, quiet=True)
    touch_package(package.id)
    touch(package.proposal_id)
    return True


def send_back(package: Package, by: Actor, terms: Terms) -> bool:
    """An issue is open again: back to where the forge found the package, if it was the forge that submitted it."""
    before = _submitted(package.id)
    if package.state != PackageState.REVIEW or before is None:
        return False
    act(by, "package.return", package)
    package.state = before
    touch_package(package.id)
    touch(package.proposal_id)
    return True


def renew(package: Package, by: Actor, terms: Terms, *, quiet: bool = False) -> int:
    """Work was seen: the live leases begin anew, at most one log entry per claim and day. Returns how many grew."""
    live = select(Claim).where(Claim.package_id == package.id, Claim.ended_at.is_(None), Claim.seat == "lead")
    grown = 0
    for claim in db.session.scalars(live.with_for_update()):
        until = terms.lease() - paused(package, claim)
        if until <= claim.lease_until:
            continue
        if not quiet:
            act(by, "package.renew", claim)
        claim.lease_until = until
        grown += 1
    if grown and not quiet:
        touch_package(package.id)
        touch(package.proposal_id)
    return grown


def _submitted(package_id: int) -> str | None:
    """The state before the forge submitted it, if that was the last move."""
    wanted = (
        select(Activity)
        .where(
            Activity.package_id == package_id,
            Activity.verb.in_(("package.submit", "package.return", "package.claim", "package.start")),
        )
        .order_by(Activity.id.desc())
        .limit(1)
    )
    last = db.session.scalar(wanted)
    if last is None or last.verb != "package.submit" or last.source != "provider":
        return None
    return str(last.details.get("before", PackageState.IN_PROGRESS))
