"""What happens to memberships: another role, a deputy with dates, the end. Each begins with its right.

A partner that votes keeps a delegate: the last one leaves only when an administrator says so.
"""

from datetime import date, timedelta

from sqlalchemy import func, select

from board.accounts.models import Membership, Role
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Refusal
from board.i18n import gettext as _
from board.i18n import today
from board.mail import outbox
from board.partners.models import Partner
from board.policy import Actor

LONGEST = timedelta(days=366)


def assign(seat: Membership, role: Role, by: Actor) -> None:
    """Make a member a delegate or the other way round. Raises Conflict for a provider's delegate and the last one."""
    act(by, "membership.assign", seat, person=seat.person_id, role=str(role))
    _check_live(seat)
    if role == seat.role:
        return
    if role == Role.DELEGATE and db.session.get_one(Partner, seat.partner_id).is_provider:
        raise Conflict(_("A provider does not vote, so it has no delegate."))
    if seat.role == Role.DELEGATE:
        _check_not_last(seat, by)
    seat.role = role
    if role == Role.DELEGATE:
        seat.deputy_from = seat.deputy_until = None
    outbox.put("role", to=seat.person_id, membership=seat.id, role=str(role))


def deputise(seat: Membership, begin: date, end: date, by: Actor) -> None:
    """Let a member stand in as delegate from one day to another, both included; new dates replace the old ones.

    Raises Refusal for dates that cannot be, Conflict for delegates and providers.
    """
    act(by, "membership.deputise", seat, person=seat.person_id, begin=begin.isoformat(), end=end.isoformat())
    _check_live(seat)
    if seat.role == Role.DELEGATE:
        raise Conflict(_("A delegate needs no dates to cast the ballot."))
    if db.session.get_one(Partner, seat.partner_id).is_provider:
        raise Conflict(_("A provider does not vote, so it has no delegate."))
    if end < begin or end < today():
        raise Refusal(_("The last day must not lie before the first, nor in the past."))
    if end - begin > LONGEST:
        raise Refusal(_("A deputy stands in for a year at most."))
    if (seat.deputy_from, seat.deputy_until) == (begin, end):
        return
    seat.deputy_from, seat.deputy_until = begin, end
    outbox.put("deputy", to=seat.person_id, membership=seat.id)


def undeputise(seat: Membership, by: Actor) -> None:
    """Let the standing-in end at once. Repeating it is harmless."""
    act(by, "membership.undeputise", seat, person=seat.person_id)
    seat.deputy_from = seat.deputy_until = None


def end(seat: Membership, by: Actor) -> None:
    """The person leaves the partner; what they did for it stays on record as the partner's. Repeating is harmless.

    Raises Conflict for the last delegate of a voting partner, unless an administrator does it.
    """
    act(by, "membership.end", seat, person=seat.person_id)
    if seat.ended_at is not None:
        return
    if seat.role == Role.DELEGATE:
        _check_not_last(seat, by)
    seat.ended_at = now()
    if by.person_id != seat.person_id:
        outbox.put("membership-ended", to=seat.person_id, membership=seat.id)


def _check_live(seat: Membership) -> None:
    if seat.ended_at is not None:
        raise Conflict(_("This membership has ended."))


def _check_not_last(seat: Membership, by: Actor) -> None:
    """The partner's row is locked first, so that two delegates cannot leave at once."""
    partner = db.session.get_one(Partner, seat.partner_id, with_for_update=True)
    others = db.session.scalar(
        select(func.count(Membership.id)).where(
            Membership.partner_id == partner.id,
            Membership.role == Role.DELEGATE,
            Membership.ended_at.is_(None),
            Membership.id != seat.id,
        )
    )
    if partner.votes and not others and not by.is_admin:
        raise Conflict(
            _("%(partner)s would have no delegate left. Please name another one first.", partner=partner.name)
        )
