"""Deliveries that wait for the writer are committed together, and none is answered before or without its commit."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from sqlite3 import ProgrammingError
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from board import narrow
from board.db import db, raw_transaction
from board.errors import Busy
from board.issues.batch import Batch, Undone
from board.issues.models import Delivery, Issue
from board.pen import Pen
from tests.test_pages import on_sqlite
from tests.webhooks.forge import Forge, github_issue

pytestmark = on_sqlite


@pytest.fixture
def transactions(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How each transaction of the lane has ended."""
    ends: list[bool] = []
    ended = narrow.Witness.ended
    monkeypatch.setattr(narrow.Witness, "ended", lambda self, done: (ends.append(done), ended(self, done))[1])
    return ends


@pytest.fixture
def engine(app: Flask) -> Engine:
    """Its database."""
    with app.app_context():
        return db.engine


@pytest.fixture
def batch(app: Flask) -> Iterator[Batch[int]]:
    """A queue of its own."""
    return Batch(lambda: narrow.Witness(app.extensions["pages"], "issue"))


def together(batch: Batch[int], engine: Engine, works: list[Any]) -> list[Any]:
    """What each of these works gives or raises, all having gathered while somebody else writes."""
    results: list[Any] = [None] * len(works)

    def run(n: int) -> None:
        try:
            results[n] = batch.run(engine, works[n])
        except (LookupError, Undone) as problem:
            results[n] = problem

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(works))]
    with raw_transaction(engine):
        for thread in threads:
            thread.start()
        while len(batch._waiting) < len(works):
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    return results


def rename(title: str, result: int) -> Any:
    """A work that writes."""

    def work(cursor: Any, _witness: Any) -> int:
        cursor.execute("UPDATE issue SET title = ? WHERE number = ?", (title, result))
        return result

    return work


def leave(_cursor: Any, _witness: Any) -> int:
    """A work that finds that it is none, before it has written."""
    raise KeyError


def half(cursor: Any, _witness: Any) -> int:
    """A work that breaks after it has written."""
    cursor.execute("UPDATE issue SET title = 'halb'")
    raise LookupError


def titles(app: Flask) -> set[str]:
    """Of all issues."""
    with app.app_context():
        return set(db.session.scalars(select(Issue.title)))


def storm(app: Flask, engine: Engine, transactions: list[bool], numbers: Iterable[int]) -> list[Any]:
    """The answers to deliveries of these issues that all wait while somebody else writes."""
    forge = Forge(app, "github")
    forge.post(github_issue(99))
    forge.post(github_issue(98))
    transactions.clear()
    answers: list[Any] = []
    senders = [
        threading.Thread(target=lambda n=n: answers.append(forge.post(github_issue(n), id_=f"sturm-{n}")))
        for n in numbers
    ]
    with raw_transaction(engine):
        for sender in senders:
            sender.start()
        deadline = time.monotonic() + 60
        while len(waiting_of(app.wsgi_app)) < len(senders):
            assert time.monotonic() < deadline, "they do not all wait"
            time.sleep(0.001)
    for sender in senders:
        sender.join()
    return answers


def waiting_of(application: Any) -> list[Any]:
    """Who waits at the lane, however many layers stand around it."""
    while not hasattr(application, "_batch"):
        application = application._inner
    found: list[Any] = application._batch._waiting
    return found


def test_a_storm_of_deliveries_is_committed_in_few_transactions_and_each_is_there(
    app: Flask, engine: Engine, transactions: list[bool]
) -> None:
    answers = storm(app, engine, transactions, range(1, 13))
    assert [answer.json["reason"] for answer in answers] == ["created"] * 12
    assert transactions == [True]
    with app.app_context():
        ids = set(db.session.scalars(select(Delivery.id)))
        assert db.session.scalar(select(func.count()).select_from(Issue)) == 14
    assert {answer.json["delivery"] for answer in answers} <= ids


