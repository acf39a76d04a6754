"""Every way to read proposals, one or some; `lists` holds the long lists, `similar` finds look-alikes."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from markupsafe import Markup
from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import joinedload, selectinload

from board import text
from board.activity.models import Activity
from board.db import db, run
from board.errors import Missing
from board.i18n import gettext as _
from board.i18n import in_days, last_day, today
from board.partners import names
from board.partners.models import Electorate, Partner, hue
from board.policy import Actor
from board.proposals import deadlines
from board.proposals.models import Proposal, ProposalBuilder, Topic
from board.proposals.states import LABELS, State

DUE_DAYS = 7

Stamp = tuple[int, datetime]
"""(version, active_at) of a proposal: what is kept rendered is kept under it, even if a backup is played back."""


class Sign(NamedTuple):
    """A partner as it is shown beside something: sign, name, link."""

    id: int
    slug: str
    name: str
    sign: str
    hue: int


class Row(NamedTuple):
    """What a list shows of a proposal, in the reader's language; in the order in which `_rows` selects it."""

    id: int
    title: str
    summary: str
    topic: str
    state: str
    n_for: int
    n_against: int
    n_abstain: int
    electorate_size: int | None
    coalition: str
    version: int
    text_version: int
    closed_at: datetime | None
    vote_by: date | None
    consent_until: datetime | None
    imported: bool
    created_at: datetime
    active_at: datetime
    n_comments: int
    n_packages: int
    n_free: int
    n_live: int
    value: int
    effort_low: int
    effort_high: int
    effort_until: date | None
    strength: int
    days_offered: int
    contest: int
    milestone_id: int | None
    partner: Sign | None

    @property
    def key(self) -> str:
        """FV-12."""
        return f"FV-{self.id}"

    @property
    def stamp(self) -> Stamp:
        """Changes with anything that shows."""
        return self.version, self.active_at

    @property
    def is_open(self) -> bool:
        """Whether ballots can be cast."""
        return self.state == State.OPEN

    @property
    def is_due(self) -> bool:
        """Whether the answer-by date is near or has passed."""
        return bool(self.is_open and not self.consent and self.vote_by and self.vote_by <= in_days(DUE_DAYS))

    @property
    def consent(self) -> date | None:
        """While it is in consent: the last day on which partners can object."""
        return last_day(self.consent_until) if self.consent_until else None

    @property
    def is_estimated(self) -> bool:
        """Whether an estimate of it is valid today."""
        return self.effort_until is not None and self.effort_until >= today()

    @property
    def deadline(self) -> Markup:
        """Until when answers are asked for, as short as it can be; only where there is such a day."""
        return deadlines.short(self.vote_by) if self.vote_by else Markup("")

    @property
    def label(self) -> str:
        """The state in the reader's words."""
        return _(LABELS[self.state])


# One proposal


def locked(proposal_id: int) -> Proposal:
    """The proposal for a verb, inside a transaction. Raises Missing."""
    found = db.session.scalar(
        select(Proposal)
        .where(Proposal.id == proposal_id)
        .options(selectinload(Proposal.links))
        .with_for_update(of=Proposal)
    )
    return _there(found)


