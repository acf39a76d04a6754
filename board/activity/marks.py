"""Marks in the log: values that move when something of certain kinds has happened, and only then."""

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from board.activity.models import Activity
from board.activity.sentences import SENTENCES
from board.db import run

LATE = 1000
"""On PostgreSQL entry 9 may become visible after entry 10: so far back the entries are counted as well."""


def of(verbs: tuple[str, ...]) -> tuple[int, int]:
    """The newest entry with one of these verbs, and how many there are not long before it.

    A step into an index for each verb, whatever the length of the log.
    """
    newest = max((number for number in run(_newest(verbs)).one() if number), default=0)
    return newest, run(_lately(verbs), since=newest - LATE, newest=newest).scalar() or 0


@cache
def about(*nouns: str) -> tuple[str, ...]:
    """All verbs of these nouns that leave an entry, such as `proposal.withdraw`."""
    return tuple(sorted(verb for verb in SENTENCES if verb.partition(".")[0] in nouns))


@cache
def _newest(verbs: tuple[str, ...]) -> Select[Any]:
    return select(*(select(func.max(Activity.id)).where(Activity.verb == verb).scalar_subquery() for verb in verbs))


@cache
def _lately(verbs: tuple[str, ...]) -> Select[Any]:
    return select(func.count()).where(
        Activity.id > bindparam("since"), Activity.id <= bindparam("newest"), Activity.verb.in_(verbs)
    )
