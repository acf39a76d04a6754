"""Every way to read duplicates: suggestions that wait, mergers into a proposal, and where a merged one leads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from board.db import db, run
from board.duplicates.models import Duplicate, Merger
from board.errors import Missing
from board.i18n import gettext as _
from board.i18n import spoken
from board.partners.models import Partner
from board.policy import Actor, allowed
from board.proposals.models import Proposal
from board.proposals.states import State

LONGEST = 50
"""So many mergers one after the other are followed; nobody makes as many."""


@dataclass(frozen=True)
class Suggested:
    """Two proposals that somebody takes for the same: `own_…` is the one beside which it is shown."""

    id: int
    other_id: int
    title: str
    own_id: int
    own_title: str
    note: str
    partner: str
    at: datetime


@dataclass(frozen=True)
class Absorbed:
    """A proposal that became part of this one."""

    id: int
    title: str
    at: datetime


def for_proposal(proposal: Any, by: Actor) -> dict[str, Any]:
    """What the part of duplicates on a proposal's page shows: two statements."""
    merged = proposal.state == State.MERGED
    return {
        "suggested": suggested(proposal.id),
        "absorbed": absorbed(proposal.id),
        "may_suggest": not merged and allowed(by, "duplicate.suggest", proposal),
        "may_dismiss": allowed(by, "duplicate.dismiss", proposal),
        "may_merge": not merged and allowed(by, "proposal.merge", proposal),
        "may_unmerge": allowed(by, "proposal.unmerge", proposal),
    }


_ONE, _OTHER = aliased(Proposal), aliased(Proposal)
_SUGGESTED = (
    select(Duplicate, _ONE.title.label("title"), _ONE.title_en.label("title_en"))
    .add_columns(_OTHER.title.label("of_title"), _OTHER.title_en.label("of_title_en"), Partner.name)
    .join(_ONE, _ONE.id == Duplicate.proposal_id)
    .join(_OTHER, _OTHER.id == Duplicate.of_id)
    .outerjoin(Partner, Partner.id == Duplicate.partner_id)
    .where(Duplicate.dismissed_at.is_(None), _ONE.state != State.MERGED, _OTHER.state != State.MERGED)
    .order_by(Duplicate.id)
)


def suggested(proposal_id: int | None = None, limit: int = 20) -> list[Suggested]:
    """The suggestions that wait, of a proposal (on either side) or of the whole board, the oldest first."""
    query = _SUGGESTED.limit(limit)
    if proposal_id is not None:
        query = query.where(or_(Duplicate.proposal_id == proposal_id, Duplicate.of_id == proposal_id))
    found = []
    for row in db.session.execute(query):
        mark: Duplicate = row.Duplicate
        here = mark.of_id == proposal_id
        one_of = (mark.proposal_id, spoken(row.title, row.title_en))
        other_of = (mark.of_id, spoken(row.of_title, row.of_title_en))
        two = (*one_of, *other_of) if here else (*other_of, *one_of)
        found.append(Suggested(mark.id, *two, mark.note, row.name or "", mark.at))
    return found


def absorbed(proposal_id: int) -> list[Absorbed]:
    """What was merged into this one and still is, the latest first."""
    rows = db.session.execute(
        select(Proposal.id, Proposal.title, Proposal.title_en, Merger.at)
        .join(Merger, Merger.proposal_id == Proposal.id)
        .where(Merger.into_id == proposal_id, Merger.undone_at.is_(None))
        .order_by(Merger.id.desc())
    )
    return [Absorbed(r.id, spoken(r.title, r.title_en), r.at) for r in rows]


def leads_to(proposal_id: int) -> int:
    """The proposal that stands for this one today: itself, or what it became part of in the end."""
    for _step in range(LONGEST):
        into = db.session.scalar(select(Proposal.merged_into_id).where(Proposal.id == proposal_id))
        if into is None:
            break
        proposal_id = into
    return proposal_id


def mark(duplicate_id: int) -> Duplicate:
    """One suggestion, for a verb inside a transaction. Raises Missing."""
    found = db.session.get(Duplicate, duplicate_id, with_for_update=True)
    if found is None:
        raise Missing(_("There is no such suggestion."))
    return found


_RUNNING = select(Merger.into_id).where(Merger.proposal_id == Proposal.id, Merger.undone_at.is_(None))
_MISFITS = (
    select(Proposal.id)
    .where(
        or_(
            (Proposal.state == State.MERGED) != Proposal.merged_into_id.is_not(None),
            (Proposal.state == State.MERGED) != _RUNNING.exists(),
            Proposal.merged_into_id != _RUNNING.correlate(Proposal).scalar_subquery(),
        )
    )
    .order_by(Proposal.id)
)


def check() -> list[int]:
    """The proposals of which state, target and merger say different things: none, if all is well."""
    db.session.flush()
    return [row.id for row in run(_MISFITS)]
