"""The letters about one's own access."""

from board.accounts import links
from board.accounts.models import Person
from board.accounts.queries import by_email
from board.credentials.models import Proof
from board.db import db
from board.i18n import current_locale, exact
from board.i18n import gettext as _
from board.mail.letter import Item, Letter, link
from board.mail.models import Mail


def reset(mail: Mail) -> Letter | None:
    """A link for a new password; nothing where there is no account, or none that is open."""
    proof = db.session.get(Proof, mail.details["proof"])
    person = by_email(proof.email) if proof and proof.open else None
    if proof is None or person is None or person.disabled_at is not None or person.is_invented:
        return None
    return Letter(
        subject=_("A new password for Stadtrunde"),
        paragraphs=[_("Somebody, probably you, asked for a new password for your account.")],
        action=Item(
            _("Choose a new password"),
            link(f"/reset/{links.token('reset', proof.id, proof.nonce)}"),
            _("The link works once, until %(date)s.", date=exact(proof.expires_at, current_locale())),
        ),
        closing=[_("If it was not you, you need not do anything: your password stays as it is.")],
        why=_("You receive this mail because a new password was asked for with your address."),
    )


def password_changed(mail: Mail) -> Letter:
    """Tell the owner."""
    return Letter(
        subject=_("Your password has been changed"),
        paragraphs=[
            _("The password of your account was changed. All other sessions have ended."),
            _("If it was not you, set a new password at once and tell the administration of your board."),
        ],
        action=Item(_("Set a new password"), link("/forgot-password")),
        why=_("You receive this mail because something about your account has changed."),
    )


def confirm_email(mail: Mail) -> Letter | None:
    """The link that confirms a new address."""
    proof = db.session.get(Proof, mail.details["proof"])
    if proof is None or not proof.open:
        return None
    return Letter(
        subject=_("Please confirm your new e-mail address"),
        paragraphs=[_("From now on this is to be the address of your account.")],
        action=Item(
            _("Confirm this address"),
            link(f"/confirm-email/{links.token('email', proof.id, proof.nonce)}"),
            _("The link works once, until %(date)s.", date=exact(proof.expires_at, current_locale())),
        ),
        closing=[_("If you expect no such mail, you need not do anything.")],
        why=_("You receive this mail once, because your address was entered for an account."),
    )


def email_changed(mail: Mail) -> Letter | None:
    """Tell the old address."""
    person = db.session.get(Person, mail.details["person"])
    if person is None or person.disabled_at is not None:
        return None
    return Letter(
        subject=_("The e-mail address of your account has been changed"),
        paragraphs=[
            _("Your account now has another e-mail address; this one no longer signs in."),
            _("If it was not you, please tell the administration of your board at once."),
        ],
        why=_("You receive this mail because something about your account has changed."),
    )
