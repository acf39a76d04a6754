"""Every way to read issues, for the inbox and for scripts. Hidden issues are in none of them.

What proposals and packages show of them stands in `mirror`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true

from board.db import db, now, on_postgres
from board.issues.models import Issue, IssueLink, Repository, Triage
from board.text import fold

PAGE = 50
COUNTED = 1000


@dataclass(frozen=True)
class IssueLine:
    """An issue in the inbox; `links` are the keys of proposals and packages."""

    id: int
    provider: str
    repository: str
    repository_id: int
    number: int
    title: str
    body: str
    state: str
    labels: tuple[str, ...]
    url: str
    triage: str
    snoozed_until: datetime | None
    dismiss_reason: str
    topic_id: int | None
    partner_id: int | None
    can_undo: bool
    first_seen_at: datetime
    version: int
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filter:
    """What the inbox shows: `triage` is new, snoozed, linked, dismissed or all; the rest is empty or a choice."""

    triage: str = "new"
    provider: str = ""
    repository_id: int | None = None
    partner_id: int | None = None
    label: str = ""
    state: str = ""
    words: str = ""
    before: int | None = field(default=None)

    @property
    def narrowed(self) -> bool:
        """Whether more is asked than where the issues stand."""
        return bool(self.provider or self.repository_id or self.partner_id or self.label or self.state or self.words)


def inbox(by: Filter, limit: int = PAGE) -> list[IssueLine]:
    """Visible issues, newest first, by keyset (`before`: the last id of the page before)."""
    return _lines(filtered(by).order_by(Issue.id.desc()).limit(limit))


def issue(issue_id: int) -> IssueLine | None:
    """One visible issue."""
    found = _lines(_base().where(Issue.id == issue_id))
    return found[0] if found else None


def counts() -> dict[str, int]:
    """How many visible issues stand where, and `all` of them; each counted up to COUNTED + 1, in one statement."""
    over = and_(Issue.triage == Triage.SNOOZED, Issue.snoozed_until <= now())
    stands: dict[str, ColumnElement[bool]] = {t.value: Issue.triage == t for t in Triage}
    stands[Triage.NEW] = or_(Issue.triage == Triage.NEW, over)
    stands[Triage.SNOOZED] = and_(Issue.triage == Triage.SNOOZED, Issue.snoozed_until > now())
    some = {
        name: select(Issue.id).where(Issue.visible, stand).limit(COUNTED + 1).subquery()
        for name, stand in {**stands, "all": true()}.items()
    }
    row = db.session.execute(
        select(*(select(func.count()).select_from(part).scalar_subquery().label(name) for name, part in some.items()))
    ).one()
    return dict(row._mapping)


_COLUMNS = (
    Issue.id, Repository.provider, Repository.name, Repository.id, Issue.number, Issue.title, Issue.body, Issue.state,
    Issue.labels, Issue.url, Issue.triage, Issue.snoozed_until, Issue.dismiss_reason, Issue.topic_id, Issue.partner_id,
    Issue.undo, Issue.first_seen_at, Issue.version,
)  # fmt: skip


def _base() -> Select[Any]:
    return select(*_COLUMNS).join(Repository, Repository.id == Issue.repository_id).where(Issue.visible)


def filtered(by: Filter) -> Select[Any]:
    """The visible issues that a filter lets through, as a statement."""
    wanted = _base()
    over = and_(Issue.triage == Triage.SNOOZED, Issue.snoozed_until <= now())
    if by.triage == Triage.NEW:
        wanted = wanted.where(or_(Issue.triage == Triage.NEW, over))
    elif by.triage == Triage.SNOOZED:
        wanted = wanted.where(Issue.triage == Triage.SNOOZED, Issue.snoozed_until > now())
    elif by.triage != "all":
        wanted = wanted.where(Issue.triage == by.triage)
    if by.provider:
        wanted = wanted.where(Repository.provider == by.provider)
    if by.repository_id is not None:
        wanted = wanted.where(Issue.repository_id == by.repository_id)
    if by.partner_id is not None:
        wanted = wanted.where(Issue.partner_id == by.partner_id)
    if by.label:
        worn = each_label(Issue.labels)
        wanted = wanted.where(exists(select(worn.c.value).where(worn.c.value == by.label)))
    if by.state:
        wanted = wanted.where(func.coalesce(Issue.state, "open") == by.state)
    for word in fold(by.words).split()[:8]:
        wanted = wanted.where(Issue.search.contains(word, autoescape=True))
    return wanted if by.before is None else wanted.where(Issue.id < by.before)


def each_label(labels: Any) -> Any:
    """The labels of a row as rows with a `value`, in both databases."""
    each = func.json_array_elements_text if on_postgres() else func.json_each
    return each(labels).table_valued("value").alias("label")


def newest() -> int:
    """The id of the newest visible issue, 0 without any."""
    return db.session.scalar(select(func.max(Issue.id)).where(Issue.visible)) or 0


def newer(by: Filter, after: int) -> int:
    """How many issues that a filter lets through have come since, counted to 99."""
    wanted = filtered(replace(by, before=None)).where(Issue.id > after).limit(99)
    return db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0


def _lines(wanted: Select[Any]) -> list[IssueLine]:
    rows = db.session.execute(wanted).all()
    links = _keys([row[0] for row in rows])
    return [_line(*row, tuple(links.get(row[0], ()))) for row in rows]


def _line(*v: Any) -> IssueLine:
    """A row of `_COLUMNS` and the keys; an unknown state is shown as open."""
    state, labels, can_undo = v[7] or "open", tuple(v[8] or ()), v[15] is not None
    return IssueLine(*(*v[:7], state, labels, *v[9:15], can_undo, *v[16:]))


def _keys(ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    wanted = select(IssueLink.issue_id, IssueLink.proposal_id, IssueLink.package_id).where(
        IssueLink.issue_id.in_(ids), IssueLink.ended_at.is_(None)
    )
    for issue_id, proposal_id, package_id in db.session.execute(wanted.order_by(IssueLink.id)) if ids else ():
        found.setdefault(issue_id, []).append(f"AP-{package_id}" if package_id else f"FV-{proposal_id}")
    return found


def listed() -> list[dict[str, Any]]:
    """All visible issues for scripts: provider, repo, number, title, state, labels, url, proposal and package key."""
    rows = db.session.execute(_base().order_by(Repository.name, Issue.number)).all()
    links = _keys_of_all()
    return [
        {
            "provider": row[1], "repo": row[2], "number": row[4], "title": row[5], "state": row[7] or "open",
            "labels": list(row[8] or ()), "url": row[9],
            "proposal": _first(links.get(row[0], ()), "FV"), "package": _first(links.get(row[0], ()), "AP"),
            "keys": list(links.get(row[0], ())), "triage": row[10],
        }
        for row in rows
    ]  # fmt: skip


def _keys_of_all() -> dict[int, list[str]]:
    ids = list(db.session.scalars(select(IssueLink.issue_id).where(IssueLink.ended_at.is_(None)).distinct()))
    found: dict[int, list[str]] = {}
    for start in range(0, len(ids), 500):
        found |= _keys(ids[start : start + 500])
    return found


def _first(keys: Any, prefix: str) -> str | None:
    return next((key for key in keys if key.startswith(prefix)), None)
