"""Deliveries that arrive together are committed together: one transaction and one sync to the disk for all of them.

Nobody waits for company: who comes first writes at once, alone. Who comes while that is being written waits for its end
and then writes for all who have gathered; where nobody waits (`hand`) it is written by who is writing already. Each is
answered only after the commit that holds its own work. ADR 18, 37.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine

from board.db import raw_transaction
from board.log import log
from board.narrow import Witness
from board.pen import Pen

MOST = 32
T = TypeVar("T")
Tell = Callable[[T | None, Exception | None], None]
"""Hears what a work has given, or its problem."""


class Undone(Exception):
    """Nothing of this work was kept, though it may have been right: its transaction failed with somebody else's."""


class _Work(Generic[T]):
    """One caller's work, and how it hears of its end: its thread waits for its turn, or `tell` is called."""

    def __init__(
        self, do: Callable[[Any, Witness], T], before: Callable[[], None] | None, tell: Tell[T] | None = None
    ) -> None:
        self.do, self.before, self.tell = do, before, tell
        self.result: T | None = None
        self.problem: Exception | None = None
        self.done = False
        self.turn: threading.Lock | None = None
        if tell is None:
            self.turn = threading.Lock()
            self.turn.acquire()

    def end(self) -> None:
        """It is committed, or none of it is."""
        self.done = True
        if self.turn:
            self.turn.release()
        elif self.tell:
            try:
                self.tell(self.result, self.problem)
            except Exception:  # noqa: BLE001 - the others must still be told.
                log.exception("whoever waits for a commit could not be told")


class Batch(Generic[T]):
    """The queue before SQLite's one writer. `witness` makes the witness of each transaction."""

    def __init__(self, witness: Callable[[], Witness]) -> None:
        self._witness = witness
        self._lock = threading.Lock()
        self._waiting: list[_Work[T]] = []
        self._busy = False
        self._pen = Pen()

    def run(self, engine: Engine, do: Callable[[Any, Witness], T], before: Callable[[], None] | None = None) -> T:
        """What `do` gives, with a cursor; committed. What it raises before it has written anything concerns it alone.

        `before` is what can be done before the transaction: the thread that writes for the others does it for them as
        well, since several at once would only take the interpreter from each other. What it raises concerns it alone.
        Raises Undone when the transaction failed for another reason.
        """
        mine = _Work(do, before)
        if not self._first(mine) and mine.turn:
            mine.turn.acquire()
        if not mine.done and (why := self._write(engine)):
            raise why
        if mine.problem is not None:
            raise mine.problem
        return mine.result  # type: ignore[return-value]

    def hand(self, engine: Engine, do: Callable[[Any, Witness], T], before: Callable[[], None], tell: Tell[T]) -> None:
        """As `run`, but nobody waits: `tell` is called after the commit, by the thread that has written.

        Who comes first writes for all who come in the meantime as well, until there is no more.
        """
        if self._first(_Work(do, before, tell)):
            self._write(engine)

    def _first(self, work: _Work[T]) -> bool:
        """Whether it is the one that has to be written now, since nobody is writing."""
        with self._lock:
            self._waiting.append(work)
            first, self._busy = not self._busy, True
        return first

    def _write(self, engine: Engine) -> BaseException | None:
        """Write until there is no more, or somebody with a thread of its own takes the pen. What ended the thread."""
        why: BaseException | None = None
        more = True
        while more:
            why = self._write_together(engine) or why
            more = self._hand_on()
        return why

    def _write_together(self, engine: Engine) -> BaseException | None:
        """Write for all who wait, and tell them. What was raised that is no Exception, for whose thread it is."""
        together: list[_Work[T]] = []
        why: BaseException | None = None
        try:
            for work in self._waiting[:MOST]:
                self._prepare(work)
            witness = self._witness()
            with raw_transaction(engine, witness, self._pen) as cursor:
                together = self._gathered()
                for work in together:
                    self._prepare(work)  # Who has come in the meantime.
                    if work.problem is None:
                        self._do(work, cursor, witness)
        except BaseException as problem:  # noqa: BLE001 - `run` raises it again.
            together = together or self._gathered()
            for work in together:  # None of them may believe that it was kept.
                work.problem = work.problem or Undone(type(problem).__name__)
            why = None if isinstance(problem, Exception) else problem
        for work in together:
            work.end()
        return why

    def _prepare(self, work: _Work[T]) -> None:
        before, work.before = work.before, None
        if before is not None:
            try:
                before()
            except Exception as problem:  # noqa: BLE001 - whoever waits for it raises it.
                work.problem = problem

    def _do(self, work: _Work[T], cursor: Any, witness: Witness) -> None:
        before = cursor.connection.total_changes
        try:
            work.result = work.do(cursor, witness)
        except Exception as problem:
            work.problem = problem
            if cursor.connection.total_changes != before:
                raise  # It has written half of it: all of this transaction goes.

    def _gathered(self) -> list[_Work[T]]:
        with self._lock:
            together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        return together

    def _hand_on(self) -> bool:
        """Hand the pen to the next who waits for it; True when there is more to write and no thread waits."""
        with self._lock:
            self._busy = bool(self._waiting)
            turn = self._waiting[0].turn if self._waiting else None
            if turn:
                turn.release()
            return self._busy and turn is None
