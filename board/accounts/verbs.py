"""What happens to people and their sessions. Every function runs inside a transaction and begins with its right."""

import re

from sqlalchemy import select, update

from board.accounts import devices, tokens
from board.accounts.models import LoginSession, Membership, Person, Role
from board.accounts.passwords import hash_password, objection
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing, Refusal
from board.i18n import LOCALES
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import Actor

THEMES = ("auto", "light", "dark")
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']+\.[^\s@<>\"'.]{2,}")


def create(by: Actor, email: str, name: str, password: str | None) -> Person:
    """Create a person with a password, or (None) one who signs in with a provider only.

    Raises Refusal for a bad address or a weak password, Conflict for a known one.
    The demo's public password is among the weak ones: the demo sets its own hashes.
    """
    email, name = fitting_address(email), " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise Refusal(_("A name is needed, of at most 120 characters."))
    if password is not None and (weak := objection(password, email, name)):
        raise Refusal(weak)
    if db.session.scalar(select(Person.id).where(Person.email == email)):
        raise Conflict(_("Somebody with this e-mail address is already here."))
    person = Person(email=email, name=name, password_hash=hash_password(password) if password else "")
    db.session.add(person)
    db.session.flush()
    act(by, "person.create", person, person=person.id)
    return person


def fitting_address(email: str) -> str:
    """An e-mail address as accounts are filed under. Raises Refusal for what is none."""
    email = email.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Refusal(_("This is no e-mail address."))
    return email


def enrol(person: Person, partner: Partner, role: Role, by: Actor) -> Membership:
    """Give a person a seat in a partner, or another role in it. A provider has members, never a delegate."""
    if partner.is_provider and role == Role.DELEGATE:
        raise Conflict(_("A provider does not vote, so it has no delegate."))
    seat = db.session.scalar(
        select(Membership)
        .where(Membership.person_id == person.id, Membership.partner_id == partner.id, Membership.ended_at.is_(None))
        .with_for_update()
    )
    if seat is None:
        seat = Membership(person_id=person.id, partner_id=partner.id, role=role)
        db.session.add(seat)
        db.session.flush()
    act(by, "person.enrol", seat, person=person.id, role=str(role))
    seat.role = role
    return seat


def appoint(
    person: Person,
    by: Actor,
    *,
    product_owner: bool | None = None,
    admin: bool | None = None,
    host: bool | None = None,
) -> None:
    """Give or take the flags; None leaves one as it is."""
    given = {"product_owner": product_owner, "admin": admin} | ({} if host is None else {"host": host})
    act(by, "person.appoint", person, person=person.id, **given)
    if product_owner is not None:
        person.is_product_owner = product_owner
    if admin is not None:
        person.is_admin = admin
    if host is not None:
        person.is_host = host


def disable(person: Person, by: Actor) -> None:
    """Close the account; all its sessions end with it. Repeating it is harmless."""
    act(by, "person.disable", person, person=person.id)
    person.disabled_at = person.disabled_at or now()
    end_others(person.id, None)


def prefer(person: Person, by: Actor, *, locale: str | None = None, theme: str | None = None) -> None:
    """Remember a person's language or appearance. Raises Refusal for values that do not exist."""
    act(by, "person.prefer", person)
    if (locale, theme) == (None, None) or locale not in {None, *LOCALES} or theme not in {None, *THEMES}:
        raise Refusal(_("There is no such choice."))
    person.locale = locale or person.locale
    person.theme = theme or person.theme


def switch(session_id: int | None, membership_id: int, by: Actor) -> Partner:
    """Act for another of one's partners in this session from now on; returns that partner."""
    row = db.session.get_one(LoginSession, session_id)
    person = db.session.get_one(Person, row.person_id)
    act(by, "session.switch", person, membership=membership_id)
    seat = db.session.get(Membership, membership_id)
    if seat is None or seat.person_id != person.id or seat.ended_at is not None:
        raise Missing(_("You have no such membership."))
    row.membership_id = seat.id
    return db.session.get_one(Partner, seat.partner_id)


def end(session_id: int | None, by: Actor) -> None:
    """End one of one's sessions; another person's is left alone. Ending it twice is harmless."""
    act(by, "session.end", db.session.get_one(Person, by.person_id))
    _end(LoginSession.id == session_id, LoginSession.person_id == by.person_id)


def end_all(by: Actor) -> None:
    """End all of one's sessions, in every browser, and forget all devices."""
    person = db.session.get_one(Person, by.person_id)
    act(by, "session.end_all", person)
    end_others(person.id, None)


def confirm(by: Actor) -> None:
    """Somebody has shown once more who they are."""
    act(by, "session.confirm", db.session.get_one(Person, by.person_id))


def end_others(person_id: int, except_session: int | None) -> None:
    """End a person's sessions and forget their devices, but for the session that asks: after a change of what one
    signs in with, or when an account closes. The verb that calls it stands in the log, so live streams end too.
    Where no session stays, the access may be in other hands, and the access tokens end as well.
    """
    if except_session is None:
        tokens.end_all(person_id)
    _end(LoginSession.person_id == person_id, LoginSession.id != (except_session or 0))
    devices.forget_all(person_id, but=except_session)


def _end(*which: object) -> None:
    db.session.execute(
        update(LoginSession)
        .where(*which, LoginSession.ended_at.is_(None))  # type: ignore[arg-type]
        .values(ended_at=now())
        .execution_options(synchronize_session=False)
    )
