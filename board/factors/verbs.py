"""What happens to a person's second factor. Every function runs inside a transaction and begins with its right."""

from sqlalchemy import delete

from board import vault
from board.accounts import notices
from board.accounts import verbs as accounts
from board.accounts.models import Authenticator, Person, RecoveryCode
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Refusal
from board.factors import codes
from board.i18n import gettext as _
from board.policy import Actor


def set_up(person: Person, secret: str, code: str, by: Actor) -> list[str]:
    """Take this app from now on, once it has shown a right code; returns the recovery codes, to be shown once.

    Whoever was signed in elsewhere signs in anew, now with the code. Raises Refusal for a wrong code.
    """
    act(by, "factor.set_up", person)
    step = codes.fitting_step(secret, code)
    if step is None:
        raise Refusal(_("This code does not fit. Please enter the one that the app shows now."))
    app = db.session.get(Authenticator, person.id) or Authenticator(person_id=person.id)
    app.secret_box = vault.seal(secret, codes.purpose(person.id))
    app.last_step, app.created_at = step, now()
    db.session.add(app)
    db.session.flush()
    accounts.end_others(person.id, by.session_id)
    notices.tell(person.id, "factor_set_up")
    return codes.new_recovery_codes(person.id)


def renew(person: Person, by: Actor) -> list[str]:
    """Ten new recovery codes, to be shown once; the old ones end."""
    act(by, "factor.renew", person)
    if db.session.get(Authenticator, person.id) is None:
        raise Conflict(_("There is no second factor yet."))
    notices.tell(person.id, "codes_renewed")
    return codes.new_recovery_codes(person.id)


def remove(person: Person, by: Actor, *, needed: bool) -> None:
    """Do without the second factor; not where the person's role needs one."""
    act(by, "factor.remove", person)
    if needed:
        raise Conflict(_("Your role needs a second factor. You can set it up anew with another device."))
    _forget(person.id)
    accounts.end_others(person.id, by.session_id)
    notices.tell(person.id, "factor_removed")


def reset(person: Person, by: Actor) -> None:
    """The administration takes away a factor that is lost for good: all sessions end, the person sets up a new one."""
    act(by, "factor.reset", person, person=person.id)
    _forget(person.id)
    accounts.end_others(person.id, None)
    notices.tell(person.id, "factor_reset")


def _forget(person_id: int) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    db.session.execute(delete(Authenticator).where(Authenticator.person_id == person_id))
