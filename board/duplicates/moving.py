"""What moves with a merger, table by table, and how it comes back.

Rows that stand by themselves change their proposal. Where a partner (or an author) has one of the kind on both sides,
the later one stands on the surviving proposal: the two rows swap what they say, and each keeps its id and place.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Date, Table, select, update

from board.comments.models import Comment
from board.db import Base, Moment, db
from board.estimates.models import Estimate
from board.issues.models import IssueLink
from board.issues.sources import IssueSource
from board.learnings.models import Learning
from board.notifications.models import Watch
from board.proposals.models import ProposalBuilder, ProposalLink
from board.variants.models import Variant
from board.voting.models import Condition, Offer, Reuse
from board.work.models import Package

Moved = dict[str, Any]
ALONE: tuple[type[Base], ...] = (Comment, Package, Learning, IssueSource)
"""Nothing can be twice: every row goes."""
PAIRED: tuple[tuple[type[Base], tuple[str, ...], str], ...] = (
    (Offer, ("partner_id", "kind"), "declared_at"),
    (Condition, ("partner_id",), "changed_at"),
    (Reuse, ("partner_id",), "changed_at"),
    (Variant, ("partner_id",), ""),
    (Estimate, ("partner_id", "provider"), "changed_at"),
    (IssueLink, ("issue_id",), ""),
    (ProposalLink, ("url",), ""),
)
"""One per key on each proposal; the later by that column stands ("" : the surviving proposal's own stays)."""
PLACE = frozenset({"id", "proposal_id", "search"})


def move(old: int, into: int) -> Moved:
    """Move all rows of one proposal to another; returns what `back` needs."""
    moved: Moved = {"rows": {}, "swapped": {}}
    for model in ALONE:
        table = _table(model)
        ids = list(db.session.scalars(select(table.c.id).where(table.c.proposal_id == old).order_by(table.c.id)))
        _place(table, ids, old, into)
        moved["rows"][table.name] = ids
    for model, keys, later in PAIRED:
        table = _table(model)
        moved["rows"][table.name], moved["swapped"][table.name] = _pairs(table, keys, later, old, into)
    moved["builders"] = _builders(old, into)
    moved["watch"] = _watch(f"FV-{old}", f"FV-{into}")
    return moved


def back(moved: Moved, old: int, into: int) -> None:
    """Bring back what `move` moved; what was changed on the surviving proposal since then is left to it."""
    tables = Base.metadata.tables
    for name, pairs in moved["swapped"].items():
        for pair in pairs:
            _unswap(tables[name], pair)
    for name, ids in moved["rows"].items():
        _place(tables[name], ids, into, old)
    for partner_id in moved.get("builders", ()):
        _build(partner_id, into, old)
    for person_id in moved["watch"]:
        if (row := db.session.get(Watch, (person_id, f"FV-{into}"))) is not None:
            db.session.delete(row)


def _table(model: type[Base]) -> Table:
    return model.__table__  # type: ignore[return-value]


def _place(table: Table, ids: list[int], old: int, into: int) -> None:
    for first in range(0, len(ids), 500):
        chosen = table.c.id.in_(ids[first : first + 500])
        db.session.execute(update(table).where(chosen, table.c.proposal_id == old).values(proposal_id=into))


def _pairs(
    table: Table, keys: tuple[str, ...], later: str, old: int, into: int
) -> tuple[list[int], list[dict[str, Any]]]:
    """(ids that moved, rows that swapped what they say)."""
    mine, theirs = _rows(table, keys, old), _rows(table, keys, into)
    free = [row["id"] for key, row in mine.items() if key not in theirs and _lives(row)]
    _place(table, free, old, into)
    swapped = []
    for key in mine.keys() & theirs.keys():
        a, b = mine[key], theirs[key]
        if later and _lives(a) and (not _lives(b) or a[later] > b[later]):
            swapped.append(_swap(table, a, b))
    return free, swapped


def _rows(table: Table, keys: tuple[str, ...], proposal_id: int) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows of a proposal by key; of several with one key (withdrawn estimates) the one that stands, or the last."""
    found = db.session.execute(select(table).where(table.c.proposal_id == proposal_id).order_by(table.c.id)).mappings()
    rows = sorted((dict(row) for row in found), key=_lives)
    return {tuple(row[key] for key in keys): row for row in rows}


def _lives(row: dict[str, Any]) -> bool:
    return row.get("withdrawn_at") is None


def _swap(table: Table, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    said = {
        name: {c.name: row[c.name] for c in table.columns if c.name not in PLACE} for name, row in (("a", a), ("b", b))
    }
    _say(table, b["id"], said["a"])
    _say(table, a["id"], said["b"])
    return {"a": a["id"], "b": b["id"]} | {f"said_{name}": _plain(values) for name, values in said.items()}


def _unswap(table: Table, pair: dict[str, Any]) -> None:
    """Each says again what it said; the surviving one only if it was not changed since."""
    said_a, said_b = (_typed(table, pair[name]) for name in ("said_a", "said_b"))
    row = db.session.execute(select(table).where(table.c.id == pair["b"])).mappings().first()
    _say(table, pair["a"], said_a)
    if row is not None and {name: row[name] for name in said_a} == said_a:
        _say(table, pair["b"], said_b)


def _say(table: Table, id_: int, values: dict[str, Any]) -> None:
    db.session.execute(update(table).where(table.c.id == id_).values(**values))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: v.isoformat() if isinstance(v, date) else v for name, v in values.items()}


def _typed(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(table.c[name], value) for name, value in values.items()}


def _value(column: Column[Any], value: Any) -> Any:
    if isinstance(value, str) and isinstance(column.type, Moment):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(value, str) and isinstance(column.type, Date) else value


def _builders(old: int, into: int) -> list[int]:
    """Who built the one built what it became part of; the partners for which that is new."""
    built = select(ProposalBuilder.partner_id)
    there = set(db.session.scalars(built.where(ProposalBuilder.proposal_id == into)))
    new = sorted(set(db.session.scalars(built.where(ProposalBuilder.proposal_id == old))) - there)
    for partner_id in new:
        _build(partner_id, old, into)
    return new


def _build(partner_id: int, old: int, into: int) -> None:
    row = (ProposalBuilder.proposal_id == old, ProposalBuilder.partner_id == partner_id)
    quiet = {"synchronize_session": False}
    db.session.execute(update(ProposalBuilder).where(*row).values(proposal_id=into).execution_options(**quiet))


def _watch(old: str, into: str) -> list[int]:
    """Who watches the one watches the other too; the people for whom that is new."""
    there = set(db.session.scalars(select(Watch.person_id).where(Watch.key == into)))
    new = sorted(set(db.session.scalars(select(Watch.person_id).where(Watch.key == old))) - there)
    db.session.add_all(Watch(person_id=person_id, key=into) for person_id in new)
    return new
