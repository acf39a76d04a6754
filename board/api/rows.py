"""What lists of the API show of proposals, language by language as it is kept: one statement, whatever their number.

Which proposals a reader gets is decided by the features' own queries; here they are only told.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from board.db import db
from board.i18n import last_day
from board.partners.models import Electorate, Partner
from board.proposals.models import Proposal, Topic
from board.proposals.states import State


def proposals(ids: Iterable[int]) -> list[dict[str, Any]]:
    """These proposals in the order of their ids; what has become part of another one keeps its words to itself."""
    wanted = list(ids)
    if not wanted:
        return []
    found = db.session.execute(
        select(
            Proposal.id, Proposal.title, Proposal.title_en, Proposal.summary, Proposal.summary_en, Proposal.state,
            Proposal.vote_by, Proposal.consent_until, Proposal.closed_at, Proposal.created_at, Proposal.active_at,
            Proposal.n_for, Proposal.n_against, Proposal.n_abstain, Proposal.electorate_size, Proposal.value,
            Proposal.effort_low, Proposal.effort_high, Proposal.effort_until, Proposal.n_comments,
            Proposal.n_packages, Proposal.n_free, Proposal.n_live, Proposal.milestone_id, Proposal.imported,
            Proposal.merged_into_id, Topic.slug.label("topic"), Partner.slug.label("partner"),
        )
        .join(Topic, Topic.id == Proposal.topic_id)
        .outerjoin(Partner, Partner.id == Proposal.partner_id)
        .where(Proposal.id.in_(wanted))
    )  # fmt: skip
    live = db.session.scalar(select(Electorate.size).where(Electorate.id == Electorate.ONLY)) or 0
    told = {row.id: _proposal(row, live) for row in found}
    return [told[number] for number in wanted if number in told]


def _proposal(r: Any, live: int) -> dict[str, Any]:
    merged = r.merged_into_id is not None
    return {
        "key": f"FV-{r.id}", "title": "" if merged else r.title, "title_en": "" if merged else r.title_en,
        "summary": "" if merged else r.summary, "summary_en": "" if merged else r.summary_en,
        "topic": r.topic, "state": r.state, "proposed_by": r.partner, "imported": r.imported,
        "created_at": r.created_at, "active_at": r.active_at, "vote_by": r.vote_by,
        "objections_until": last_day(r.consent_until) if r.consent_until else None, "closed_at": r.closed_at,
        "tally": _tally(r, live), "value": r.value or None,
        "effort": {"low": r.effort_low, "high": r.effort_high, "until": r.effort_until} if r.effort_until else None,
        "n_comments": r.n_comments, "n_packages": r.n_packages, "n_free_packages": r.n_free, "n_live": r.n_live,
        "milestone": r.milestone_id, "merged_into": f"FV-{r.merged_into_id}" if merged else None,
    }  # fmt: skip


def _tally(r: Any, live: int) -> dict[str, int] | None:
    """Where the ballots stand; none where there never was a vote."""
    answered = r.n_for + r.n_against + r.n_abstain
    if r.state != State.OPEN and r.closed_at is None and not answered:
        return None
    size = live if r.electorate_size is None else r.electorate_size
    return {
        "for": r.n_for, "against": r.n_against, "abstain": r.n_abstain, "electorate": size,
        "without_ballot": max(0, size - answered),
    }  # fmt: skip
