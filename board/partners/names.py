"""Partners in the order of their names, found by parts of them: what every list that pages through partners asks."""

from sqlalchemy import ColumnElement, and_, select, true, tuple_

from board.db import db
from board.partners.models import Partner
from board.routing import MAX_DIGITS
from board.search import words

ORDER = (Partner.search, Partner.id)


def called(typed: str) -> ColumnElement[bool]:
    """The condition that all words typed stand in a partner's name or state, as parts of words too."""
    return and_(true(), *(Partner.search.contains(part, autoescape=True) for part in words.as_typed(typed)))


def is_id(typed: str) -> bool:
    """Whether this part of an address can be the id of anything."""
    return typed.isascii() and typed.isdigit() and len(typed) <= MAX_DIGITS


def behind(after: str) -> ColumnElement[bool]:
    """The condition that a partner stands behind the one with this id; none where there is no such partner."""
    place = db.session.execute(select(*ORDER).where(Partner.id == int(after))).first() if is_id(after) else None
    if place is None:
        return true()
    return tuple_(*ORDER) > tuple_(*place, types=[column.type for column in ORDER])
