"""A set of data written as CSV or JSON, piece by piece: no file is ever held as a whole, however long it is.

Between two pieces the database connection is given back, so that a slow reader holds none.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from board import csv
from board.db import db
from board.opendata.queries import Batch, Row, Value

BATCH = 500


def batches(read: Callable[[int, int], Batch]) -> Iterator[list[Row]]:
    """All rows, so many at once; at least one batch, which may be empty."""
    after = 0
    while True:
        found = read(after, BATCH)
        db.session.close()
        yield [row for _id, row in found]
        if len(found) < BATCH:
            return
        after = found[-1][0]


def to_csv(columns: Sequence[str], read: Callable[[int, int], Batch]) -> Iterator[str]:
    """RFC 4180. Lists stand in one cell: names by spaces, links one a line."""
    return csv.pieces(columns, ([[_cell(row[name]) for name in columns] for row in batch] for batch in batches(read)))


def to_json(about: dict[str, Any], read: Callable[[int, int], Batch]) -> Iterator[str]:
    """One object: what it is and may be used for, then `rows`."""
    yield json.dumps(about, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "rows": ['
    mark = "\n"
    for batch in batches(read):
        for row in batch:
            yield mark + json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False)
            mark = ",\n"
    yield "\n]}\n"


def _cell(value: Value) -> csv.Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        lines = [f"{item['title']} {item['url']}" if isinstance(item, dict) else item for item in value]
        return ("\n" if value and isinstance(value[0], dict) else " ").join(lines)
    return value


def _plain(value: Value) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
