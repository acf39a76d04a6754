"""Walking a large table in ranges of ids, so that no more than one range is ever held in memory."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from board.db import db

SIZE = 500
"""So many rows of the table that is walked; what hangs on them is read with them."""


def spans(id_: Any) -> Iterator[tuple[int, int]]:
    """Ranges (first, last) of ids with `SIZE` rows each, without a gap: what hangs on any row is in one of them."""
    first = 1
    while True:
        following = select(id_.label("id")).where(id_ >= first).order_by(id_).limit(SIZE).subquery()
        last = db.session.scalar(select(func.max(following.c.id)))
        if last is None:
            return
        yield first, last
        first = last + 1
