"""Every way to read people, memberships and sessions."""

from sqlalchemy import select

from board.accounts.models import Membership, Person
from board.db import db


def by_email(email: str) -> Person | None:
    """The person with this address, however it is written."""
    return db.session.scalar(select(Person).where(Person.email == email.strip().lower()))


def first_membership(person_id: int) -> Membership | None:
    """The membership that a new session begins with: a delegate's seat before a member's, the oldest first."""
    return db.session.scalar(
        select(Membership)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Membership.role, Membership.id)
        .limit(1)
    )
