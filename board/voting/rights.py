"""Why a person may not cast a ballot or offer something here: one place for the sentence, shown and raised alike."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from board.db import db, run
from board.errors import Conflict, Denied
from board.i18n import current_locale, long_date
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import Actor, allowed
from board.proposals.models import Proposal
from board.proposals.states import State

GONE = frozenset({State.WITHDRAWN, State.MERGED})


_VOTES = select(Partner.name, Partner.votes, Partner.paused_at).where(Partner.id == bindparam("partner"))


def permit(by: Actor, verb: str, row: object) -> None:
    """Let the policy decide, and say which role it takes. Raises Denied. (`act` asks again.)"""
    if not allowed(by, verb, row):
        raise Denied(why_no_ballot(by) if verb.startswith("ballot.") else why_no_offer(by))


class Voter(NamedTuple):
    """A partner as it is at this moment."""

    name: str
    votes: bool
    paused_at: datetime | None


def permit_voting(by: Actor, read: Voter | None = None) -> None:
    """Whether the partner votes at this moment, whatever the session's actor remembers. Raises Denied.

    `read`: the partner, where it was read in this transaction anyway.
    """
    partner = read or Voter(*run(_VOTES, partner=by.partner_id).one())
    if not partner.votes or partner.paused_at is not None:
        raise Denied(_not_voting(partner.name, partner.paused_at is not None))


def require_open(proposal: Any) -> None:
    """Ballots are cast and changed only while it is open and not in consent. Raises Conflict that says why."""
    if proposal.state != State.OPEN:
        raise Conflict(closed_sentence(proposal) + " " + _("Your entry was not recorded."), state=proposal.state)
    if proposal.consent_until is not None:
        raise Conflict(_("The proposal is in consent: no ballots are cast, partners object if they disagree."))


def require_alive(proposal: Proposal) -> None:
    """Offers and reuse outlive the decision, but not the proposal. Raises Conflict."""
    if proposal.state in GONE:
        raise Conflict(closed_sentence(proposal) + " " + _("Your entry was not recorded."), state=proposal.state)


def closed_sentence(proposal: Any) -> str:
    """Since when no ballots are cast, or that there never was a vote."""
    if proposal.state == State.WITHDRAWN:
        return _("The proposal was withdrawn.")
    if proposal.state == State.MERGED:
        return _("The proposal was merged into another one.")
    if proposal.closed_at is None:
        return _("There is no vote on this proposal.")
    return _("The vote ended on %(date)s.", date=long_date(proposal.closed_at, current_locale()))


def why_no_ballot(by: Actor) -> str:
    """The sentence for somebody who may not cast a ballot; empty for somebody who may."""
    if not by.signed_in:
        return _("Delegates cast their partner's ballot after signing in.")
    if by.partner is None:
        return _("You act for no partner. Ballots are cast by delegates on behalf of their partner.")
    if by.is_provider:
        return _("Service providers do not vote. They can offer to carry out work packages.")
    if not by.partner.votes:
        return _not_voting(by.partner.name, is_paused(by))
    if by.is_admin:
        return _("Administrators cast no ballots.")
    if not by.is_delegate:
        return _("Only delegates cast the ballot of %(partner)s. You see the result here.", partner=by.partner.name)
    return ""


def why_no_offer(by: Actor) -> str:
    """The sentence for somebody who may not record offers and reuse; empty for somebody who may."""
    if not by.signed_in:
        return _("Delegates record their partner's offers after signing in.")
    if by.partner is None:
        return _("You act for no partner. Offers are made by delegates on behalf of their partner.")
    if by.is_provider:
        return _("Service providers make no offers here. They can offer to carry out work packages.")
    if not by.is_delegate:
        return _("Only delegates record offers and reuse on behalf of %(partner)s.", partner=by.partner.name)
    return ""


def is_paused(by: Actor) -> bool:
    """Whether the partner acted for is paused; one small query, asked only when it does not vote."""
    return bool(db.session.scalar(select(Partner.paused_at.is_not(None)).where(Partner.id == by.partner_id)))


def _not_voting(name: str, paused: bool) -> str:
    if paused:
        return _("%(partner)s is paused and does not vote at the moment.", partner=name)
    return _("%(partner)s takes part without a vote.", partner=name)