def test_a_copy_in_the_middle_of_a_storm_leaves_the_others_alone(
    app: Flask, engine: Engine, transactions: list[bool]
) -> None:
    answers = storm(app, engine, transactions, (1, 2, 1, 1, 3))
    assert sorted(answer.json["status"] for answer in answers) == ["duplicate"] * 2 + ["processed"] * 3
    assert all(transactions), "a copy is seen before anything is written"


def test_who_leaves_before_writing_leaves_alone(app: Flask, engine: Engine, batch: Batch[int]) -> None:
    Forge(app, "github").post(github_issue(1))
    first, gone, last = together(batch, engine, [rename("neu", 1), leave, rename("neuer", 1)])
    assert (first, last) == (1, 1)
    assert isinstance(gone, KeyError)
    assert titles(app) <= {"neu", "neuer"}


def test_who_breaks_after_writing_takes_all_of_them_along_and_nobody_believes_otherwise(
    app: Flask, engine: Engine, batch: Batch[int]
) -> None:
    Forge(app, "github").post(github_issue(1))
    before = titles(app)
    results = together(batch, engine, [rename("neu", 1), half, rename("neuer", 1)])
    # Who came first may have written for itself alone; it was committed before the others began.
    assert isinstance(results[1], LookupError)
    assert isinstance(results[2], Undone)
    assert titles(app) == ({"neu"} if results[0] == 1 else before)
    assert batch.run(engine, rename("danach", 1)) == 1
    assert titles(app) == {"danach"}


def test_whoever_writes_tells_all_others_and_one_that_cannot_be_told_harms_nobody(
    app: Flask, engine: Engine, batch: Batch[int]
) -> None:
    Forge(app, "github").post(github_issue(1))
    told: list[tuple[Any, ...]] = []

    def tell(result: int | None, problem: Exception | None) -> None:
        told.append((threading.current_thread(), result, type(problem), titles(app)))
        if problem:
            raise problem

    def come(works: Iterable[Any]) -> None:
        for work in works:
            batch.hand(engine, work, lambda: None, tell)

    def begin(cursor: Any, _witness: Any) -> int:
        """While this is written the others come, and none of them waits."""
        other = threading.Thread(target=come, args=([rename("neu", 1), leave, rename("neuer", 1)],))
        other.start()
        other.join()
        return rename("zuerst", 1)(cursor, _witness)  # type: ignore[no-any-return]

    come([begin])
    nothing, here = type(None), threading.current_thread()
    assert told == [
        (here, 1, nothing, {"zuerst"}),
        (here, 1, nothing, {"neuer"}), (here, None, KeyError, {"neuer"}), (here, 1, nothing, {"neuer"}),
    ]  # fmt: skip
    come([half])
    assert told[-1][1:] == (None, LookupError, {"neuer"})
    assert batch.run(engine, rename("danach", 1)) == 1, "nobody is believed to be writing any more"


def test_where_no_transaction_can_begin_all_are_told_and_the_next_may_try(
    app: Flask, engine: Engine, batch: Batch[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("board.db.LOCK_SECONDS", 0.05)
    with raw_transaction(engine), pytest.raises(Undone, match=Busy.__name__):
        batch.run(engine, leave)
    assert batch._waiting == []
    Forge(app, "github").post(github_issue(1))
    assert batch.run(engine, rename("danach", 1)) == 1


def test_one_connection_writes_for_all_and_another_one_after_something_broke(app: Flask, engine: Engine) -> None:
    Forge(app, "github").post(github_issue(1))
    pen, used = Pen(), []
    for works in (True, True, False, True):
        with suppress(LookupError), raw_transaction(engine, pen=pen) as cursor:
            used.append(cursor.connection)
            rename("neu" if works else "halb", 1)(cursor, None)
            if not works:
                raise LookupError
    assert used[0] is used[1] is used[2] is not used[3]
    assert titles(app) == {"neu"}
    with pytest.raises(ProgrammingError, match="closed"):
        used[0].execute("SELECT 1")
