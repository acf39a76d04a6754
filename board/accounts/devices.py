"""The browsers a person has signed in with: known ones are no news, remembered ones skip the second factor."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select, update

from board.accounts.models import Device, LoginSession, Person
from board.activity.models import act
from board.db import db, now
from board.errors import Missing
from board.i18n import gettext as _
from board.policy import Actor

REMEMBERED = timedelta(days=30)
KNOWN = timedelta(days=365)


def token_hash(token: str) -> str:
    """How a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def known(token: str, person_id: int) -> Device | None:
    """The device behind a cookie, if it is this person's."""
    if not 20 <= len(token) <= 100:
        return None
    return db.session.scalar(
        select(Device).where(Device.token_hash == token_hash(token), Device.person_id == person_id)
    )


def remembered(token: str, person_id: int) -> Device | None:
    """The device, as long as it is remembered."""
    device = known(token, person_id)
    return device if device and device.remembered_until and device.remembered_until > now() else None


def arrive(token: str, person: Person, browser: str, by: Actor, *, remember: bool) -> tuple[Device, str, bool]:
    """A person signs in: returns the device, its new token, and whether it was unknown.

    `remember` begins thirty days anew; else what was remembered stays as it is.
    """
    device, fresh = known(token, person.id), secrets.token_urlsafe(32)
    unknown = device is None
    if device is None:
        device = Device(person_id=person.id)
        db.session.add(device)
    device.token_hash, device.browser, device.seen_at = token_hash(fresh), browser, now()
    if remember:
        act(by, "device.remember", person)
        device.remembered_until = now() + REMEMBERED
    db.session.flush()
    return device, fresh, unknown


def forget(device_id: int, by: Actor) -> None:
    """Forget one's device: its sessions end, and it asks for everything again. Raises Missing for others' devices."""
    act(by, "device.forget", db.session.get_one(Person, by.person_id))
    device = db.session.get(Device, device_id)
    if device is None or device.person_id != by.person_id:
        raise Missing(_("There is no such device."))
    forget_all(device.person_id, Device.id == device_id)


def forget_all(person_id: int, *which: object, but: int | None = None) -> None:
    """Delete a person's devices (but the one of session `but`), inside a transaction; their sessions end with them."""
    chosen = select(Device.id).where(Device.person_id == person_id, *which)  # type: ignore[arg-type]
    if but is not None:
        kept = select(LoginSession.device_id).where(LoginSession.id == but, LoginSession.device_id.is_not(None))
        chosen = chosen.where(Device.id.not_in(kept))
    ids = list(db.session.scalars(chosen))
    of_them = LoginSession.device_id.in_(ids)
    quiet = {"synchronize_session": False}
    db.session.execute(
        update(LoginSession).where(of_them, LoginSession.ended_at.is_(None)).values(ended_at=now()),
        execution_options=quiet,
    )
    db.session.execute(update(LoginSession).where(of_them).values(device_id=None), execution_options=quiet)
    db.session.execute(Device.__table__.delete().where(Device.id.in_(ids)))  # type: ignore[attr-defined]