def whole(proposal_id: int) -> Proposal:
    """The proposal with all that its page shows. Raises Missing."""
    found = db.session.scalar(
        select(Proposal)
        .where(Proposal.id == proposal_id)
        .options(
            joinedload(Proposal.topic), joinedload(Proposal.partner), selectinload(Proposal.links),
            selectinload(Proposal.builders), selectinload(Proposal.decisions),
        )
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return _there(found)


def _there(found: Proposal | None) -> Proposal:
    if found is None:
        raise Missing(_("There is no such proposal."))
    return found


def footprint(proposal_id: int) -> tuple[int, int]:
    """(version, last activity): changes with anything that its page shows. Raises Missing."""
    last = select(func.max(Activity.id)).where(Activity.proposal_id == proposal_id).scalar_subquery()
    found = db.session.execute(select(Proposal.version, last).where(Proposal.id == proposal_id)).first()
    if found is None:
        raise Missing(_("There is no such proposal."))
    return found[0], found[1] or 0


def last_editor(proposal_id: int) -> str:
    """The name of the partner on whose behalf it was edited last, empty without one."""
    wanted = (
        select(Partner.name)
        .join(Activity, Activity.partner_id == Partner.id)
        .where(Activity.proposal_id == proposal_id, Activity.verb == "proposal.edit")
        .order_by(Activity.id.desc())
        .limit(1)
    )
    return db.session.scalar(wanted) or ""


def by_once(person_id: int | None, once: str, title: str) -> int | None:
    """The proposal that this very form has already created, if any."""
    return db.session.scalar(
        select(Proposal.id).where(Proposal.author_id == person_id, Proposal.once == once, Proposal.title == title)
    )


# Choices


def topics(locale: str, *, offered: bool = False, keep: int | None = None) -> list[tuple[int, str, str]]:
    """(id, slug, label) of all topics, by label; `offered`: without retired ones, except the one to `keep`."""
    rows = [row for row in run(_TOPICS) if not offered or row.retired_at is None or row.id == keep]
    named = ((row.id, row.slug, row.label_en if locale == "en" else row.label_de) for row in rows)
    return sorted(named, key=lambda row: text.fold(row[2]))


_TOPICS = select(Topic.id, Topic.slug, Topic.label_en, Topic.label_de, Topic.retired_at)
PROPOSED = exists().where(Proposal.partner_id == Partner.id)
"""The condition that a partner has proposed something."""
_PROPOSERS = select(Partner.slug, Partner.name).where(PROPOSED).order_by(Partner.search)
_SOME_PROPOSERS = _PROPOSERS.limit(names.CHOICES + 1)
_PROPOSER = _PROPOSERS.where(Partner.slug == bindparam("slug"))
_VERSION = select(Electorate.version).where(Electorate.id == Electorate.ONLY)


def proposers() -> list[tuple[str, str]] | None:
    """(slug, name) of the partners that have proposed something, by name; None where they are too many for a list."""
    found = [(row.slug, row.name) for row in run(_SOME_PROPOSERS)]
    return found if len(found) <= names.CHOICES else None


def proposer(slug: str) -> str:
    """The name of this partner, if it has proposed something."""
    return "".join(row.name for row in run(_PROPOSER, slug=slug))


def electorate_version() -> int:
    """Renewed whenever who votes changes; part of the keys of what is kept rendered."""
    return run(_VERSION).scalar() or 0


# Lists


def rows(ids: Iterable[int], locale: str) -> dict[int, Row]:
    """What lists show of these proposals, by id: one statement, no entities."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    return {values[0]: _row(*values) for values in run(_rows(locale == "en"), ids=wanted)}


@cache
def _rows(english: bool) -> Select[Any]:
    """The statement; English where it is wished and there, else German."""
    title = func.coalesce(func.nullif(Proposal.title_en, ""), Proposal.title) if english else Proposal.title
    summary = func.coalesce(func.nullif(Proposal.summary_en, ""), Proposal.summary) if english else Proposal.summary
    return (
        select(
            Proposal.id, title, summary, Topic.label_en if english else Topic.label_de, Proposal.state, Proposal.n_for,
            Proposal.n_against, Proposal.n_abstain, Proposal.electorate_size, Proposal.coalition, Proposal.version,
            Proposal.text_version, Proposal.closed_at, Proposal.vote_by, Proposal.consent_until, Proposal.imported,
            Proposal.created_at, Proposal.active_at, Proposal.n_comments, Proposal.n_packages, Proposal.n_free,
            Proposal.n_live, Proposal.value, Proposal.effort_low, Proposal.effort_high, Proposal.effort_until,
            Proposal.strength, Proposal.days_offered, Proposal.contest, Proposal.milestone_id,
            Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags,
        )
        .join(Topic, Topic.id == Proposal.topic_id)
        .outerjoin(Partner, Partner.id == Proposal.partner_id)
        .where(Proposal.id.in_(bindparam("ids", expanding=True)))
    )  # fmt: skip


def _row(*values: Any) -> Row:
    """A row of the statement: the last five values tell of the partner, if there is one."""
    partner_id, slug, name, sign, ags = values[-5:]
    partner = Sign(partner_id, slug, name, sign, hue(ags or slug)) if partner_id else None
    return Row._make((*values[:-5], partner))


def row(proposal_id: int, locale: str) -> Row:
    """One of them. Raises Missing."""
    found = rows([proposal_id], locale).get(proposal_id)
    if found is None:
        raise Missing(_("There is no such proposal."))
    return found


def for_partner(partner: Any, by: Actor, limit: int = 20) -> dict[str, Any]:
    """What a partner's page shows: the newest it proposed and what it built, each list bounded."""
    mine = (
        select(Proposal.id)
        .where(Proposal.partner_id == partner.id, Proposal.state != State.MERGED)
        .order_by(Proposal.id.desc())
        .limit(limit)
    )
    built = (
        select(ProposalBuilder.proposal_id)
        .where(ProposalBuilder.partner_id == partner.id)
        .order_by(ProposalBuilder.proposal_id.desc())
        .limit(limit)
    )
    return {"proposed_ids": list(db.session.scalars(mine)), "built_ids": list(db.session.scalars(built))}
