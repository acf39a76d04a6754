"""Work packages as rows of a file, read from the database; and the ids under which files know them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select

from board.db import db
from board.milestones.models import Milestone
from board.work.files import parted
from board.work.models import Dependency, Package, PackageLink, PackageSkill, PackageState

BATCH = 500
Rows = Sequence[Any]
_STANDS = Package.merged_into_id.is_(None)
_PACKAGES = select(
    Package.id, Package.source_id, Package.title, Package.text, Package.deliverables, Package.points, Package.cluster,
    Package.milestone_id, Package.state, Package.stage, Package.held_at, Package.acceptance, Package.effort,
    Package.owner, Package.funder, Package.due_on, Package.proposal_id, Package.extra,
)  # fmt: skip
_LINKS = select(PackageLink.package_id, PackageLink.title, PackageLink.url)
_SKILLS = select(PackageSkill.package_id, PackageSkill.skill)
_NEEDS = select(Dependency.package_id, Package.id, Package.source_id).join(Package, Package.id == Dependency.needs_id)
STATUS = {
    PackageState.OPEN: "ready", PackageState.CLAIMED: "ready", PackageState.IN_PROGRESS: "in_progress",
    PackageState.REVIEW: "in_progress", PackageState.DONE: "done",
}  # fmt: skip


def ids(where: Sequence[ColumnElement[bool]]) -> list[int]:
    """The packages that match, in the order of their numbers."""
    return list(db.session.scalars(select(Package.id).where(*where, _STANDS).order_by(Package.id)))


def batches(ids_: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    """These packages as rows of the format, so many at once: five statements for each batch, the first one more.

    Between two batches the database connection is given back, so that a slow reader holds none.
    """
    names = {number: name for name, number in milestone_ids().items()}
    for wanted in _parts(ids_):
        found = db.session.execute(_PACKAGES.where(Package.id.in_(wanted), _STANDS).order_by(Package.id)).all()
        links = _by_package(_LINKS.where(PackageLink.package_id.in_(wanted)).order_by(PackageLink.id))
        skills = _by_package(_SKILLS.where(PackageSkill.package_id.in_(wanted)).order_by(PackageSkill.skill))
        needs = _by_package(_NEEDS.where(Dependency.package_id.in_(wanted)).order_by(Package.id))
        db.session.close()
        yield [_row(p, names, links.get(p.id, ()), skills.get(p.id, ()), needs.get(p.id, ())) for p in found]


def extras(ids_: Sequence[int]) -> set[str]:
    """The names of all that files said of these packages and the format does not know."""
    found: set[str] = set()
    for wanted in _parts(ids_):
        for extra in db.session.scalars(select(Package.extra).where(Package.id.in_(wanted))):
            found.update(extra or ())
    return found


def _parts(ids_: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids_[begin : begin + BATCH] for begin in range(0, len(ids_), BATCH))


def _by_package(query: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in db.session.execute(query):
        found.setdefault(row[0], []).append(row)
    return found


def _row(package: Any, milestones: dict[int, str], links: Rows, skills: Rows, needs: Rows) -> dict[str, Any]:
    extra = dict(package.extra or {})
    kept = extra.pop("milestone", "")
    return {
        "id": package.source_id or f"AP-{package.id}",
        "title": package.title,
        "description": package.text,
        "deliverables": parted(package.deliverables),
        "story_points": _plain(package.points),
        "deps": [need.source_id or f"AP-{need.id}" for need in needs],
        "cluster": package.cluster,
        "milestone": milestones.get(package.milestone_id or 0, kept),
        "status": status_of(package),
        "acceptance": parted(package.acceptance),
        "effort_days": _plain(package.effort),
        "skills": sorted(row.skill for row in skills),
        "owner": package.owner,
        "funder": package.funder,
        "due_on": package.due_on.isoformat() if package.due_on else "",
        "links": [f"{link.title} | {link.url}" for link in links],
        "proposal": f"FV-{package.proposal_id}",
        "extra": extra,
    }


def status_of(package: Any) -> str:
    """The format's status of a package, or of a row with as much of it."""
    if package.held_at is not None:
        return "on_hold"
    if package.state == PackageState.OPEN and package.stage:
        return str(package.stage)
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


def _plain(number: Decimal | None) -> int | float | str:
    if number is None:
        return ""
    return int(number) if number == int(number) else float(number)
