"""How a partner goes: it leaves on a date, or is merged into another one. Its record stays either way.

What a merger does, rule by rule:
- People: live seats end and begin anew in the other partner, with the same role; who sat in both keeps the higher one.
- Ballots on open proposals: where only the old partner has voted, its ballot, unchanged, is the new partner's; where
  both have, the new partner's counts and the old one stays on record without counting. Decided votes stay as they were.
- Offers, conditions and reuse: they become the new partner's where it has none of that kind; days add up (declared
  anew); of two entries on reuse the further one stands; the text of a second condition is put below the first.
- Variants: they become the new partner's where it has none of that feature.
- Claims: live ones go over under their lease; where both sit in a package, the lead seat is kept.
- Estimates: they become the new partner's where it has none; where both have one, the new partner's stands.
- Proposals and issues filed under the old partner go over, so that somebody can look after them; who watched it
  watches the new one, and outgoing webhooks that tell of it tell of the new one.
The old partner has then left; its page, its comments and its history stay under its name.
"""

from datetime import date

from sqlalchemy import delete, select, union, update

from board.accounts.models import LoginSession, Membership, Role
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Refusal
from board.estimates import effort
from board.estimates.models import Estimate
from board.i18n import gettext as _
from board.i18n import today
from board.issues.models import Issue, LabelRule
from board.notifications.verbs import hand_on
from board.outgoing.models import Endpoint
from board.partners.models import Partner
from board.partners.verbs import changed
from board.policy import Actor
from board.proposals.models import Proposal
from board.proposals.states import State
from board.variants.models import Variant
from board.voting.models import Ballot, Condition, Offer, OfferKind, Reuse, ReuseStatus
from board.voting.tallies import recount
from board.work.handover import free_all, move_all
from board.work.models import Bid

FAR = (ReuseStatus.LIVE, ReuseStatus.PILOT, ReuseStatus.PLANNED, ReuseStatus.EXAMINING, ReuseStatus.ENDED)
CONDITION = 1000


def leave(partner: Partner, on: date, by: Actor) -> None:
    """Let a partner go on a day that is not in the future. Twice is harmless.

    Its seats end and its packages are free again; ballots, offers, reuse and history stay on record; it leaves the
    electorate, so its ballots count in no open vote. Offers that no body has confirmed lapse.
    """
    act(by, "partner.leave", partner)
    if partner.left_on is not None:
        return
    _go(partner, on)
    free_all(partner.id, by)
    _lock(partner.id)
    touched = _lapse_offers(partner.id)
    _end_seats(partner.id)
    changed(partner)
    for proposal_id in touched:
        recount(proposal_id)


def merge(old: Partner, into: Partner, on: date, by: Actor) -> None:
    """Let one partner become part of another; the rules stand at the top. Raises Conflict for what cannot be."""
    act(by, "partner.merge", old, into=into.id)
    if old.id == into.id or old.left_on is not None or into.left_on is not None:
        raise Conflict(_("Both partners must take part, and be two different ones."))
    if old.is_provider != into.is_provider:
        raise Conflict(_("A provider and a public body cannot be merged."))
    _go(old, on)
    old.merged_into_id = into.id
    move_all(old.id, into.id)
    _lock(old.id)
    touched = _move_ballots(old.id, into.id) | _move_offers(old.id, into.id)
    touched |= _move_conditions(old.id, into.id) | _move_reuse(old.id, into.id)
    _move_seats(old.id, into.id)
    touched |= _move_estimates(old.id, into.id)
    _move_files(old.id, into.id)
    hand_on(f"PA-{old.id}", f"PA-{into.id}")
    into.version += 1
    changed(old)
    changed(into)
    for proposal_id in sorted(touched):
        recount(proposal_id)
        effort.renew(proposal_id)


def _go(partner: Partner, on: date) -> None:
    if on > today():
        raise Refusal(_("The day must not lie in the future. Until then the partner can be paused."))
    partner.left_on, partner.paused_at = on, partner.paused_at or now()


def _lock(partner_id: int) -> None:
    """Lock every proposal on which the partner has something, in one order, before anything on it is changed."""
    there = union(
        *(select(t.proposal_id).where(t.partner_id == partner_id) for t in (Ballot, Offer, Condition, Reuse, Estimate))
    )
    locked = select(Proposal.id).where(Proposal.id.in_(select(there.subquery().c[0]))).order_by(Proposal.id)
    db.session.execute(locked.with_for_update())


def _lapse_offers(partner_id: int) -> list[int]:
    mine = (Offer.partner_id == partner_id, Offer.withdrawn_at.is_(None), Offer.confirmed_on.is_(None))
    touched = sorted(set(db.session.scalars(select(Offer.proposal_id).where(*mine))))
    _set(update(Offer).where(*mine).values(withdrawn_at=now(), version=Offer.version + 1))
    return touched


def _end_seats(partner_id: int) -> None:
    live = (Membership.partner_id == partner_id, Membership.ended_at.is_(None))
    _set(update(Membership).where(*live).values(ended_at=now()))


def _move_seats(old: int, into: int) -> None:
    seats = select(Membership).where(Membership.partner_id == old, Membership.ended_at.is_(None)).with_for_update()
    for seat in db.session.scalars(seats):
        there = db.session.scalar(
            select(Membership).where(
                Membership.person_id == seat.person_id, Membership.partner_id == into, Membership.ended_at.is_(None)
            )
        )
        seat.ended_at = now()
        if there is None:
            there = Membership(person_id=seat.person_id, partner_id=into, role=seat.role)
            db.session.add(there)
        elif Role.DELEGATE in {there.role, seat.role}:
            there.role = Role.DELEGATE
        db.session.flush()
        _set(update(LoginSession).where(LoginSession.membership_id == seat.id).values(membership_id=there.id))


