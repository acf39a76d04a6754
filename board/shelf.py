"""The shelf of kept answers: what was made under one mark, with what each answer was made of."""

import gzip
import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Headers = list[tuple[str, str]]

BYTES = 48 * 1024 * 1024
CARRIED = 200


@dataclass
class Note:
    """What is known about an answer while it is made. `reads`: the narrow tables that its statements name."""

    shelf: "Shelf"
    since: int
    keep: bool = False
    until: datetime | None = None
    route: str = "-"
    locale: str = "de"
    reads: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Fact:
    """Something that everybody reads alike, and the narrow tables that it was read from."""

    value: Any
    reads: frozenset[str]


@dataclass
class Kept:
    """One answer; `packed` is its gzip, made when it is first wanted and not for signed-in people."""

    headers: Headers
    body: bytes
    tag: str
    until: datetime | None
    route: str
    public: bool
    reads: frozenset[str] = frozenset()
    locale: str = "de"
    packed: bytes = b""

    def small(self) -> bytes:
        """The body as gzip, made once."""
        if not self.packed:
            self.packed = gzip.compress(self.body, 6, mtime=0)
        return self.packed


@dataclass
class Shelf:
    """The answers made since the last commit that was not narrow, at most `BYTES`: when it is full, the oldest go.

    `carried` counts the narrow commits it has survived; `spoiled` says which of them was the last to write a table.
    """

    mark: object
    answers: dict[object, Kept] = field(default_factory=dict)
    facts: dict[Hashable, Fact] = field(default_factory=dict)
    size: int = 0
    carried: int = 0
    spoiled: dict[str, int] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def put(self, key: object, kept: Kept, since: int = 0) -> None:
        """Keep an answer whose making began after so many narrow commits, unless one of them wrote what it reads.

        Safe for threads; whoever holds an older shelf puts it where nobody will look.
        """
        with self.lock:
            if any(self.spoiled.get(table, 0) > since for table in kept.reads):
                return
            self._take(key)
            self.size += len(kept.body)
            self.answers[key] = kept
            while self.size > BYTES:
                self._take(next(iter(self.answers)))

    def learn(self, key: Hashable, fact: Fact, since: int) -> None:
        """Keep a fact, by the same rule."""
        with self.lock:
            if not any(self.spoiled.get(table, 0) > since for table in fact.reads):
                self.facts[key] = fact

    def carry(self, mark: object, writes: frozenset[str]) -> bool:
        """Go on under the mark after a commit that wrote nothing but these tables; False: time for a new shelf.

        Pages carry a place in the log, which must not fall too far behind: at most `CARRIED` times.
        """
        with self.lock:
            if self.carried >= CARRIED:
                return False
            self.carried += 1
            self.spoiled |= dict.fromkeys(writes, self.carried)
            for key in [key for key, kept in self.answers.items() if not writes.isdisjoint(kept.reads)]:
                self._take(key)
            for name in [name for name, fact in self.facts.items() if not writes.isdisjoint(fact.reads)]:
                del self.facts[name]
            self.mark = mark
        return True

    def _take(self, key: object) -> None:
        if (old := self.answers.pop(key, None)) is not None:
            self.size -= len(old.body)
