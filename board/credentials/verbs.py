"""What happens to one's own access, inside a transaction; links work once, and a newer one kills the older."""

from datetime import timedelta

from sqlalchemy import delete, func, select, update

from board.accounts import links
from board.accounts.models import Authenticator, Person
from board.accounts.passwords import hash_password, objection
from board.accounts.verbs import end_others, fitting_address
from board.activity.models import act
from board.credentials.models import Proof
from board.db import db, now, transaction
from board.errors import Conflict, Refusal
from board.i18n import gettext as _
from board.mail import outbox
from board.policy import SYSTEM, Actor

RESET_VALID = timedelta(hours=1)
EMAIL_VALID = timedelta(hours=24)
AN_HOUR = 3
RETENTION = timedelta(days=7)


def ask_reset(email: str, locale: str) -> None:
    """Send a link for a new password, if there is an account: that is looked up when the mail is written.

    At most three an hour and address, silently: nobody fills another person's mailbox.
    """
    email = email.strip().lower()[:254]
    recent = select(func.count(Proof.id)).where(
        Proof.purpose == "reset", Proof.email == email, Proof.created_at > now() - timedelta(hours=1)
    )
    if (db.session.scalar(recent) or 0) >= AN_HOUR:
        return
    _issue(Proof(purpose="reset", email=email, expires_at=now() + RESET_VALID), "reset", locale)


def ask_email(person: Person, email: str, by: Actor) -> None:
    """Send a link to a new address; the old one stays until it is opened. Raises Refusal for a bad address."""
    act(by, "person.ask_email", person)
    email = fitting_address(email)
    if email == person.email:
        raise Refusal(_("This is your address already."))
    taken = db.session.scalar(select(Person.id).where(Person.email == email)) is not None
    proof = Proof(purpose="email", email=email, person_id=person.id, expires_at=now() + EMAIL_VALID)
    _issue(proof, "" if taken else "confirm-email", person.locale or "de")


def reset(proof: Proof, person: Person, password: str) -> None:
    """Set the password by a link; all sessions end. Raises Refusal for a weak one."""
    act(SYSTEM, "person.reset_password", person, person=person.id)
    _set_password(person, password)
    _end(Proof.email == person.email)
    end_others(person.id, None)
    outbox.put("password-changed", to=person.id)


def change_password(person: Person, password: str, by: Actor) -> None:
    """Take another password; all other sessions end. Raises Refusal for a weak one."""
    act(by, "person.change_password", person)
    _set_password(person, password)
    _end(Proof.email == person.email)
    end_others(person.id, by.session_id)
    outbox.put("password-changed", to=person.id)


def confirm_email(proof: Proof) -> Person:
    """The new address is confirmed: it is the account's from now on, and the old one is told.

    Raises Conflict when somebody else has taken it meanwhile, or the account was closed.
    """
    person = db.session.get_one(Person, proof.person_id, with_for_update=True)
    act(SYSTEM, "person.change_email", person, person=person.id)
    if person.disabled_at is not None or db.session.scalar(select(Person.id).where(Person.email == proof.email)):
        raise Conflict(_("This link is no longer valid. Please ask for a new one."))
    old, person.email = person.email, proof.email
    proof.ended_at = now()
    _end(Proof.email == old)
    outbox.put("email-changed", to=old, locale=person.locale or "de", person=person.id)
    return person


def forget() -> None:
    """Remove links that ended or ran out a week ago, and the addresses with them."""
    with transaction():
        db.session.execute(delete(Proof).where(Proof.expires_at < now() - RETENTION))


def _set_password(person: Person, password: str) -> None:
    factor = db.session.scalar(select(Authenticator.person_id).where(Authenticator.person_id == person.id)) is not None
    if weak := objection(password, person.email, person.name, second_factor=factor):
        raise Refusal(weak)
    person.password_hash = hash_password(password)


def _issue(proof: Proof, kind: str, locale: str) -> None:
    """Keep a proof and send its link; earlier ones of its sort end."""
    same = Proof.email == proof.email if proof.purpose == "reset" else Proof.person_id == proof.person_id
    _end(Proof.purpose == proof.purpose, same)
    db.session.add(proof)
    db.session.flush()
    proof.link_hash = links.kept(links.token(proof.purpose, proof.id, proof.nonce))
    if kind:
        outbox.put(kind, to=proof.email, until=proof.expires_at, locale=locale, proof=proof.id)


def _end(*which: object) -> None:
    db.session.execute(
        update(Proof)
        .where(*which, Proof.ended_at.is_(None))  # type: ignore[arg-type]
        .values(ended_at=now())
        .execution_options(synchronize_session=False)
    )
