"""Who built and runs something, and what one partner does.

`companions` has who takes part in a proposal, `voices` who voted how, `uses` who uses it.
"""

from typing import Any

from sqlalchemy import ScalarSelect, Select, bindparam, case, func, select

from board.db import db, run
from board.i18n import current_locale
from board.partners.models import Partner, hue
from board.partners.names import ORDER
from board.policy import Acting, Actor
from board.proposals.models import Proposal, ProposalBuilder
from board.proposals.states import State
from board.text import fold
from board.voting.models import Ballot, Offer, Reuse, ReuseStatus
from board.voting.shapes import NOBODY, Given, Some

HISTORY_LENGTH = 200
NAMED = 3
"""So many of those that built or run something are named beside it; the others are counted."""
MANY = 100
"""Where more run it, the first are met by walking the partners by name; else those who run it are looked up."""
NAMES = select(
    Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes
)
PROGRESS = {s.value: n for n, s in enumerate((
    ReuseStatus.LIVE, ReuseStatus.PILOT, ReuseStatus.PLANNED, ReuseStatus.EXAMINING, ReuseStatus.ENDED,
))}  # fmt: skip


def _named(names: Select[Any]) -> ScalarSelect[str]:
    """The first of these names as one text, a line each."""
    few = names.order_by(*ORDER).limit(NAMED).correlate(Proposal).subquery()
    return select(func.aggregate_strings(few.c.name, "\n")).scalar_subquery()


_USE = select(Reuse.status).where(Reuse.proposal_id == Proposal.id, Reuse.partner_id == Partner.id)
_LIVE = select(Reuse.partner_id).where(Reuse.proposal_id == Proposal.id, Reuse.status == ReuseStatus.LIVE)
_FEW = _LIVE.limit(bindparam("many")).correlate(Proposal).subquery()
"""All of them where they are not more; the limit keeps PostgreSQL from walking the partners here as well."""
_RUN_IT = select(Partner.name).join(_FEW, _FEW.c.partner_id == Partner.id)
_MET = select(Partner.name).where(_USE.correlate(Proposal, Partner).scalar_subquery() == ReuseStatus.LIVE)
_BUILT = ProposalBuilder.proposal_id == Proposal.id
_BUILT_IT = select(Partner.name).join(ProposalBuilder, ProposalBuilder.partner_id == Partner.id).where(_BUILT)
_COMPANY = select(
    Proposal.id,
    _named(_BUILT_IT).label("built"),
    select(func.count()).select_from(ProposalBuilder).where(_BUILT).correlate(Proposal).scalar_subquery(),
    case((Proposal.n_live > bindparam("many"), _named(_MET)), (Proposal.n_live > 0, _named(_RUN_IT))),
    Proposal.n_live,
).where(Proposal.id.in_(bindparam("proposals", expanding=True)))


def built_and_used(proposal_ids: list[int]) -> dict[int, tuple[Some, Some]]:
    """By proposal who built it and who runs it: one query for all of them, which reads the names that are shown."""
    if not proposal_ids:
        return {}
    found = run(_COMPANY, proposals=proposal_ids, many=MANY)
    return {id_: (_some(built, n_built), _some(used, n_used)) for id_, built, n_built, used, n_used in found}


def _some(names: str | None, n: int) -> Some:
    return Some(tuple(sorted((names or "").split("\n"), key=fold)), n) if names else NOBODY


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
