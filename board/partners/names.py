"""Partners in the order of their names, found by parts of them: what every list that pages through partners asks."""

from sqlalchemy import ColumnElement, Integer, and_, select, true, tuple_

from board.db import db
from board.partners.models import Partner
from board.routing import MAX_DIGITS
from board.search import words
from board.text import fold

ORDER = (Partner.search, Partner.id)
CHOICES = 300
"""So many partners can be chosen from a list; of more one types the name."""
FEW = 8
HERE = Partner.left_on.is_(None)
"""The condition that people can be seated in a partner, and that another one can become part of it."""


def called(typed: str) -> ColumnElement[bool]:
    """The condition that all words typed stand in a partner's name or state, as parts of words too."""
    return and_(true(), *(Partner.search.contains(part, autoescape=True) for part in words.as_typed(typed)))


def named(folded: str) -> ColumnElement[bool]:
    """The condition that a partner has just this name, which is given folded."""
    return (Partner.search >= f"{folded}\n") & (Partner.search < f"{folded}\n\uffff")


def is_id(typed: str) -> bool:
    """Whether this part of an address can be the id of anything."""
    return typed.isascii() and typed.isdigit() and len(typed) <= MAX_DIGITS


def behind(after: str) -> ColumnElement[bool]:
    """The condition that a partner stands behind the one with this id; none where there is no such partner."""
    place = db.session.execute(select(*ORDER).where(Partner.id == int(after))).first() if is_id(after) else None
    if place is None:
        return true()
    return tuple_(*ORDER) > tuple_(*place, types=[column.type for column in ORDER])


def behind_rank(rank: ColumnElement[int], after: str) -> ColumnElement[bool]:
    """The condition that a partner stands behind "rank~id", in the order of a rank and then of names."""
    above, _, number = after.partition("~")
    place = db.session.execute(select(*ORDER).where(Partner.id == int(number))).first() if is_id(number) else None
    if place is None or not is_id(above):
        return true()
    types = [Integer(), *(column.type for column in ORDER)]
    return tuple_(rank, *ORDER) > tuple_(int(above), *place, types=types)


def choices(*where: ColumnElement[bool]) -> list[tuple[str, str]] | None:
    """(slug, name) of these partners by name, to choose from; None where they are too many for a list.

    Then a field takes what somebody types, and `meant` says who that is.
    """
    query = select(Partner.slug, Partner.name).where(*where).order_by(*ORDER).limit(CHOICES + 1)
    found = [(slug, name) for slug, name in db.session.execute(query)]
    return found if len(found) <= CHOICES else None


def by_id(*where: ColumnElement[bool]) -> list[tuple[int, str]] | None:
    """(id, name) of these partners by name, to choose from; None where they are too many for a list."""
    query = select(Partner.id, Partner.name).where(*where).order_by(*ORDER).limit(CHOICES + 1)
    found = [(number, name) for number, name in db.session.execute(query)]
    return found if len(found) <= CHOICES else None


def meant(typed: str, *where: ColumnElement[bool]) -> list[tuple[str, str]]:
    """(slug, name) of whom of these somebody may mean: the one with this slug, else those of just this name, else the
    first few that are called like that.
    """
    query = select(Partner.slug, Partner.name).where(*where).order_by(*ORDER).limit(FEW)
    for way in (Partner.slug == typed, named(fold(typed)), called(typed)):
        if found := [(slug, name) for slug, name in db.session.execute(query.where(way))]:
            return found
    return []