def _move_ballots(old: int, into: int) -> set[int]:
    """Only what is still open; the choice, its reason, who cast it and when stay as they are."""
    answered = select(Ballot.proposal_id).where(Ballot.partner_id == into)
    rows = db.session.scalars(
        select(Ballot)
        .join(Proposal, Proposal.id == Ballot.proposal_id)
        .where(Ballot.partner_id == old, Proposal.state == State.OPEN)
        .with_for_update(of=Ballot)
    ).all()
    taken = set(db.session.scalars(answered))
    for ballot in rows:
        if ballot.proposal_id not in taken:
            ballot.partner_id, ballot.version = into, ballot.version + 1
    db.session.flush()
    return {ballot.proposal_id for ballot in rows}


def _move_offers(old: int, into: int) -> set[int]:
    theirs = {(o.proposal_id, o.kind): o for o in db.session.scalars(select(Offer).where(Offer.partner_id == into))}
    touched = set()
    for offer in db.session.scalars(select(Offer).where(Offer.partner_id == old, Offer.withdrawn_at.is_(None))).all():
        touched.add(offer.proposal_id)
        other = theirs.get((offer.proposal_id, offer.kind))
        if other is None:
            offer.partner_id = into
        elif other.withdrawn_at is not None:
            _take_over(other, offer)
        elif offer.kind == OfferKind.DAYS:
            other.days = (other.days or 0) + (offer.days or 0)
            other.confirmed_on, other.confirmed_body = None, ""
            offer.withdrawn_at = now()
        else:
            offer.withdrawn_at = now()
        offer.version += 1
    db.session.flush()
    return touched


def _take_over(other: Offer, offer: Offer) -> None:
    """The new partner had withdrawn the same offer: it stands again as the old partner made it."""
    other.days, other.declared_at, other.person_id = offer.days, offer.declared_at, offer.person_id
    other.confirmed_on, other.confirmed_body = offer.confirmed_on, offer.confirmed_body
    other.withdrawn_at, offer.withdrawn_at = None, now()
    other.version += 1


def _move_conditions(old: int, into: int) -> set[int]:
    theirs = {c.proposal_id: c for c in db.session.scalars(select(Condition).where(Condition.partner_id == into))}
    touched = set()
    for condition in db.session.scalars(select(Condition).where(Condition.partner_id == old)).all():
        touched.add(condition.proposal_id)
        other = theirs.get(condition.proposal_id)
        if other is None:
            condition.partner_id = into
            continue
        other.text = "\n\n".join(filter(None, (other.text, condition.text)))[:CONDITION]
        if condition.reserved and not other.reserved:
            other.reserved, other.reserved_body, other.reserved_on = (
                True,
                condition.reserved_body,
                condition.reserved_on,
            )
        db.session.delete(condition)
    db.session.flush()
    return touched


def _move_reuse(old: int, into: int) -> set[int]:
    theirs = {r.proposal_id: r for r in db.session.scalars(select(Reuse).where(Reuse.partner_id == into))}
    touched = set()
    for reuse in db.session.scalars(select(Reuse).where(Reuse.partner_id == old)).all():
        touched.add(reuse.proposal_id)
        other = theirs.get(reuse.proposal_id)
        if other is None:
            reuse.partner_id = into
        elif FAR.index(ReuseStatus(reuse.status)) < FAR.index(ReuseStatus(other.status)):
            db.session.execute(delete(Reuse).where(Reuse.id == other.id))
            reuse.partner_id = into
        else:
            db.session.execute(delete(Reuse).where(Reuse.id == reuse.id))
        db.session.flush()
    return touched


def _move_estimates(old: int, into: int) -> set[int]:
    """Where both have estimated, the new partner's stands and the old one's is withdrawn."""
    standing = (Estimate.partner_id == old, Estimate.withdrawn_at.is_(None))
    touched = set(db.session.scalars(select(Estimate.proposal_id).where(*standing)))
    theirs = select(Estimate.proposal_id).where(Estimate.partner_id == into, Estimate.withdrawn_at.is_(None))
    both = list(db.session.scalars(theirs))
    _set(update(Estimate).where(*standing, Estimate.proposal_id.in_(both)).values(withdrawn_at=now()))
    _set(update(Estimate).where(*standing).values(partner_id=into, version=Estimate.version + 1))
    return touched


def _move_files(old: int, into: int) -> None:
    """What is filed under the partner and needs somebody to look after it."""
    _set(update(Proposal).where(Proposal.partner_id == old).values(partner_id=into, version=Proposal.version + 1))
    _set(update(Issue).where(Issue.partner_id == old).values(partner_id=into, version=Issue.version + 1))
    _set(update(LabelRule).where(LabelRule.partner_id == old).values(partner_id=into))
    _set(update(Endpoint).where(Endpoint.partner_id == old).values(partner_id=into))
    known = select(Variant.proposal_id).where(Variant.partner_id == into).scalar_subquery()
    _set(update(Variant).where(Variant.partner_id == old, Variant.proposal_id.not_in(known)).values(partner_id=into))
    both = select(Bid.package_id).where(Bid.partner_id == into, Bid.withdrawn_at.is_(None))
    live = (Bid.partner_id == old, Bid.withdrawn_at.is_(None))
    _set(update(Bid).where(*live, Bid.package_id.in_(both)).values(withdrawn_at=now()))
    _set(update(Bid).where(*live).values(partner_id=into))


def _set(statement: object) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[attr-defined]
