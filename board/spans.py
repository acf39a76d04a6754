"""Walking a large table in ranges of ids, so that no more than one range is ever held in memory."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select

from board.db import run

SIZE = 500
"""So many rows of the table that is walked; what hangs on them is read with them."""


def spans(id_: Any) -> Iterator[tuple[int, int]]:
    """Ranges (first, last) of ids with `SIZE` rows each, without a gap: what hangs on any row is in one of them."""
    first = 1
    while True:
        last = run(_last(id_), first=first, size=SIZE).scalar()
        if last is None:
            return
        yield first, last
        first = last + 1


@cache
def _last(id_: Any) -> Select[tuple[int]]:
    """The last of the range that begins there."""
    size = bindparam("size", type_=Integer)
    following = select(id_.label("id")).where(id_ >= bindparam("first")).order_by(id_).limit(size).subquery()
    return select(func.max(following.c.id))
