"""Every way to read partners and the electorate."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select

from board import text
from board.db import db
from board.partners.models import Electorate, Kind, Partner, hue
from board.proposals.models import Proposal
from board.voting.models import Reuse, ReuseStatus
from board.work.models import Claim, Seat

MANY = 99
"""How far the list counts what a partner does; beyond it says "more than"."""


@dataclass(frozen=True)
class Line:
    """One partner in the list, with how many proposals it made, packages it leads and features it runs or pilots."""

    id: int
    slug: str
    name: str
    sign: str
    hue: int
    kind: str
    votes: bool
    paused: bool
    left_on: date | None
    state: str
    population: int | None
    population_on: date | None
    fictional: bool
    proposes: int
    leads: int
    runs: int


@dataclass(frozen=True)
class Overview:
    """All partners that match, by kind in the order of `Kind` and by name; `everybody` counts all of them."""

    groups: list[tuple[str, list[Line]]]
    shown: int
    everybody: int
    electorate: int


def overview(kind: str = "", words: str = "") -> Overview:
    """The partners whose name or state contains the words. Two statements, however many there are."""
    wanted = text.fold(words)
    everybody = _lines()
    found = [
        line
        for line in everybody
        if kind in {"", line.kind} and (not wanted or wanted in text.fold(f"{line.name} {line.state}"))
    ]
    groups = [(k.value, [line for line in found if line.kind == k]) for k in Kind]
    return Overview([g for g in groups if g[1]], len(found), len(everybody), electorate_size())


def _lines() -> list[Line]:
    rows = db.session.execute(
        select(
            Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes,
            Partner.paused_at, Partner.left_on, Partner.state, Partner.population, Partner.population_on,
            Partner.fictional,
            _number(Proposal.partner_id).label("proposes"),
            _number(Claim.partner_id, Claim.seat == Seat.LEAD, Claim.ended_at.is_(None)).label("leads"),
            _number(Reuse.partner_id, Reuse.status.in_((ReuseStatus.LIVE, ReuseStatus.PILOT))).label("runs"),
        )
    )  # fmt: skip
    lines = [
        Line(
            row.id, row.slug, row.name, row.sign, hue(row.ags or row.slug), row.kind, row.votes,
            row.paused_at is not None, row.left_on, row.state, row.population, row.population_on, row.fictional,
            row.proposes, row.leads, row.runs,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.fictional, text.fold(line.name)))


def _number(partner_id: Any, *where: ColumnElement[bool]) -> Any:
    """How many rows a partner has, counted to MANY + 1 on an index: it costs no more on a board that has grown."""
    some = select(literal(1)).where(partner_id == Partner.id, *where).correlate(Partner).limit(MANY + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def electorate_size() -> int:
    """How many partners vote now."""
    return db.session.scalar(select(Electorate.size).where(Electorate.id == Electorate.ONLY)) or 0


def by_slug(slug: str) -> Partner | None:
    """The partner with this name in its address."""
    return db.session.scalar(select(Partner).where(Partner.slug == slug))
