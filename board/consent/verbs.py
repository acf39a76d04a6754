"""Putting a proposal into consent, objecting, calling it off, and its running out.

Whoever empties `proposal.consent_until` first has ended the consent: objecting, calling off, deciding and running out
all do it by a conditional update, so that exactly one of them wins, in whatever process. An objection counts until the
running-out is recorded, even where the clock has passed the last day: a board that was away cuts nobody short.
"""

from datetime import date

from sqlalchemy import ColumnElement, update

from board.activity.models import act
from board.consent.models import Objection
from board.db import db, now
from board.decisions import verbs as decisions
from board.errors import Conflict
from board.i18n import current_locale, end_of, in_days, last_day, long_date
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import FRESH, Proposal
from board.voting import rights


def begin(proposal: Proposal, by: Actor, *, last: date, without_estimate: str = "") -> None:
    """Let it be accepted after that day unless somebody objects.

    `proposal` is locked. Raises Denied; Conflict when it is not open, is in consent already, or somebody is against;
    with `hints["unestimated"]` where no estimate is valid on that day and nobody says why it goes without one.
    """
    act(by, "consent.begin", proposal)
    _fresh(proposal)
    if proposal.consent_until is not None:
        day = long_date(last_day(proposal.consent_until), current_locale())
        raise Conflict(_("It is in consent already, until %(date)s.", date=day))
    if not proposal.is_open:
        raise Conflict(
            _("Only an open proposal can go into consent; this one is now: %(state)s.", state=proposal.label)
        )
    if proposal.n_against:
        raise Conflict(_("A partner has voted against it: it stays an ordinary vote."))
    estimated = proposal.estimated_on(last)
    if not estimated and not without_estimate:
        raise Conflict(
            _("No estimate of it is valid on that day: please say why it can be accepted without one."),
            unestimated=True,
        )
    proposal.consent_until, proposal.without_estimate = end_of(last), "" if estimated else without_estimate
    _shown(proposal)


def recall(proposal: Proposal, by: Actor, *, vote_days: int) -> None:
    """Call the consent off: it is an ordinary vote again. Raises Denied, Conflict when none runs any more."""
    act(by, "consent.recall", proposal)
    _end(proposal)
    _ask(proposal, vote_days)


def object_(proposal: Proposal, reason: str, by: Actor, *, vote_days: int) -> None:
    """A voting partner objects, with a reason: from now on ballots are cast, with time enough to answer.

    `proposal` comes from `ballots.locked`. It casts no ballot. Raises Denied, Conflict without a reason or when the
    consent has ended meanwhile: the sentence says how.
    """
    objection = Objection(proposal_id=proposal.id, partner_id=by.partner_id or 0, reason=reason, person_id=by.person_id)
    rights.permit(by, "consent.object", objection)
    rights.permit_voting(by)
    if not reason:
        raise Conflict(_("An objection needs a reason."))
    _end(proposal)
    db.session.add(objection)
    act(by, "consent.object", objection)
    _ask(proposal, vote_days)


def pass_(proposal: Proposal, by: Actor) -> None:
    """Nobody has objected in time: it is accepted.

    Raises Denied; Conflict before the time is over, when ended, or where its estimate was withdrawn meanwhile: then it
    waits for another one, or until a product owner calls the consent off.
    """
    act(by, "consent.pass", proposal, to="accepted")
    until = proposal.consent_until
    _end(proposal, Proposal.consent_until <= now())
    proposal.conclude(by, decided_on=last_day(until or now()))
    decisions.keep(proposal)


def _end(proposal: Proposal, *conditions: ColumnElement[bool]) -> None:
    """End the running consent, or find that somebody else has. Raises Conflict."""
    db.session.flush()
    ended = db.session.execute(
        update(Proposal)
        .where(Proposal.id == proposal.id, Proposal.consent_until.is_not(None), *conditions)
        .values(consent_until=None)
        .execution_options(synchronize_session=False)
    )
    _fresh(proposal)
    if not ended.rowcount:  # type: ignore[attr-defined]
        raise Conflict(_over(proposal), state=proposal.state)
    _shown(proposal)


def _over(proposal: Proposal) -> str:
    if proposal.is_open and proposal.consent_until is None:
        return _("It is not in consent any more: ballots are cast.")
    if proposal.is_open:
        return _("The time to object is not over yet.")
    return _("The consent has ended; the proposal is now: %(state)s.", state=proposal.label)


def _fresh(proposal: Proposal) -> None:
    db.session.refresh(proposal, (*FRESH, "vote_by"), with_for_update=True)


def _ask(proposal: Proposal, vote_days: int) -> None:
    """Give partners time for their ballots, at least as long as for any new proposal."""
    proposal.without_estimate = ""
    proposal.vote_by = max(proposal.vote_by or date.min, in_days(vote_days))


def _shown(proposal: Proposal) -> None:
    proposal.version += 1
    proposal.active_at = now()
