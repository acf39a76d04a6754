"""Seats in a package: claim, renew, hand back, and what happens when a lease runs out.

Rule 3: at most one live lead claim per package, kept by a partial unique index. Every verb here gets a package
that is locked (`packages.locked`); its claims are read after that, so they are never stale.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from board.activity.models import act
from board.db import db, now, on_postgres, run
from board.errors import Conflict, Denied
from board.i18n import day_of, today
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import SYSTEM, Actor
from board.proposals.models import touch
from board.work.dependencies import waited_for
from board.work.models import Claim, EndReason, Package, PackageState, Seat, touch_package


@dataclass(frozen=True)
class Terms:
    """How long a claim holds before it asks, and after how many further silent days it is freed."""

    lease_days: int = 60
    grace_days: int = 14

    def lease(self) -> date:
        """The last day of a lease that begins today."""
        return today() + timedelta(days=self.lease_days)

    def lapsed(self, claim: Claim, day: date) -> bool:
        """Whether the lease has asked in vain. A package on hold never lapses: its clock stands still."""
        return claim.package.held_at is None and claim.lease_until + timedelta(days=self.grace_days) <= day


USUAL = Terms()

_OF_PACKAGE = select(Claim).where(Claim.package_id == bindparam("package"))
_LIVE = _OF_PACKAGE.where(Claim.ended_at.is_(None)).order_by(Claim.seat, Claim.id)
_LAST = _OF_PACKAGE.where(Claim.partner_id == bindparam("partner"))
_LAST = _LAST.order_by(Claim.ended_at.is_not(None), Claim.id.desc()).limit(1)
_WINNER = (
    select(Partner.name, Partner.slug)
    .join(Claim, Claim.partner_id == Partner.id)
    .where(Claim.package_id == bindparam("package"), Claim.seat == Seat.LEAD, Claim.ended_at.is_(None))
)
_TAKE = {
    kind: kind.insert(Claim).on_conflict_do_nothing().returning(Claim.id) for kind in (postgresql, sqlite)
}  # fmt: skip


def claim(
    package: Package, by: Actor, seat: Seat, days: Decimal | None = None, terms: Terms = USUAL, *, anyway: bool = True
) -> Claim:
    """Take a seat for one's partner, under a lease; ends the package's lapsed claims. One's own again is harmless.

    `days`: person-days the partner gives. Raises Conflict when another partner leads; its hints name the winner
    (`winner`, `winner_slug`) and carry `days` for a support seat. Not `anyway`: leading what waits for others is a
    Conflict too (`blocked`), to be asked again.
    """
    seats = live(package)
    _lapse(seats, terms, today())
    held = _of(seats, by)
    if held and held.seat == seat:
        return held
    act(by, "package.claim" if seat == Seat.LEAD else "package.support", package)
    if package.state == PackageState.DONE:
        raise Conflict(_("This work package is done already."))
    if held and held.seat == Seat.LEAD:
        raise Conflict(_("Your partner already leads this work package."))
    waits = waited_for(package.id) if seat == Seat.LEAD and not anyway else []
    if waits and package.lead_partner_id is None:
        raise Conflict(_("%(key)s waits for %(others)s. You can claim it all the same.",
                         key=package.key, others=", ".join(waits)), blocked=True, days=days)  # fmt: skip
    if held:  # The supporter steps up.
        held.ended_at, held.end_reason, days = now(), EndReason.HANDED_BACK, days or held.days
        db.session.flush()
    taken = _take(package, by, seat, days, terms)
    if taken is None:
        raise _lost(package, days)
    if seat == Seat.LEAD:
        package.lead_partner_id, package.state = by.partner_id, PackageState.CLAIMED
    touch_package(package.id)
    touch(package.proposal_id, n_free=-1 if seat == Seat.LEAD else 0)
    return taken


def _take(package: Package, by: Actor, seat: Seat, days: Decimal | None, terms: Terms) -> Claim | None:
    """The seat, or None when the database says that it is taken."""
    claim_id = run(
        _TAKE[postgresql if on_postgres() else sqlite], package_id=package.id, partner_id=by.partner_id,
        person_id=by.person_id, seat=seat.value, days=days, lease_until=terms.lease(),
    ).scalar()  # fmt: skip
    return db.session.get(Claim, claim_id) if claim_id else None


def _lost(package: Package, days: Decimal | None) -> Conflict:
    """What the loser reads: who won, and what is still to be had."""
    winner = run(_WINNER, package=package.id).first()
    if winner is None:  # Cannot be while the package is locked; the world is simply asked again.
        return Conflict(_("Somebody was faster, or the page is out of date."))
    return Conflict(
        _("%(partner)s was faster and now leads this work package.", partner=winner.name),
        winner=winner.name, winner_slug=winner.slug, days=days,
    )  # fmt: skip


def live(package: Package) -> list[Claim]:
    """The seats that are held at this moment, the lead first."""
    return list(db.session.scalars(_LIVE, {"package": package.id}))


def own(package: Package, by: Actor) -> Claim | None:
    """The live seat of the partner acted for, if any."""
    return _of(live(package), by)


def _of(seats: list[Claim], by: Actor) -> Claim | None:
    return next((held for held in seats if held.partner_id == by.partner_id and held.ended_at is None), None)


def renew(package: Package, by: Actor, days: Decimal | None = None, terms: Terms = USUAL) -> Claim:
    """Let one's partner's lease begin anew, and say how many person-days it gives now (None: as before)."""
    held = _standing(_last(package, by))
    until = terms.lease() - paused(package, held)
    if held.lease_until == until and days in {None, held.days}:
        return held
    act(by, "package.renew", held)
    held.lease_until, held.days = until, days if days is not None else held.days
    touch_package(package.id)
    touch(package.proposal_id)
    return held


def hand_back(package: Package, by: Actor) -> None:
    """Give one's partner's seat back; without a lead the package is free again, its supporters stay."""
    last = _last(package, by)
    if last and last.end_reason == EndReason.HANDED_BACK:
        return
    give_up(_standing(last), by)


def give_up(held: Claim, by: Actor) -> None:
    """Hand a certain live seat back. Raises Denied for another partner's."""
    act(by, "package.hand_back", held, seat=held.seat)
    end_seat(held, EndReason.HANDED_BACK)


