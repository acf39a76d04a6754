"""One package becomes several, several become one; seats, comments, links, efforts and dependencies are accounted for.

Splitting leaves the seats with the package that they were taken for: parts come off, and are free. Merging moves all
that hangs on a package to the other one; its address leads there from then on.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select, update

from board.activity.models import act
from board.comments.models import Comment
from board.db import db, now
from board.errors import Conflict, Denied
from board.i18n import gettext as _
from board.issues.models import Development, IssueLink
from board.issues.sources import IssueSource
from board.learnings.models import Learning
from board.notifications.models import Watch
from board.policy import Actor, allowed
from board.proposals.models import touch
from board.variants.models import ReturnPackage
from board.work import dependencies
from board.work.claims import shift
from board.work.models import MERGED, Bid, Claim, Dependency, EndReason, Package, PackageState, Seat, touch_package
from board.work.packages import MAX_DAYS, MAX_LINKS, Draft, add, as_draft, locked, write
from board.work.parts import Part

UNIQUE: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
    (IssueLink, ("issue_id",)),
    (IssueSource, ("issue_id",)),
    (Development, ("repository_id", "kind", "ref")),
    (ReturnPackage, ()),
)
"""What hangs on packages, and what may stand there once for each of them."""


def split(package_id: int, parts: Sequence[Part], by: Actor) -> list[Package]:
    """Take parts off; what they take is gone from the package, so that all of it together stays the same.

    A part has the package's skills, links, milestone and dependencies, and what waits for the package waits for its
    parts too. Raises Conflict when they take more than there is.
    """
    dependencies.alone()
    package = locked(package_id, links=True)
    act(by, "package.split", package, parts=len(parts))
    _changeable(package)
    rest = _rest(package, parts)
    whole = as_draft(package)
    needs, waiting = dependencies.needs(package.id), dependencies.dependents(package.id)
    made = []
    for part in parts:
        draft = replace(whole, title=part.title, effort=part.effort, points=part.points,
                        text="", deliverables="", acceptance="")  # fmt: skip
        piece = add(package.proposal_id, by, draft)
        piece.split_from_id = package.id
        db.session.flush()
        db.session.add_all(Dependency(package_id=piece.id, needs_id=needed) for needed in needs)
        db.session.add_all(Dependency(package_id=other, needs_id=piece.id) for other in waiting)
        for source in _of(IssueSource, package.id):  # What became of an issue is found, should it be withheld.
            db.session.add(IssueSource(issue_id=source.issue_id, package_id=piece.id, title=source.title,
                                       body=source.body))  # fmt: skip
        made.append(piece)
    write(package, replace(whole, effort=rest.effort, points=rest.points))
    package.text_version += 1
    for shown in sorted({package.id, *waiting}):
        touch_package(shown)
    touch(package.proposal_id)
    return made


def _rest(package: Package, parts: Sequence[Part]) -> Draft:
    effort, points = package.effort, package.points
    taken = sum((part.effort or Decimal(0) for part in parts), Decimal(0))
    if effort is not None:
        effort -= taken
        if effort <= 0:
            raise Conflict(_("The parts take %(taken)s person-days, but the work package has only %(all)s; "
                             "some must stay with it.", taken=taken, all=package.effort))  # fmt: skip
    spent = sum((part.points or Decimal(0) for part in parts), Decimal(0))
    if points is not None:
        points -= spent
        if points < 0:
            raise Conflict(_("The parts take %(taken)s story points, but the work package has only %(all)s.",
                             taken=spent, all=package.points))  # fmt: skip
    return Draft(title=package.title, effort=effort, points=points)


def merge(package_id: int, into_id: int, by: Actor) -> Package:
    """Let a package become part of another one of the same proposal. Raises Missing, Denied, Conflict."""
    dependencies.alone()
    if package_id == into_id:
        raise Conflict(_("A work package cannot be merged with itself."))
    first = into_id if dependencies.path(package_id, into_id) else package_id  # What is needed is locked first.
    locked(first)
    package, into = locked(package_id, links=True), locked(into_id, links=True)
    act(by, "package.merge", package, into=into_id)
    if not allowed(by, "package.merge", into):
        raise Denied(_("Whoever leads this work package and the product owners change its text. Please comment."))
    if package.proposal_id != into.proposal_id:
        raise Conflict(_("Only work packages of the same proposal can be merged."))
    _changeable(package, into)
    free = _free(package) + _free(into)
    touched = _dependencies(package, into)
    _texts(package, into)
    _seats(package, into)
    _move_what_hangs_on(package, into)
    into.n_comments, package.n_comments = into.n_comments + package.n_comments, 0
    package.state, package.merged_into_id, package.lead_partner_id = MERGED, into.id, None
    package.held_at, package.held_reason, package.commissioned = None, "", ""
    write(package, Draft(title=package.key))  # Its words stand in the other one now, and can be withheld there.
    db.session.flush()
    for shown in sorted({package.id, into.id, *touched}):
        touch_package(shown)
    touch(into.proposal_id, n_packages=-1, n_free=_free(into) - free)
    return into


def _free(package: Package) -> int:
    return int(package.state == PackageState.OPEN)


def _changeable(*packages: Package) -> None:
    if any(package.state == PackageState.DONE for package in packages):
        raise Conflict(_("This work package is done already."))


def _dependencies(package: Package, into: Package) -> set[int]:
    """The other one waits for what this one waited for, and is waited for alike. Raises Conflict on a circle."""
    needs = dependencies.needs(package.id) - {into.id}
    waiting = dependencies.dependents(package.id) - {into.id}
    ways = [dependencies.path(needed, into.id) for needed in sorted(needs)]
    ways += [dependencies.path(needed, package.id) for needed in sorted(dependencies.needs(into.id) - {package.id})]
    circle = next((way for way in ways if way), None)
    if circle:
        told = " → ".join(f"AP-{n}" for n in circle)
        raise Conflict(_("That would be a circle, in which nobody could begin: %(circle)s.", circle=told))
    there, awaited = dependencies.needs(into.id), dependencies.dependents(into.id)
    db.session.execute(
        delete(Dependency).where((Dependency.package_id == package.id) | (Dependency.needs_id == package.id))
    )
    db.session.add_all(Dependency(package_id=into.id, needs_id=needed) for needed in sorted(needs - there))
    db.session.add_all(Dependency(package_id=other, needs_id=into.id) for other in sorted(waiting - awaited))
    return waiting


def _texts(package: Package, into: Package) -> None:
    """Both texts, one below the other; efforts and points are added up."""
    one, other = as_draft(into), as_draft(package)
    urls = {url for _title, url in one.links}
    more = tuple(link for link in other.links if link[1] not in urls)
    below = f"**{package.key} {other.title}**" + (f"\n\n{other.text}" if other.text else "")
    write(
        into,
        replace(
            one,
            text=_below(one.text, below, "\n\n"),
            deliverables=_below(one.deliverables, other.deliverables),
            acceptance=_below(one.acceptance, other.acceptance),
            effort=_sum(one.effort, other.effort, Decimal(MAX_DAYS)),
            points=_sum(one.points, other.points, Decimal(99_999)),
            skills=tuple(sorted({*one.skills, *other.skills})),
            links=(one.links + more)[: 2 * MAX_LINKS],
        ),
    )
    into.text_version += 1


def _below(one: str, other: str, between: str = "\n") -> str:
    return between.join(part for part in (one, other) if part)


def _sum(one: Decimal | None, other: Decimal | None, most: Decimal) -> Decimal | None:
    found = one if other is None else other if one is None else one + other
    if found is not None and found > most:
        raise Conflict(_("Together they are too large for one work package."))
    return found


def _seats(package: Package, into: Package) -> None:
    """Live seats move; two of one partner become one, a second lead becomes a support with its days."""
    if package.held_at is not None and into.lead_partner_id is not None:
        shift(package)
    for held in _live(package):
        there = next((seat for seat in _live(into) if seat.partner_id == held.partner_id), None)
        leads = held.seat == Seat.LEAD and into.lead_partner_id is None
        days = held.days if held.days is not None or leads or held.seat == Seat.SUPPORT else package.effort
        if there is None:
            held.seat = Seat.LEAD if leads else Seat.SUPPORT
            held.package_id, held.days = into.id, days
        else:
            there.days = there.days if days is None else (there.days or Decimal(0)) + days
            there.lease_until = max(there.lease_until, held.lease_until)
            held.ended_at, held.end_reason = now(), EndReason.MERGED
            db.session.flush()
            there.seat = Seat.LEAD if leads else there.seat
        if leads:
            into.lead_partner_id, into.state = held.partner_id, package.state
            into.held_at, into.held_reason = package.held_at, package.held_reason
            into.commissioned = into.commissioned or package.commissioned
        db.session.flush()


def _live(package: Package) -> list[Claim]:
    """Lead first."""
    rows = select(Claim).where(Claim.package_id == package.id, Claim.ended_at.is_(None)).order_by(Claim.seat, Claim.id)
    return list(db.session.scalars(rows))


def _move_what_hangs_on(package: Package, into: Package) -> None:
    """Comments, bids, issues, work seen in Git and watchers; what is there already is not doubled."""
    old, new = package.id, into.id
    quiet = {"synchronize_session": False}
    db.session.execute(
        update(Comment).where(Comment.package_id == old).values(package_id=new).execution_options(**quiet)
    )
    db.session.execute(
        update(Learning).where(Learning.package_id == old).values(package_id=new).execution_options(**quiet)
    )
    for model, same in UNIQUE:
        there = {tuple(getattr(row, n) for n in same) for row in _of(model, new)}
        for row in _of(model, old):
            if tuple(getattr(row, n) for n in same) in there:
                db.session.delete(row)
            else:
                row.package_id = new
    bidders = set(db.session.scalars(select(Bid.partner_id).where(Bid.package_id == new, Bid.withdrawn_at.is_(None))))
    for bid in db.session.scalars(select(Bid).where(Bid.package_id == old, Bid.withdrawn_at.is_(None))):
        if bid.partner_id in bidders:
            bid.withdrawn_at = now()
        else:
            bid.package_id = new
    watching = set(db.session.scalars(select(Watch.person_id).where(Watch.key == into.key)))
    for watch in db.session.scalars(select(Watch).where(Watch.key == package.key)):
        if watch.person_id not in watching:
            db.session.add(Watch(person_id=watch.person_id, key=into.key))
        db.session.delete(watch)
    db.session.flush()


def _of(model: type[Any], package_id: int) -> list[Any]:
    return list(db.session.scalars(select(model).where(model.package_id == package_id)))
