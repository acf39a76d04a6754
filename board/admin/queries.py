"""What the administration reads across features."""

from sqlalchemy import exists, select

from board.accounts.models import Membership, Person
from board.db import db


def has_partner_with_people() -> bool:
    """Whether any partner has somebody who can act for it."""
    seated = select(Membership.id).join(Person, Person.id == Membership.person_id)
    return bool(
        db.session.scalar(select(exists(seated.where(Membership.ended_at.is_(None), Person.disabled_at.is_(None)))))
    )
