"""Providers never hold a seat: they offer to carry a package out, and its lead may commission them."""

from decimal import Decimal

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor
from board.work.models import Bid, Package, PackageState, touch_package


def bid(package: Package, by: Actor, words: str, days: Decimal | None = None) -> Bid:
    """Offer to carry it out; made again, it takes the place of one's partner's former offer. Days: person-days."""
    before = own(package, by)
    if before and (before.text, before.days) == (words, days):
        return before
    act(by, "package.bid", package)
    if package.state == PackageState.DONE:
        raise Conflict(_("This work package is done already."))
    if before:
        before.withdrawn_at = now()
        db.session.flush()
    made = Bid(package_id=package.id, partner_id=by.partner_id, person_id=by.person_id, text=words, days=days)
    db.session.add(made)
    touch_package(package.id)
    return made


def withdraw_bid(package: Package, by: Actor) -> None:
    """Take one's partner's offer back; harmless when there is none."""
    made = own(package, by)
    if made is None:
        return
    act(by, "package.withdraw_bid", made)
    made.withdrawn_at = now()
    touch_package(package.id)


def own(package: Package, by: Actor) -> Bid | None:
    """The live offer of the partner acted for, if any."""
    return db.session.scalar(
        select(Bid).where(Bid.package_id == package.id, Bid.partner_id == by.partner_id, Bid.withdrawn_at.is_(None))
    )
