"""Who waits for whom: a package may need others, never in a circle.

Two who add dependencies at once could close a circle together without either seeing it. So every change of them takes
one lock first, before any package: SQLite has one writer anyway, PostgreSQL an advisory lock for the transaction.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, bindparam, delete, exists, select, text
from sqlalchemy.orm import aliased

from board.activity.models import act
from board.db import db, on_postgres, run
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import SYSTEM, Actor, allowed
from board.proposals.models import touch
from board.work.models import Dependency, Package, PackageState, touch_package
from board.work.packages import locked

MOST = 20
_LOCK = text("SELECT pg_advisory_xact_lock(7201811)")
_WAITED_FOR = (
    select(Package.id)
    .join(Dependency, Dependency.needs_id == Package.id)
    .where(Dependency.package_id == bindparam("package"), Package.state != PackageState.DONE)
    .order_by(Package.id)
)


def depend(package_id: int, needs_id: int, by: Actor) -> None:
    """Let a package wait for another one; the same again is harmless. Raises Missing, Conflict on a circle."""
    alone()
    package, needed = _both(package_id, needs_id)
    if needs_id in needs(package_id) and allowed(by, "package.depend", package):
        return
    act(by, "package.depend", package, needs=needs_id)
    if package is needed:
        raise Conflict(_("A work package cannot wait for itself."))
    if len(needs(package_id)) >= MOST:
        raise Conflict(_("A work package can wait for at most %(n)s others.", n=MOST))
    circle = path(needs_id, package_id)
    if circle:
        told = " → ".join(f"AP-{n}" for n in [package_id, *circle])
        raise Conflict(_("That would be a circle, in which nobody could begin: %(circle)s.", circle=told))
    db.session.add(Dependency(package_id=package_id, needs_id=needs_id))
    _show(package, needed)


def undepend(package_id: int, needs_id: int, by: Actor) -> None:
    """Let a package no longer wait for another one; harmless when it does not."""
    alone()
    package, needed = _both(package_id, needs_id)
    if needs_id not in needs(package_id) and allowed(by, "package.undepend", package):
        return
    act(by, "package.undepend", package, needs=needs_id)
    db.session.execute(delete(Dependency).where(Dependency.package_id == package_id, Dependency.needs_id == needs_id))
    _show(package, needed)


def alone() -> None:
    """Be the only one who changes dependencies, until the transaction ends; before any package is locked."""
    if on_postgres():
        db.session.execute(_LOCK)


def needs(package_id: int) -> set[int]:
    """What it waits for, done or not."""
    return set(db.session.scalars(select(Dependency.needs_id).where(Dependency.package_id == package_id)))


def dependents(package_id: int) -> set[int]:
    """What waits for it."""
    return set(db.session.scalars(select(Dependency.package_id).where(Dependency.needs_id == package_id)))


def path(start: int, goal: int) -> list[int]:
    """A way along dependencies from one package to another, both included; empty without one. One query a level."""
    came: dict[int, int] = {start: 0}
    edge = [start]
    while edge and goal not in came:
        rows = db.session.execute(
            select(Dependency.package_id, Dependency.needs_id).where(Dependency.package_id.in_(edge))
        )
        following = {needed: waiting for waiting, needed in rows if needed not in came}
        came |= following
        edge = list(following)
    if goal not in came:
        return []
    way = [goal]
    while came[way[0]]:
        way.insert(0, came[way[0]])
    return way


def circles() -> list[int]:
    """The packages that wait for each other in a circle, or for one that does; none, if all is well."""
    waits: dict[int, set[int]] = {}
    awaited: dict[int, list[int]] = {}
    for package_id, needs_id in db.session.execute(select(Dependency.package_id, Dependency.needs_id)):
        waits.setdefault(package_id, set()).add(needs_id)
        awaited.setdefault(needs_id, []).append(package_id)
    free = [number for number in awaited if number not in waits]
    while free:
        done = free.pop()
        for waiting in awaited.get(done, ()):
            waits[waiting].discard(done)
            if not waits[waiting]:
                del waits[waiting]
                free.append(waiting)
    return sorted(waits)


def waited_for(package_id: int) -> list[str]:
    """The keys of what it still waits for."""
    db.session.flush()
    return [f"AP-{row.id}" for row in run(_WAITED_FOR, package=package_id)]


def tell(package: Package) -> set[int]:
    """It is done, or not done after all: what waits for it is shown anew, and says so once it waits no more.

    Returns the proposals to touch: after every package, as everywhere.
    """
    db.session.flush()
    waiting = _waiting(dependents(package.id))
    for other in waiting:
        if package.state == PackageState.DONE and not waited_for(other.id):
            act(SYSTEM, "package.unblock", other, needs=package.id)
        touch_package(other.id)
    return {other.proposal_id for other in waiting}


def blocked() -> ColumnElement[bool]:
    """The condition, as SQL, that a package waits for one that is not done."""
    needed = aliased(Package)
    return exists().where(
        Dependency.package_id == Package.id, Dependency.needs_id == needed.id, needed.state != PackageState.DONE
    )


def _waiting(ids: Iterable[int]) -> list[Package]:
    """Locked in one order. What is needed is locked before what waits for it, everywhere: no circle, no deadlock."""
    rows = select(Package).where(Package.id.in_(ids)).order_by(Package.id).with_for_update(key_share=True)
    return list(db.session.scalars(rows)) if ids else []


def _both(package_id: int, needs_id: int) -> tuple[Package, Package]:
    needed = locked(needs_id)
    return locked(package_id), needed


def _show(*packages: Package) -> None:
    for package in packages:
        touch_package(package.id)
    for proposal_id in sorted({package.proposal_id for package in packages}):
        touch(proposal_id)
