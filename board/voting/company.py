"""Who built and runs something, and what one partner does.

`companions` has who takes part in a proposal, `voices` who voted how, `uses` who uses it.
"""

from typing import Any

from sqlalchemy import literal, select, union_all

from board.db import db
from board.i18n import current_locale
from board.partners.models import Partner, hue
from board.policy import Acting, Actor
from board.proposals.models import Proposal, ProposalBuilder
from board.proposals.states import State
from board.voting.models import Ballot, Offer, Reuse, ReuseStatus
from board.voting.shapes import Given

HISTORY_LENGTH = 200
NAMES = select(
    Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes
)
PROGRESS = {s.value: n for n, s in enumerate((
    ReuseStatus.LIVE, ReuseStatus.PILOT, ReuseStatus.PLANNED, ReuseStatus.EXAMINING, ReuseStatus.ENDED,
))}  # fmt: skip


def built_and_used(proposal_ids: list[int]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """By proposal, the names of those that built it and of those that run it: one query for all of them."""
    built: dict[int, list[str]] = {id_: [] for id_ in proposal_ids}
    used: dict[int, list[str]] = {id_: [] for id_ in proposal_ids}
    if not proposal_ids:
        return built, used
    builders = (
        select(ProposalBuilder.proposal_id, Partner.name, Partner.search, literal(1).label("built"))
        .join(Partner, Partner.id == ProposalBuilder.partner_id)
        .where(ProposalBuilder.proposal_id.in_(proposal_ids))
    )
    users_ = (
        select(Reuse.proposal_id, Partner.name, Partner.search, literal(0).label("built"))
        .join(Partner, Partner.id == Reuse.partner_id)
        .where(Reuse.proposal_id.in_(proposal_ids), Reuse.status == ReuseStatus.LIVE)
    )
    both = union_all(builders, users_).subquery()
    for row in db.session.execute(select(both).order_by(both.c.search)):
        (built if row.built else used)[row.proposal_id].append(row.name)
    return built, used


def for_partner(partner: Any, by: Actor) -> dict[str, Any]:
    """What a partner's page shows of voting: `votes` (signed-in readers only, else None), `offered`, `runs`.

    Each is a list of mappings with key, title, state of the proposal and what the partner said, newest first.
    """
    return {
        "votes": _votes(partner.id) if by.signed_in else None,
        "offered": _offered(partner.id),
        "runs": _runs(partner.id),
    }


def given(offer: Offer) -> Given:
    """One offer as it is shown."""
    return Given(offer.kind, offer.days, offer.declared_at, offer.confirmed_body, offer.confirmed_on)


def acting(row: Any) -> Acting:
    """The partner of a row that holds the columns of `NAMES`."""
    return Acting(row.partner_id, row.slug, row.name, row.sign, hue(row.ags or row.slug), row.kind, row.votes)


def _entry(row: Any, **said: Any) -> dict[str, Any]:
    title = row.title_en if current_locale() == "en" and row.title_en else row.title
    return {"id": row.id, "key": f"FV-{row.id}", "title": title, "state": row.state, **said}


PROPOSED = select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.state).where(Proposal.state != State.MERGED)


def _votes(partner_id: int) -> list[dict[str, Any]]:
    rows = db.session.execute(
        PROPOSED.add_columns(Ballot.choice, Ballot.cast_at)
        .join(Ballot, Ballot.proposal_id == Proposal.id)
        .where(Ballot.partner_id == partner_id)
        .order_by(Ballot.cast_at.desc(), Proposal.id.desc())
        .limit(HISTORY_LENGTH)
    )
    return [_entry(r, choice=r.choice, cast_at=r.cast_at) for r in rows]


def _offered(partner_id: int) -> list[dict[str, Any]]:
    """One entry per proposal, with its offers."""
    rows = db.session.execute(
        PROPOSED.add_columns(Offer)
        .join(Offer, Offer.proposal_id == Proposal.id)
        .where(Offer.partner_id == partner_id, Offer.withdrawn_at.is_(None))
        .order_by(Proposal.id.desc(), Offer.id)
        .limit(HISTORY_LENGTH)
    )
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row.id, _entry(row, offers=[]))["offers"].append(given(row.Offer))
    return list(found.values())


def _runs(partner_id: int) -> list[dict[str, Any]]:
    rows = db.session.execute(
        PROPOSED.add_columns(Reuse.status, Reuse.variant, Reuse.release, Reuse.confirmed_on)
        .join(Reuse, Reuse.proposal_id == Proposal.id)
        .where(Reuse.partner_id == partner_id)
        .order_by(Proposal.id.desc())
        .limit(HISTORY_LENGTH)
    )
    runs = [_entry(r, status=r.status, variant=r.variant, release=r.release, confirmed_on=r.confirmed_on) for r in rows]
    return sorted(runs, key=lambda r: PROGRESS[r["status"]])
