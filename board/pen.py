"""The pen: the connection of the one path that writes so often that fetching one each time would show (ADR 31)."""

import weakref
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine


class Pen:
    """A connection that is kept between raw transactions. SQLite has one writer, so it may always be the same one.

    After anything unexpected it is closed, and the next transaction opens another.
    """

    def __init__(self) -> None:
        self._held: list[Any] = []
        weakref.finalize(self, _put_down, self._held)

    def take(self, engine: Engine) -> Any:
        """The connection; only under the lock of who writes."""
        if not self._held:
            connection = engine.raw_connection()
            connection.detach()
            self._held.append(connection)
        return self._held[0]

    def put_down(self) -> None:
        """Close the connection."""
        _put_down(self._held)


def _put_down(held: list[Any]) -> None:
    while held:
        with suppress(Exception):
            held.pop().close()
