"""Every way to read comments. Names of persons are read for signed-in readers only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from board.accounts.models import Person
from board.comments.models import Comment
from board.db import db
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.partners.models import Partner, hue
from board.policy import Actor, allowed
from board.proposals.models import Proposal
from board.work.models import Package

SHOWN = 20
MOST = 200
LOCK = {"key_share": True}  # Rows that merely refer to it need not wait.


@dataclass(frozen=True)
class Sign:
    """A partner as a comment shows it."""

    slug: str
    name: str
    sign: str
    hue: int


@dataclass(frozen=True)
class Entry:
    """One comment to show; `name` is empty for readers who are not signed in."""

    id: int
    name: str
    partner: Sign | None
    text: str
    html: str
    written_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    version: int
    is_mine: bool


@dataclass(frozen=True)
class Thread:
    """The comments on one thing, oldest first. `start` is the first id shown, so that a refresh shows the same ones."""

    key: str
    url: str
    page_url: str
    total: int
    entries: tuple[Entry, ...]
    start: int
    older: int | None
    later: int | None
    editing: int | None
    may_write: bool
    topic: str


def for_proposal(proposal: Any, by: Actor, **place: int | None) -> dict[str, Any]:
    """What comments/_section.html needs under a proposal (id, n_comments)."""
    url = f"/proposals/FV-{proposal.id}"
    where = (Comment.proposal_id == proposal.id, Comment.package_id.is_(None))
    return {"comments": _thread(f"FV-{proposal.id}", url, proposal.n_comments, where, by, **place)}


def for_package(package: Any, by: Actor, **place: int | None) -> dict[str, Any]:
    """What comments/_section.html needs under a package (id, n_comments)."""
    where = (Comment.package_id == package.id,)
    return {
        "comments": _thread(f"AP-{package.id}", f"/packages/AP-{package.id}", package.n_comments, where, by, **place)
    }


def subject(proposal_id: int | None, package_id: int | None, *, locked: bool = False) -> Proposal | Package:
    """What is commented on. Raises Missing."""
    found: Proposal | Package | None
    if package_id is not None:
        found = db.session.get(Package, package_id, with_for_update=LOCK if locked else None)
    else:
        found = db.session.get(Proposal, proposal_id, with_for_update=LOCK if locked else None)
    if found is None or (isinstance(found, Package) and found.merged_into_id is not None):
        raise Missing
    if locked and found.merged_into_id is not None:
        raise Conflict(_("%(key)s has become part of %(other)s.", key=found.key, other=f"FV-{found.merged_into_id}"))
    return found


def thread(on: Proposal | Package, by: Actor, **place: int | None) -> Thread:
    """The comments on a proposal or package, by `before`, `start` or `editing` (ids)."""
    read = for_package if isinstance(on, Package) else for_proposal
    found: Thread = read(on, by, **place)["comments"]
    return found


def get(comment_id: int, *, locked: bool = False) -> Comment:
    """One comment. Raises Missing."""
    comment = db.session.get(Comment, comment_id, with_for_update=LOCK if locked else None)
    if comment is None:
        raise Missing
    return comment


def _thread(
    key: str,
    url: str,
    total: int,
    where: tuple[ColumnElement[bool], ...],
    by: Actor,
    *,
    before: int | None = None,
    start: int | None = None,
    editing: int | None = None,
) -> Thread:
    if before is not None:
        start = _reach_back(where, before)
    if editing is not None and start is None:
        start = _reach_back(where, editing)
    if start is None:
        newest = list(db.session.execute(_columns(where).order_by(Comment.id.desc()).limit(SHOWN + 1)))
        older = newest[SHOWN - 1].id if len(newest) > SHOWN else None
        rows, later = newest[:SHOWN][::-1], None
    else:
        if editing is not None:
            start = min(start, editing)
        found = list(db.session.execute(_columns(where, Comment.id >= start).order_by(Comment.id).limit(MOST + 1)))
        rows, later = found[:MOST], found[MOST].id if len(found) > MOST else None
        first = db.session.scalar(select(Comment.id).where(*where, Comment.id < start).limit(1))
        older = start if first is not None else None
    return Thread(
        key=key,
        url=f"{url}/comments",
        page_url=url,
        total=total,
        entries=tuple(_entry(row, by) for row in rows),
        start=rows[0].id if rows else 0,
        older=older,
        later=later,
        editing=editing,
        may_write=allowed(by, "comment.write"),
        topic=f"comments-{key}",
    )


def _reach_back(where: tuple[ColumnElement[bool], ...], before: int) -> int:
    ids = db.session.scalars(
        select(Comment.id).where(*where, Comment.id < before).order_by(Comment.id.desc()).limit(SHOWN)
    ).all()
    return ids[-1] if ids else before


def _columns(where: tuple[ColumnElement[bool], ...], *more: ColumnElement[bool]) -> Any:
    return (
        select(
            Comment.id, Comment.person_id, Comment.text, Comment.html, Comment.written_at, Comment.edited_at,
            Comment.deleted_at, Comment.version, Person.name, Partner.slug, Partner.name.label("partner"),
            Partner.sign, Partner.ags,
        )
        .join(Person, Person.id == Comment.person_id)
        .outerjoin(Partner, Partner.id == Comment.partner_id)
        .where(*where, *more)
    )  # fmt: skip


def _entry(row: Any, by: Actor) -> Entry:
    partner = Sign(row.slug, row.partner, row.sign, hue(row.ags or row.slug)) if row.slug else None
    return Entry(
        id=row.id,
        name=row.name if by.signed_in else "",
        partner=partner,
        text=row.text,
        html=row.html,
        written_at=row.written_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        version=row.version,
        is_mine=by.signed_in and row.person_id == by.person_id,
    )
