"""Work seen in Git: a push or a merge request that names a package shows there and renews its lease."""

from typing import Any

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.issues import mentions
from board.issues.apply import Outcome
from board.issues.models import Development, Status
from board.issues.snapshot import Work
from board.issues.store import insert_once
from board.policy import FORGE
from board.work import forge
from board.work.leases import terms
from board.work.models import Package, touch_package
from board.work.packages import locked, stands_for


def note(repository_id: int, work: Work) -> Outcome:
    """Record it under each package it names (and under those it named before)."""
    named = set(_existing(mentions.packages(*work.texts)))
    same = (Development.repository_id == repository_id, Development.kind == work.kind, Development.ref == work.ref)
    known = {row.package_id: row for row in db.session.scalars(select(Development).where(*same).with_for_update())}
    if work.state != "open":
        named = named & known.keys() if work.kind == "branch" else named
    for package_id in sorted(named | known.keys()):
        package = locked(package_id)
        _record(package, repository_id, work, known.get(package_id))
        if package_id in named and work.state != "closed":
            forge.renew(package, FORGE, terms())
    return Outcome(Status.PROCESSED, "work", changed=True) if named or known else Outcome(Status.IGNORED, "no_key")


def _record(package: Package, repository_id: int, work: Work, row: Development | None) -> None:
    shown: dict[str, Any] = {"title": work.title, "url": work.url, "state": work.state}
    if row is None:
        new = insert_once(
            Development, package_id=package.id, repository_id=repository_id, kind=work.kind, ref=work.ref,
            provider_updated_at=work.at, **shown,
        )  # fmt: skip
        if new is not None:
            act(FORGE, "issue.develop", db.session.get_one(Development, new), development=new, to=work.state)
            touch_package(package.id)
        return
    if row.provider_updated_at and work.at and work.at < row.provider_updated_at:
        return
    row.seen_at, row.provider_updated_at = now(), work.at or row.provider_updated_at
    if work.kind == "branch" and not work.url:
        shown["url"] = row.url
    if any(getattr(row, name) != value for name, value in shown.items()):
        if row.state != work.state:
            act(FORGE, "issue.develop", row, development=row.id, to=work.state)
        for name, value in shown.items():
            setattr(row, name, value)
        touch_package(package.id)


def _existing(ids: list[int]) -> list[int]:
    """Those that there are; for one that was merged, the one that it became part of."""
    there = db.session.scalars(select(Package.id).where(Package.id.in_(ids))) if ids else ()
    return [stands_for(package_id) for package_id in there]
