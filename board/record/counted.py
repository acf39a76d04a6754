"""Packages and comments, counted again: the numbers that stand on the rows of proposals and packages."""

from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, Subquery, cast, func, or_, select

from board.comments.models import Comment
from board.db import db, run
from board.proposals.models import Proposal
from board.work.models import Package, PackageState


def proposals() -> dict[str, list[int]]:
    """Which number (`packages`, `free`, `effort`, `comments`) → the proposals on whose row another one stands."""
    db.session.flush()
    rows = run(_proposals()).all()
    return {name: [row.id for row in rows if getattr(row, name)] for name in ("packages", "free", "effort", "comments")}


def packages() -> list[int]:
    """The packages on whose row another number of comments stands than is counted."""
    db.session.flush()
    return [row.id for row in run(_packages())]


@cache
def _proposals() -> Select[Any]:
    """All packages and comments are counted first and put beside the proposals: each table is read once."""
    work, said = _work(), _comments(Comment.proposal_id, Comment.package_id.is_(None))
    kept = {
        "packages": (Proposal.n_packages, work.c.packages),
        "free": (Proposal.n_free, work.c.free),
        "effort": (Proposal.work_effort, work.c.effort),
        "comments": (Proposal.n_comments, said.c.n),
    }
    wrong = {name: number != func.coalesce(counted, 0) for name, (number, counted) in kept.items()}
    query = select(Proposal.id).add_columns(*(differs.label(name) for name, differs in wrong.items()))
    return (
        query.outerjoin(work, work.c.id == Proposal.id)
        .outerjoin(said, said.c.id == Proposal.id)
        .where(or_(*wrong.values()))
        .order_by(Proposal.id)
    )


@cache
def _packages() -> Select[Any]:
    said = _comments(Comment.package_id)
    query = select(Package.id).outerjoin(said, said.c.id == Package.id)
    return query.where(Package.n_comments != func.coalesce(said.c.n, 0)).order_by(Package.id)


def _work() -> Subquery:
    """Proposal → its packages, how many of them are free, their effort in tenths of person-days."""
    effort = cast(func.round(func.coalesce(func.sum(Package.effort), 0) * 10), Integer)
    free = func.count().filter(Package.state == PackageState.OPEN)
    query = select(Package.proposal_id.label("id"), func.count().label("packages"), free.label("free"))
    query = query.add_columns(effort.label("effort")).where(Package.merged_into_id.is_(None))
    return query.group_by(Package.proposal_id).subquery()


def _comments(under: Any, *where: Any) -> Subquery:
    """Under what → how many comments stand there."""
    query = select(under.label("id"), func.count().label("n")).where(Comment.deleted_at.is_(None), *where)
    return query.group_by(under).subquery()
