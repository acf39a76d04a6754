"""What happens to identities and suggestions. Every function runs inside a transaction and begins with its right."""

from collections.abc import Iterable, Mapping

from sqlalchemy import func, select

from board.accounts import notices
from board.accounts import verbs as accounts
from board.accounts.models import Identity, Membership, Person, Role, Suggestion
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.identities import queries
from board.partners.models import Partner
from board.policy import Actor


def connect(person: Person, issuer: str, subject: str, by: Actor) -> None:
    """Let a person sign in with this account of a provider. Raises Conflict when it is somebody else's here."""
    act(by, "identity.connect", person)
    known = queries.behind(issuer, subject)
    if known is None:
        db.session.add(Identity(person_id=person.id, issuer=issuer, subject=subject, used_at=now()))
        db.session.flush()
        notices.tell(person.id, "identity_connected")
    elif known.person_id != person.id:
        raise Conflict(_("This account of the provider belongs to somebody else here already."))


def disconnect(identity_id: int, by: Actor) -> None:
    """Sign in with it no more; not where it is the only way in. Others' identities are Missing."""
    person = db.session.get_one(Person, by.person_id, with_for_update=True)
    act(by, "identity.disconnect", person)
    identity = db.session.get(Identity, identity_id)
    if identity is None or identity.person_id != person.id:
        raise Missing(_("There is no such sign-in connection."))
    others = db.session.scalar(
        select(func.count(Identity.id)).where(Identity.person_id == person.id, Identity.id != identity_id)
    )
    if not person.password_hash and not others:
        raise Conflict(_("This is your only way to sign in. Please set a password first."))
    db.session.delete(identity)
    accounts.end_others(person.id, by.session_id)
    notices.tell(person.id, "identity_disconnected")


def suggest(person: Person, issuer: str, groups: Iterable[object], partners: Mapping[str, str], by: Actor) -> None:
    """Note the partners that the provider's groups stand for; an administrator decides. Each pair is asked once."""
    slugs = {partners[group] for group in groups if isinstance(group, str) and group in partners}
    if not slugs:
        return
    held = select(Membership.partner_id).where(Membership.person_id == person.id, Membership.ended_at.is_(None))
    asked = select(Suggestion.partner_id).where(Suggestion.person_id == person.id)
    wanted = select(Partner).where(Partner.slug.in_(slugs), Partner.id.not_in(held), Partner.id.not_in(asked))
    for partner in db.session.scalars(wanted):
        made = Suggestion(person_id=person.id, partner_id=partner.id, issuer=issuer)
        db.session.add(made)
        db.session.flush()
        act(by, "suggestion.make", person, about=partner.id)


def accept(suggestion_id: int, by: Actor) -> Suggestion:
    """Give the suggested seat: a member's; who delegates is for the partner to say."""
    suggestion = _open(suggestion_id)
    act(by, "suggestion.accept", suggestion, person=suggestion.person_id)
    suggestion.decided_at, suggestion.accepted = now(), True
    person = db.session.get_one(Person, suggestion.person_id)
    accounts.enrol(person, db.session.get_one(Partner, suggestion.partner_id), Role.MEMBER, by)
    return suggestion


def refuse(suggestion_id: int, by: Actor) -> Suggestion:
    """Give no seat; it is not suggested again."""
    suggestion = _open(suggestion_id)
    act(by, "suggestion.refuse", suggestion, person=suggestion.person_id)
    suggestion.decided_at, suggestion.accepted = now(), False
    return suggestion


def _open(suggestion_id: int) -> Suggestion:
    found = db.session.get(Suggestion, suggestion_id, with_for_update=True)
    if found is None:
        raise Missing(_("There is no such suggestion."))
    if found.decided_at is not None:
        raise Conflict(_("Somebody has decided this already."))
    return found
