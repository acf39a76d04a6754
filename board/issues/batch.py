"""Deliveries that arrive together are committed together: one transaction and one sync to the disk for all of them.

Nobody waits for company: who comes first writes at once, alone. Who comes while that is being written waits for its end
and then writes for all who have gathered. Each is answered only after the commit that holds its own work. ADR 0018.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import Engine

from board.db import raw_transaction
from board.narrow import Witness
from board.pen import Pen

MOST = 32
T = TypeVar("T")


class Undone(Exception):
    """Nothing of this work was kept, though it may have been right: its transaction failed with somebody else's."""


class _Work(Generic[T]):
    """One caller's work, and the lock on which its thread waits for its turn."""

    def __init__(self, do: Callable[[Any, Witness], T], before: Callable[[], None] | None) -> None:
        self.do, self.before = do, before
        self.result: T | None = None
        self.problem: Exception | None = None
        self.done = False
        self.turn = threading.Lock()
        self.turn.acquire()


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
        with self._lock:
            self._waiting.append(mine)
            first, self._busy = not self._busy, True
        if not first:
            mine.turn.acquire()
        if not mine.done:
            self._write(engine)
        if mine.problem is not None:
            raise mine.problem
        return mine.result  # type: ignore[return-value]

    def _write(self, engine: Engine) -> None:
        """Write for all who wait, tell them, and hand the pen to the next."""
        together: list[_Work[T]] = []
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
        except BaseException as problem:
            together = together or self._gathered()
            for work in together:  # None of them may believe that it was kept.
                work.problem = work.problem or Undone(type(problem).__name__)
            if not isinstance(problem, Exception):
                raise
        finally:
            for work in together:
                work.done = True
                work.turn.release()
            self._hand_on()

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

    def _hand_on(self) -> None:
        with self._lock:
            self._busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.release()
