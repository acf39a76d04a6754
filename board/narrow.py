"""Narrow commits: what writes nothing but a few known tables leaves answers alone that were made without them.

A Git forge delivers all day, and hardly anything that it says shows on a page. Reading is watched, not declared: each
statement is looked through for the names of narrow tables. Writing is declared where it is done, and proven: a commit
counts as narrow when the connection that made it has seen no other one around it. Everything else empties the shelf.
Only on SQLite, whose `data_version` can tell. ADR 25.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event

NARROW = frozenset({"issue", "activity", "delivery"})
"""The tables that a narrow commit may write. Their indexes for the search (`issue_fts`) count as the table."""

_WORD = re.compile(r"\w+")
_reads: ContextVar[set[str] | None] = ContextVar("reads", default=None)


@contextmanager
def watched(reads: set[str] | None) -> Iterator[None]:
    """Note in `reads` which narrow tables are read; None: nowhere, because what is read does not show."""
    token = _reads.set(reads)
    try:
        yield
    finally:
        _reads.reset(token)


def also(tables: frozenset[str]) -> None:
    """What was read earlier shows in what is made now as well."""
    if (reads := _reads.get()) is not None:
        reads |= tables


@lru_cache(maxsize=4096)
def named(statement: str) -> frozenset[str]:
    """The narrow tables that a statement names; a word too many only means that an answer is made anew."""
    return NARROW & {word.lower().removesuffix("_fts") for word in _WORD.findall(statement)}


@event.listens_for(Engine, "before_cursor_execute")
def _note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
    if (reads := _reads.get()) is not None:
        reads |= named(statement)


class Witness:
    """Stands by a transaction that writes only these tables. `shelves` is `pages.Pages`.

    `begun` is called when the transaction holds the one writer's lock, `ended` before the connection is given back.
    """

    def __init__(self, shelves: Any, *writes: str) -> None:
        self.writes = frozenset(writes)
        if not self.writes <= NARROW:
            raise ValueError(f"not narrow: {writes}")
        self._shelves = shelves
        self._own: Any = None
        self._version = 0
        self._shelf: Any = None

    def begun(self, connection: Any) -> None:
        """Nobody else can commit now: what the shelf's mark says at this moment holds until our commit."""
        self._shelf = self._shelves.expect()
        if self._shelf is not None:
            self._own, self._version = connection, _version(connection)

    def ended(self, committed: bool) -> None:
        """Let the answers that read none of these tables live on."""
        self._shelves.carry(self, self._shelf, committed)

    def alone(self) -> bool:
        """Whether nobody else has committed since `begun`: a connection's own commits do not move its version."""
        try:
            return bool(_version(self._own) == self._version)
        except sqlite3.Error:
            return False


def _version(connection: Any) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
