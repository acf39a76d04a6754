"""What happens to invitations. Every function runs inside a transaction and begins with its right."""

from datetime import timedelta

from sqlalchemy import delete, func, select

from board.accounts import links
from board.accounts.models import Membership, Person, Role
from board.accounts.verbs import enrol, fitting_address
from board.activity.models import act
from board.db import db, now, transaction
from board.errors import Conflict, TooMany
from board.i18n import gettext as _
from board.joining.models import Invitation
from board.mail import outbox
from board.partners.models import Partner
from board.policy import SYSTEM, Actor

HOURS = (24, 48, 72)
A_DAY = 100
RETENTION = timedelta(days=30)


def invite(
    email: str, partner: Partner | None, role: Role, by: Actor, *, hours: int = 72, locale: str = "de"
) -> Invitation:
    """Ask somebody to join by mail, whether or not there is an account; an earlier invitation ends.

    Raises Refusal for a bad address, Conflict for somebody who is in that partner or a provider's delegate, TooMany.
    """
    invitation = Invitation(
        email=fitting_address(email),
        partner_id=partner.id if partner else None,
        role=role,
        by_id=by.person_id,
        hours=hours,
        locale=locale,
        expires_at=now() + timedelta(hours=hours),
    )
    if earlier := _pending(invitation):
        earlier.withdrawn_at, earlier.link_hash = now(), ""
        db.session.flush()
    db.session.add(invitation)
    act(by, "invitation.send", invitation, role=str(role))
    if partner is not None and partner.is_provider and role == Role.DELEGATE:
        raise Conflict(_("A provider does not vote, so it has no delegate."))
    _check_stays(partner)
    if partner is not None and _is_in(invitation.email, partner.id):
        raise Conflict(_("This person belongs to %(partner)s already.", partner=partner.name))
    _check_number(invitation.partner_id)
    _send(invitation)
    return invitation


def resend(invitation: Invitation, by: Actor) -> None:
    """Send a new link for as long as before; the older link dies. Raises Conflict when it has been answered."""
    act(by, "invitation.resend", invitation)
    _check_pending(invitation)
    _check_stays(db.session.get(Partner, invitation.partner_id) if invitation.partner_id else None)
    _check_number(invitation.partner_id)
    invitation.issue += 1
    invitation.nonce = links.nonce()
    invitation.expires_at = now() + timedelta(hours=invitation.hours)
    _send(invitation)


def withdraw(invitation: Invitation, by: Actor) -> None:
    """Take it back; its link dies. Repeating it is harmless. Raises Conflict when it has been accepted."""
    act(by, "invitation.withdraw", invitation)
    if invitation.accepted_at is not None:
        raise Conflict(_("This invitation has been accepted already."))
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = now()
        invitation.link_hash = ""


def accept(invitation: Invitation, person: Person, by: Actor) -> Membership | None:
    """Join: the invited person takes the seat; one they have already is kept if it allows more.

    Raises Conflict when the link has been used or is too old.
    """
    act(by, "invitation.accept", invitation, person=person.id)
    if not invitation.open:
        raise Conflict(_("This invitation is no longer valid. Please ask for a new one."))
    invitation.accepted_at, invitation.person_id = now(), person.id
    invitation.link_hash = ""
    if invitation.partner_id is None:
        return None
    partner = db.session.get_one(Partner, invitation.partner_id)
    _check_stays(partner)
    return _seat(person, partner.id) or enrol(person, partner, Role(invitation.role), SYSTEM)


def _check_stays(partner: Partner | None) -> None:
    """Nobody joins a partner that has left."""
    if partner is not None and partner.left_on is not None:
        raise Conflict(_("%(partner)s has left the partnership.", partner=partner.name))


def forget() -> None:
    """Remove invitations that nobody accepted, a month after they ended, and the addresses with them."""
    with transaction():
        db.session.execute(
            delete(Invitation).where(Invitation.accepted_at.is_(None), Invitation.expires_at < now() - RETENTION)
        )


def _seat(person: Person, partner_id: int) -> Membership | None:
    """A seat that the person has meanwhile; an invitation changes nothing about it."""
    return db.session.scalar(
        select(Membership).where(
            Membership.person_id == person.id, Membership.partner_id == partner_id, Membership.ended_at.is_(None)
        )
    )


def _send(invitation: Invitation) -> None:
    invitation.link_hash = links.kept(links.token("invitation", invitation.id, invitation.nonce))
    outbox.put(
        "invitation",
        to=invitation.email,
        until=invitation.expires_at,
        locale=invitation.locale,
        invitation=invitation.id,
        issue=invitation.issue,
    )


def _pending(like: Invitation) -> Invitation | None:
    return db.session.scalar(
        select(Invitation)
        .where(Invitation.email == like.email, Invitation.partner_id.is_not_distinct_from(like.partner_id))
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .with_for_update()
    )


def _check_pending(invitation: Invitation) -> None:
    if not invitation.pending:
        raise Conflict(_("This invitation has been accepted or withdrawn already."))


def _is_in(email: str, partner_id: int) -> bool:
    return (
        db.session.scalar(
            select(Membership.id)
            .join(Person, Person.id == Membership.person_id)
            .where(Person.email == email, Membership.partner_id == partner_id, Membership.ended_at.is_(None))
        )
        is not None
    )


def _check_number(partner_id: int | None) -> None:
    """Nobody uses the board to send mail to strangers in masses."""
    day = select(func.sum(Invitation.issue)).where(
        Invitation.partner_id.is_not_distinct_from(partner_id), Invitation.created_at > now() - timedelta(days=1)
    )
    if (db.session.scalar(day) or 0) > A_DAY:
        raise TooMany(_("That were many invitations for one day. Please go on tomorrow."), seconds=86_400)
