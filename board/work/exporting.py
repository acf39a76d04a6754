"""Work packages as rows of a file, read from the database; and the ids under which files know them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import selectinload

from board.db import db
from board.milestones.models import Milestone
from board.work.files import parted
from board.work.models import Dependency, Package, PackageState

MOST = 10_000
STATUS = {
    PackageState.OPEN: "ready", PackageState.CLAIMED: "ready", PackageState.IN_PROGRESS: "in_progress",
    PackageState.REVIEW: "in_progress", PackageState.DONE: "done",
}  # fmt: skip


def rows(where: Sequence[ColumnElement[bool]]) -> list[dict[str, Any]]:
    """The packages that match as rows of the format, in the order of their numbers; five statements."""
    query = (
        select(Package)
        .where(*where, Package.merged_into_id.is_(None))
        .options(selectinload(Package.links), selectinload(Package.skilled))
        .order_by(Package.id)
        .limit(MOST)
    )
    found = list(db.session.scalars(query))
    names = {number: name for name, number in milestone_ids().items()}
    needs = _needs([package.id for package in found])
    return [_row(package, names, needs.get(package.id, [])) for package in found]


def _row(package: Package, milestones: dict[int, str], needs: list[str]) -> dict[str, Any]:
    extra = dict(package.extra or {})
    kept = extra.pop("milestone", "")
    return {
        "id": package.source_id or package.key,
        "title": package.title,
        "description": package.text,
        "deliverables": parted(package.deliverables),
        "story_points": _plain(package.points),
        "deps": needs,
        "cluster": package.cluster,
        "milestone": milestones.get(package.milestone_id or 0, kept),
        "status": status_of(package),
        "acceptance": parted(package.acceptance),
        "effort_days": _plain(package.effort),
        "skills": sorted(row.skill for row in package.skilled),
        "owner": package.owner,
        "funder": package.funder,
        "due_on": package.due_on.isoformat() if package.due_on else "",
        "links": [f"{link.title} | {link.url}" for link in package.links],
        "proposal": f"FV-{package.proposal_id}",
        "extra": extra,
    }


def status_of(package: Package) -> str:
    """The format's status of a package."""
    if package.held_at is not None:
        return "on_hold"
    if package.state == PackageState.OPEN and package.stage:
        return package.stage
    return STATUS[PackageState(package.state)]


def milestone_ids() -> dict[str, int]:
    """Name → id; of two that share a name the newer one."""
    rows_ = db.session.execute(select(Milestone.name, Milestone.id).order_by(Milestone.id))
    return {row.name: row.id for row in rows_}


def anywhere(key: str) -> int | None:
    """The package that the board itself calls so, under any proposal."""
    number = key.removeprefix("AP-")
    if number == key or not number.isascii() or not number.isdigit() or len(number) > 9:
        return None
    return db.session.scalar(select(Package.id).where(Package.id == int(number), Package.merged_into_id.is_(None)))


def _needs(ids: Sequence[int]) -> dict[int, list[str]]:
    wanted = (
        select(Dependency.package_id, Package.id, Package.source_id)
        .join(Package, Package.id == Dependency.needs_id)
        .where(Dependency.package_id.in_(ids))
        .order_by(Package.id)
    )
    found: dict[int, list[str]] = {}
    for package_id, number, source_id in db.session.execute(wanted):
        found.setdefault(package_id, []).append(source_id or f"AP-{number}")
    return found


def _plain(number: Decimal | None) -> int | float | str:
    if number is None:
        return ""
    return int(number) if number == int(number) else float(number)
