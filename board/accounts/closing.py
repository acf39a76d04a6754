"""Closing and opening accounts as the administration does it: never the last administrator, never oneself."""

from sqlalchemy import select

from board.accounts import verbs
from board.accounts.models import Person
from board.activity.models import act
from board.db import db
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor


def require_another_admin(person: Person) -> None:
    """Raises Conflict when nobody else could run the board."""
    others = select(Person.id).where(Person.is_admin, Person.disabled_at.is_(None)).with_for_update()
    if set(db.session.scalars(others)) <= {person.id}:
        raise Conflict(_("This is the only administrator. Please appoint somebody else first."))


def disable(person: Person, by: Actor) -> None:
    """Close an account, unless it is one's own or the only administrator's."""
    if person.id == by.person_id:
        raise Conflict(_("You cannot close your own account here; you can erase it under “My account”."))
    if person.is_admin:
        require_another_admin(person)
    verbs.disable(person, by)


def enable(person: Person, by: Actor) -> None:
    """Open a closed account again; its sessions stay ended. Raises Conflict for an erased one. Twice is harmless."""
    act(by, "person.enable", person, person=person.id)
    if person.erased_at is not None:
        raise Conflict(_("This account was erased; it cannot be opened again."))
    person.disabled_at = None


def appoint(person: Person, by: Actor, *, product_owner: bool, admin: bool, host: bool = False) -> bool:
    """Set the flags; returns whether that changed anything. Raises Conflict for the only administrator's."""
    if (person.is_product_owner, person.is_admin, person.is_host) == (product_owner, admin, host):
        return False
    if person.is_admin and not admin:
        require_another_admin(person)
    verbs.appoint(
        person,
        by,
        product_owner=product_owner if product_owner != person.is_product_owner else None,
        admin=admin if admin != person.is_admin else None,
        host=host if host != person.is_host else None,
    )
    return True
