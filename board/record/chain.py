"""The hash chain over the activity log: who seals, and how it is verified.

A chained head inside each transaction would make writers queue, so rows are sealed after commit, by one sealer.
Identities do not commit in order on PostgreSQL: rows are sealed in the order (xid, id), below the snapshot's xmin,
like the live log reads them. The seal's own position is the order of the chain, so it survives a restore elsewhere.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, literal_column, select, text

from board.activity.models import Activity
from board.db import db, on_postgres, transaction
from board.log import log
from board.record.models import Seal

BEGINNING = "0" * 64
BATCH = 1000
COLUMNS = tuple(Activity.__table__.columns)
"""All of a row. Fields that are empty are left out of the hash, so a column added later changes no old hash."""


@dataclass(frozen=True)
class Head:
    """The newest link of the chain. Kept outside the database it proves that nothing was cut off since."""

    position: int = 0
    hash: str = BEGINNING

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"


def parse(written: str) -> Head:
    """The head in such a text. Raises ValueError."""
    position, _, digest = written.strip().partition(":")
    if len(digest) != len(BEGINNING):
        raise ValueError("not a head: expected position:hash")
    return Head(int(position), digest.lower())


def link(previous: str, row: Any) -> str:
    """The hash of a row in the chain, from the hash before it."""
    content = {column.name: _plain(getattr(row, column.name)) for column in COLUMNS}
    content = {name: value for name, value in content.items() if value is not None}
    words = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}\n{words}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat(timespec="microseconds")
    return value


def head() -> Head:
    """The newest link."""
    row = db.session.execute(select(Seal.position, Seal.hash).order_by(Seal.position.desc()).limit(1)).first()
    return Head(row.position, row.hash) if row else Head()


def seal_due() -> int:
    """Seal what has been committed since; several processes at once are safe. Returns how many rows.

    Needs an application context; opens its own transactions. The new head goes into the log, so outside the database.
    """
    sealed = 0
    while number := _seal_some():
        sealed += number
        if number < BATCH:
            break
    if sealed:
        log.info("sealed", rows=sealed, head=str(head()))
    db.session.close()
    return sealed


def _seal_some() -> int:
    with transaction():
        if on_postgres():  # One sealer at a time; readers do not wait. Taken before the rows are read.
            db.session.execute(text("LOCK TABLE seal IN SHARE ROW EXCLUSIVE MODE"))
        last = head()
        rows = db.session.execute(_settled(last).limit(BATCH)).all()
        if rows:
            db.session.execute(insert(Seal), list(_links(last, rows)))
        return len(rows)


def _links(last: Head, rows: Iterable[Row[Any]]) -> Iterator[dict[str, Any]]:
    position, digest = last.position, last.hash
    for row in rows:
        position, digest = position + 1, link(digest, row)
        yield {"position": position, "activity_id": row.id, "hash": digest}


def _settled(last: Head) -> Select[Any]:
    """The rows after the last sealed one, in the order of sealing; none that a running transaction may come before."""
    sealed_id = select(Seal.activity_id).where(Seal.position == last.position).scalar_subquery()
    query = select(*COLUMNS).where(~_sealed())
    if not on_postgres():
        return query.where(Activity.id > func.coalesce(sealed_id, 0)).order_by(Activity.id)
    below = text("activity.xid < pg_snapshot_xmin(pg_current_snapshot())")
    if last.position:
        after = text(
            "(activity.xid, activity.id) > (SELECT a.xid, a.id FROM activity a JOIN seal s ON s.activity_id = a.id"
            " WHERE s.position = :position)"
        ).bindparams(position=last.position)
        query = query.where(after)
    return query.where(below).order_by(literal_column("activity.xid"), Activity.id)


def _sealed() -> ColumnElement[bool]:
    return select(Seal.position).where(Seal.activity_id == Activity.id).exists()


@dataclass(frozen=True)
class Verdict:
    """What the chain says: the faults by kind and row, the head, and how long the tail is that is not sealed yet."""

    head: Head
    faults: tuple[tuple[str, int], ...]
    unsealed: int


def verify(known: Sequence[Head] = (), limit: int = 20) -> Verdict:
    """Walk the whole chain; `known` are heads that were kept outside.

    A fault is (kind, number): `changed`, `deleted` and `inserted` (behind the seal) name a row of the log,
    `gap`, `rewritten` and `cut` a position. At most `limit` are told.
    """
    faults: list[tuple[str, int]] = []
    last = Head()
    outside = {h.position: h.hash for h in known}
    for seal, row in _walk():
        if seal.position != last.position + 1:
            faults.append(("gap", last.position + 1))
        if row.id is None:
            faults.append(("deleted", seal.activity_id))
        elif link(last.hash, row) != seal.hash:
            faults.append(("changed", seal.activity_id))
        if outside.get(seal.position, seal.hash) != seal.hash:
            faults.append(("rewritten", seal.position))
        last = Head(seal.position, seal.hash)
        if len(faults) >= limit:
            break
    else:
        faults += [("cut", h.position) for h in known if h.position > last.position]
        faults += [("inserted", id_) for id_ in db.session.scalars(_inserted(last).limit(limit))]
    unsealed = db.session.scalar(select(func.count()).select_from(Activity).where(~_sealed())) or 0
    return Verdict(last, tuple(faults[:limit]), unsealed)


def _walk() -> Iterator[tuple[Any, Any]]:
    """Every seal with its row (all empty where it is gone), in the order of the chain, some thousand at a time."""
    seals = (Seal.position, Seal.activity_id, Seal.hash)
    position = -1
    while True:
        rows = db.session.execute(
            select(*seals, *COLUMNS)
            .outerjoin(Activity, Activity.id == Seal.activity_id)
            .where(Seal.position > position)
            .order_by(Seal.position)
            .limit(5 * BATCH)
        ).all()
        if not rows:
            return
        yield from ((row, row) for row in rows)
        position = rows[-1].position


def _inserted(last: Head) -> Select[Any]:
    """Rows that are not sealed although later ones are: nobody who writes by the rules leaves such a row."""
    if not last.position:
        return select(Activity.id).where(Activity.id < 0)
    sealed_id = select(Seal.activity_id).where(Seal.position == last.position).scalar_subquery()
    query = select(Activity.id).where(~_sealed()).order_by(Activity.id)
    if not on_postgres():
        return query.where(Activity.id < sealed_id)
    before = text(
        "(activity.xid, activity.id) < (SELECT a.xid, a.id FROM activity a JOIN seal s ON s.activity_id = a.id"
        " WHERE s.position = :position)"
    ).bindparams(position=last.position)
    return query.where(before)
