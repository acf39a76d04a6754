"""Taking a move back: a package returns to where it stood, if nobody has gone on since."""

from sqlalchemy import select

from board.activity.models import Activity, act
from board.db import db
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import touch
from board.work import claims
from board.work.claims import Terms
from board.work.dependencies import tell
from board.work.models import Claim, EndReason, Package, PackageState, Seat, touch_package
from board.work.moves import VERBS


def revert(package: Package, before: str, after: str, by: Actor, terms: Terms) -> None:
    """Take one's own move from `before` to `after` back. Raises Conflict when it was not the last thing that happened.

    A claim is handed back, a lead that was handed back is claimed anew; all else moves back as one entry of the log.
    """
    verb = VERBS[before, after]
    last = db.session.scalar(
        select(Activity)
        .where(Activity.package_id == package.id, Activity.verb.not_like("comment.%"))
        .order_by(Activity.id.desc())
        .limit(1)
    )
    mine = last is not None and last.verb == f"package.{verb}" and last.person_id == by.person_id
    if package.state != after or not mine:
        raise Conflict(_("Somebody has gone on since: it stays where it is."))
    if verb == "claim":
        claims.hand_back(package, by)
        return
    if verb == "hand_back":
        claims.claim(package, by, Seat.LEAD, None, terms)
        package.state = before
        return
    act(by, "package.move_back", package, to=before)
    package.state = before
    if after == PackageState.DONE:
        _seat_again(package)
    touch_package(package.id)
    shown = tell(package) if after == PackageState.DONE else set()
    for proposal_id in sorted({package.proposal_id, *shown}):
        touch(proposal_id)


def _seat_again(package: Package) -> None:
    """Whoever did it holds the seats again that ended with it."""
    done = select(Claim).where(Claim.package_id == package.id, Claim.end_reason == EndReason.DONE)
    for seat in db.session.scalars(done):
        seat.ended_at, seat.end_reason = None, None
