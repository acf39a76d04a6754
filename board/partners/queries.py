"""Every way to read partners and the electorate."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from board import text
from board.db import db
from board.partners.models import Electorate, Kind, Partner, hue
from board.proposals.models import Proposal
from board.voting.models import Reuse, ReuseStatus
from board.work.models import Claim, Seat


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
    """The partners whose name or state contains the words. Five statements, however many partners there are."""
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
    proposes = _count(
        select(Proposal.partner_id, func.count().label("n")).where(Proposal.partner_id.is_not(None)), Proposal
    )
    leads = _count(
        select(Claim.partner_id, func.count().label("n")).where(Claim.seat == Seat.LEAD, Claim.ended_at.is_(None)),
        Claim,
    )
    in_use = (ReuseStatus.LIVE, ReuseStatus.PILOT)
    runs = _count(select(Reuse.partner_id, func.count().label("n")).where(Reuse.status.in_(in_use)), Reuse)
    rows = db.session.execute(
        select(
            Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes,
            Partner.paused_at, Partner.left_on, Partner.state, Partner.population, Partner.population_on,
            Partner.fictional,
        )
    )  # fmt: skip
    lines = [
        Line(
            row.id, row.slug, row.name, row.sign, hue(row.ags or row.slug), row.kind, row.votes,
            row.paused_at is not None, row.left_on, row.state, row.population, row.population_on, row.fictional,
            proposes[row.id], leads[row.id], runs[row.id],
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.fictional, text.fold(line.name)))


def _count(query: object, table: type[Proposal] | type[Claim] | type[Reuse]) -> Counter[int]:
    rows = db.session.execute(query.group_by(table.partner_id))  # type: ignore[attr-defined]
    return Counter({row.partner_id: row.n for row in rows})


def electorate_size() -> int:
    """How many partners vote now."""
    return db.session.scalar(select(Electorate.size).where(Electorate.id == Electorate.ONLY)) or 0


def by_slug(slug: str) -> Partner | None:
    """The partner with this name in its address."""
    return db.session.scalar(select(Partner).where(Partner.slug == slug))