def lapse_due(package: Package, terms: Terms, day: date) -> int:
    """End the claims of this package whose lease asked in vain, as the board itself; returns how many."""
    return _lapse(live(package), terms, day)


def _lapse(seats: list[Claim], terms: Terms, day: date) -> int:
    due = [held for held in seats if terms.lapsed(held, day)]
    for held in due:
        act(SYSTEM, "package.lapse", held, seat=held.seat)
        end_seat(held, EndReason.LAPSED)
    db.session.flush()
    return len(due)


def settle(package: Package) -> None:
    """The package is done: its seats end, and stay on record as those who did it."""
    for held in live(package):
        held.ended_at, held.end_reason = now(), EndReason.DONE


def shift(package: Package) -> None:
    """The clock runs on: what a lease lost while the package was on hold is added to it."""
    for held in live(package):
        held.lease_until += paused(package, held)
    package.held_at, package.held_reason = None, ""


def alive(package: Package, by: Actor, terms: Terms) -> None:
    """Who moves a package is not silent: the lease of the partner acted for begins anew."""
    held = own(package, by)
    if held:
        held.lease_until = max(held.lease_until, terms.lease() - paused(package, held))


def paused(package: Package, held: Claim) -> timedelta:
    """For how many days the running hold has stopped this lease; none without a hold."""
    if package.held_at is None:
        return timedelta(0)
    return max(timedelta(0), today() - max(day_of(package.held_at), day_of(held.claimed_at)))


def _last(package: Package, by: Actor) -> Claim | None:
    """The seat of the partner acted for: the live one, else the one that ended last."""
    return db.session.scalar(_LAST, {"package": package.id, "partner": by.partner_id})


def _standing(last: Claim | None) -> Claim:
    """That seat, if it is live. Raises Denied without one, Conflict when it has ended."""
    if last is None:
        raise Denied(_("Your partner holds no seat in this work package."))
    if last.ended_at is not None:
        raise Conflict(_("Your partner's claim has ended. You can claim the work package anew."))
    return last


def end_seat(held: Claim, reason: EndReason) -> None:
    """End a seat; a package that loses its lead is free again."""
    package = held.package
    held.ended_at, held.end_reason = now(), reason
    if held.seat == Seat.LEAD:
        shift(package)
        package.lead_partner_id, package.state, package.commissioned = None, PackageState.OPEN, ""
    touch_package(package.id)
    touch(package.proposal_id, n_free=1 if held.seat == Seat.LEAD else 0)
