"""How a person's second factor stands."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from board.accounts.models import Authenticator, Person, RecoveryCode
from board.accounts.requirement import needs_factor
from board.db import db
from board.policy import Actor


@dataclass(frozen=True)
class Standing:
    """Since when the app is set up, and how many recovery codes are left."""

    since: datetime
    left: int


def standing(person_id: int) -> Standing | None:
    """A person's second factor, if there is one."""
    left = (
        select(func.count(RecoveryCode.id))
        .where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
        .scalar_subquery()
    )
    row = db.session.execute(select(Authenticator.created_at, left).where(Authenticator.person_id == person_id)).first()
    return Standing(*row) if row else None


def needed(by: Actor) -> bool:
    """Whether a person's flags and seats need a second factor."""
    roles = [seat.role for seat in by.memberships]
    return needs_factor(is_product_owner=by.is_product_owner, is_admin=by.is_admin, roles=roles)


def person(person_id: int) -> Person | None:
    """A person whose account is open."""
    found = db.session.get(Person, person_id)
    return found if found and found.disabled_at is None else None
