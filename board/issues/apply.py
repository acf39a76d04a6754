"""The one way in: a snapshot of an issue meets the row that the board keeps of it.

Webhooks, file imports and backfill all end here. A snapshot counts when it is at least as new as the stored one;
absent keys keep old values; deleted never comes back, confidential only with a strictly newer public snapshot.
Must run inside a transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, exists, select, update

from board.db import db, now
from board.issues import follow
from board.issues.models import Issue, IssueLink, Status
from board.issues.snapshot import Snapshot
from board.issues.store import insert_once, update_row
from board.text import fold

TERMINAL = frozenset({"deleted", "transferred"})
TOMBSTONE: dict[str, Any] = {"title": "", "body": "", "search": "", "labels": None, "url": "", "visible": False}
SEARCHED = 10_000
FIELDS = ("title", "body", "state", "labels", "url")
_table = Issue.__table__.c
_linked = exists().where(IssueLink.issue_id == _table.id).correlate(Issue.__table__)
_STORED = (
    select(
        _table.id, _table.title, _table.body, _table.state, _table.labels, _table.url, _table.provider_updated_at,
        _table.visible, _table.hidden, _linked.label("linked"),
    )
    .where(_table.repository_id == bindparam("repository_id"), _table.number == bindparam("number"))
    .with_for_update(of=Issue.__table__)
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a snapshot belongs: the repository's id and name, whether its issues are shown, by which connection."""

    repository_id: int
    repository: str
    hide: bool
    connection_id: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How it ended: a delivery's status and reason, and what became of the row (created, changed or nothing)."""

    status: str
    reason: str = ""
    issue_id: int | None = None
    created: bool = False
    changed: bool = False


def apply(place: Place, shot: Snapshot, *, known_only: bool = False) -> Outcome:
    """Bring the board's row up to the snapshot. `known_only`: never make a new row."""
    why = shot.gone or ("confidential" if shot.confidential else "private" if place.hide else "")
    row = _stored(place, shot)
    if row is None:
        if known_only:
            return Outcome(Status.IGNORED, why or "unknown_issue")
        issue_id = _insert(place, shot, why)
        if issue_id is not None:
            return _created(place, shot, issue_id, why)
        row = _stored(place, shot)  # Another delivery was faster; it has committed now.
    if row.hidden in TERMINAL:
        return Outcome(Status.IGNORED, row.hidden, row.id)
    if why:
        return _withdraw(row, shot, why)
    if not _counts(row, shot):
        return _fill(row, shot)
    return _update(place, row, shot)


def _stored(place: Place, shot: Snapshot) -> Any:
    keys = {"repository_id": place.repository_id, "number": shot.number}
    return db.session.connection().execute(_STORED, keys).one_or_none()


def _insert(place: Place, shot: Snapshot, why: str) -> int | None:
    values: dict[str, Any] = {"hidden": why, "provider_updated_at": shot.updated_at}
    if why:
        values |= TOMBSTONE
    else:
        values |= {name: value for name, value in _said(shot).items() if value is not None}
        values["search"] = searched(place.repository, shot.number, shot.title or "", shot.body or "")
    return insert_once(Issue, repository_id=place.repository_id, number=shot.number, **values)


def _created(place: Place, shot: Snapshot, issue_id: int, why: str) -> Outcome:
    if why:
        return Outcome(Status.IGNORED, why, issue_id)
    follow.appeared(issue_id, place.connection_id)
    return Outcome(Status.PROCESSED, "created", issue_id, created=True)


def _said(shot: Snapshot) -> dict[str, Any]:
    labels = list(shot.labels) if shot.labels is not None else None
    return {"title": shot.title, "body": shot.body, "state": shot.state, "labels": labels, "url": shot.url}


def _counts(row: Row[Any], shot: Snapshot) -> bool:
    """Whether the snapshot is new enough; what has no time counts only against what has none."""
    stored, given = row.provider_updated_at, shot.updated_at
    if row.hidden == "confidential":
        return bool(given and (stored is None or given > stored))
    return stored is None or (given is not None and given >= stored)


def _withdraw(row: Row[Any], shot: Snapshot, why: str) -> Outcome:
    """Leave a tombstone. Deleted, transferred and private hold whatever the time; confidential unless it is older."""
    older = bool(row.provider_updated_at and shot.updated_at and shot.updated_at < row.provider_updated_at)
    if why == "confidential" and older:
        return Outcome(Status.STALE, "older", row.id)
    if row.hidden == why or (row.hidden == "confidential" and why == "private"):
        update_row(Issue, row.id, {"provider_updated_at": _later(row, shot)})
        return Outcome(Status.IGNORED, why, row.id)
    follow.hide(row.id, why, _later(row, shot))
    return Outcome(Status.WITHDRAWN if row.visible else Status.IGNORED, why, row.id, changed=row.visible)


def _fill(row: Row[Any], shot: Snapshot) -> Outcome:
    """An older snapshot still tells what was never heard: the labels or the state."""
    said = _said(shot)
    unknown = {
        n: said[n] for n in ("state", "labels") if row.visible and getattr(row, n) is None and said[n] is not None
    }
    if unknown:
        update_row(Issue, row.id, unknown, shown=True)
        follow.changed(row.id, row.state, set(unknown), None, linked=row.linked)
    return Outcome(Status.STALE, "confidential" if row.hidden else "older", row.id, changed=bool(unknown))


def _update(place: Place, row: Row[Any], shot: Snapshot) -> Outcome:
    said = {name: value for name, value in _said(shot).items() if value is not None}
    values = {name: value for name, value in said.items() if value != getattr(row, name)}
    back = not row.visible
    if back:
        values |= {"visible": True, "hidden": ""}
    changed = set(values)
    if shot.updated_at != row.provider_updated_at and shot.updated_at is not None:
        values["provider_updated_at"] = shot.updated_at
    if changed:
        values["active_at"] = now()
        words = values.get("title", row.title), values.get("body", row.body)
        values["search"] = searched(place.repository, shot.number, *words)
    if values:
        update_row(Issue, row.id, values, shown=bool(changed))
    if back:
        follow.appeared(row.id, place.connection_id)
    elif changed:
        words = (values.get("title", row.title), values.get("body", row.body))
        follow.changed(row.id, row.state, changed, place.connection_id, linked=row.linked, words=words)
    reason = "changed" if changed else "unchanged"
    return Outcome(Status.PROCESSED, reason, row.id, changed=bool(changed))


def _later(row: Row[Any], shot: Snapshot) -> datetime | None:
    times = [t for t in (row.provider_updated_at, shot.updated_at) if t]
    return max(times, default=None)


def searched(repository: str, number: int, title: str, body: str) -> str:
    """What a search looks through: of long texts the beginning, for what follows is mostly logs."""
    return fold(f"{repository} #{number} {title} {body[:SEARCHED]}")


def withdraw_all(repository_id: int, why: str) -> int:
    """A whole repository became private or went: hide its visible issues; returns how many."""
    wanted = select(Issue.id, Issue.provider_updated_at).where(Issue.repository_id == repository_id, Issue.visible)
    rows = db.session.execute(wanted.order_by(Issue.id).with_for_update()).all()
    for issue_id, at in rows:
        follow.hide(issue_id, why, at)
    if why in TERMINAL:
        db.session.execute(
            update(Issue)
            .where(Issue.repository_id == repository_id)
            .values(hidden=why)
            .execution_options(synchronize_session=False)
        )
    return len(rows)
