"""What a page asks of the database: its statements, how the database would answer them, and how long that takes.

Statements are caught while the page is made, with nothing kept, and asked again by themselves: so what is timed or
explained is the database's part alone, in the form in which the page sends it.
"""

import gc
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import Flask
from sqlalchemy import Connection, event, text

from board.db import db
from board.proposals import rows

READS = ("SELECT", "WITH")


@dataclass(frozen=True)
class Asked:
    """One statement as it went to the driver."""

    statement: str
    parameters: Any


@contextmanager
def listening(app: Flask) -> Iterator[list[Asked]]:
    """The reading statements that this thread sends meanwhile."""
    seen: list[Asked] = []
    me = threading.get_ident()

    def listener(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if threading.get_ident() == me and statement.lstrip().startswith(READS):
            seen.append(Asked(statement, parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listener)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", listener)


def of(app: Flask, path: str, cookie: str = "", pieces: int | None = None) -> tuple[int, list[Asked], float]:
    """The status of a page that is made with nothing kept, its statements, and the seconds of CPU it took us.

    Of a stream no more than so many pieces are read. Garbage waits meanwhile: a collection goes through whatever the
    bench holds, and took half a second of one page or another.
    """
    app.extensions["pages"].forget()
    rows.kept.clear()
    headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "de", **({"Cookie": cookie} if cookie else {})}
    with listening(app) as seen:
        gc.disable()
        begun = time.thread_time()
        answer = app.test_client(use_cookies=False).get(path, headers=headers, buffered=pieces is None)
        deque(islice(answer.iter_encoded(), pieces), maxlen=0)
        answer.close()
        taken = time.thread_time() - begun
        gc.enable()
    return answer.status_code, list(seen), taken


def seconds(connection: Connection, asked: Asked, times: int = 3) -> float:
    """The least time of one statement with all its rows: CPU on SQLite, which works in this thread, else the clock."""
    clock: Callable[[], float] = time.thread_time if connection.dialect.name == "sqlite" else time.perf_counter
    driver: Any = connection.connection.driver_connection
    taken = []
    for _ in range(times):
        cursor = driver.cursor()
        begun = clock()
        cursor.execute(asked.statement, asked.parameters)
        cursor.fetchall()
        taken.append(clock() - begun)
        cursor.close()
        if taken[-1] > 0.3:
            break
    return min(taken)


@dataclass(frozen=True)
class Step:
    """One step of a plan. `table` is what it reads; `whole`: all of it, `sorts`: what it reads must be sorted."""

    told: str
    table: str = ""
    whole: bool = False
    sorts: bool = False
    bounded: bool = False
    """It stops as soon as a LIMIT is reached (PostgreSQL)."""


def plan(connection: Connection, asked: Asked) -> list[Step]:
    """How the database answers a statement, in the order in which it tells it."""
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    try:
        if connection.dialect.name == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {asked.statement}", asked.parameters)
            return [_sqlite(row[3]) for row in cursor.fetchall()]
        cursor.execute(f"EXPLAIN (FORMAT JSON) {asked.statement}", asked.parameters)
        told = cursor.fetchone()[0]
        return list(_postgres((json.loads(told) if isinstance(told, str) else told)[0]["Plan"]))
    finally:
        cursor.close()


_SCAN = re.compile(r"SCAN (\w+)")


def _sqlite(told: str) -> Step:
    scan = _SCAN.match(told)
    return Step(told, scan[1] if scan else "", scan is not None, told.startswith("USE TEMP B-TREE"))


def _postgres(node: dict[str, Any], bounded: bool = False) -> Iterator[Step]:
    kind, table = node["Node Type"], node.get("Relation Name", "")
    told = f"{kind} {node.get('Index Name', '')} {table} rows={node['Plan Rows']}"
    unbounded = kind.startswith(("Index", "Bitmap")) and "Index Cond" not in node and "Recheck Cond" not in node
    yield Step(told, table, kind == "Seq Scan" or (unbounded and bool(table)), kind == "Sort", bounded)
    for inner in node.get("Plans", ()):
        yield from _postgres(inner, bounded or kind == "Limit")


def analyse(connection: Connection) -> None:
    """Let the planner know what is there."""
    connection.execute(text("ANALYZE"))
