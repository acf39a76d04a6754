"""Marks in the log: values that move when something of certain kinds has happened, and only then."""

from functools import cache
from typing import Any

from sqlalchemy import Select, func, or_, select, union_all

from board.activity.models import Activity
from board.activity.sentences import SENTENCES
from board.db import run

LATE = 1000
"""On PostgreSQL entry 9 may become visible after entry 10: so far back the entries are counted as well."""


def of(verbs: tuple[str, ...]) -> tuple[int, int]:
    """The newest entry with one of these verbs, and how many there are not long before it.

    A step into an index for each verb, whatever the length of the log.
    """
    newest, lately = run(_mark(verbs)).one()
    return newest or 0, lately


@cache
def about(*nouns: str) -> tuple[str, ...]:
    """All verbs of these nouns that leave an entry, such as `proposal.withdraw`."""
    return tuple(sorted(verb for verb in SENTENCES if verb.partition(".")[0] in nouns))


@cache
def _mark(verbs: tuple[str, ...]) -> Select[Any]:
    each = union_all(*(select(func.max(Activity.id).label("id")).where(Activity.verb == verb) for verb in verbs)).cte()
    newest = select(func.max(each.c.id)).scalar_subquery()
    lately = select(func.count()).where(
        Activity.id > newest - LATE, Activity.id <= newest, or_(*(Activity.verb == verb for verb in verbs))
    )
    return select(newest, lately.scalar_subquery())
