"""Notices by mail of what happens to one's own access: a new device, and every change of what one signs in with.

They tell the owner of an account what somebody else may have done, so they cannot be declined. `tell` puts one into the
outbox in the transaction of what it tells; the demo, whose passwords are public, tells nobody.
"""

from flask import current_app

from board.i18n import current_locale, exact
from board.i18n import gettext as _
from board.mail import outbox
from board.mail.letter import Item, Letter, link
from board.mail.models import Mail

N_ = str  # Marks a message id; it is translated where it is shown.

SAID = {
    "new_device": N_("Somebody has signed in to your account in a new browser: %(browser)s."),
    "factor_set_up": N_("A second factor was set up for your account. All other browsers were signed out."),
    "factor_removed": N_("The second factor was removed from your account."),
    "factor_reset": N_("The administration has reset the second factor of your account. All browsers were signed out."),
    "codes_renewed": N_("New recovery codes were made for your account; the old ones no longer work."),
    "recovery_used": N_("One of your recovery codes was used to show that it is you."),
    "identity_connected": N_("From now on your account can be entered with an account at a sign-in provider."),
    "token_created": N_("An access token for programs was made for your account."),
    "identity_disconnected": N_("The connection of your account with a sign-in provider was removed."),
}


def tell(person_id: int, what: str, *, browser: str = "") -> None:
    """Put the notice into the outbox, inside a transaction."""
    if not current_app.config["BOARD"].demo:
        outbox.put("access", to=person_id, what=what, browser=browser)


def letter(mail: Mail) -> Letter | None:
    """The notice: what, when, and what to do if it was not oneself."""
    said = SAID.get(mail.details.get("what", ""))
    if said is None:
        return None
    browser = mail.details.get("browser") or _("unknown")
    return Letter(
        subject=_("New sign-in to your account") if said == SAID["new_device"] else _("Your access has changed"),
        paragraphs=[
            _(said, browser=browser) if "%(browser)s" in said else _(said),
            _("That was on %(moment)s.", moment=exact(mail.created_at, current_locale())),
            _("If it was you, there is nothing to do."),
        ],
        action=Item(_("It was not me: look at my account"), link("/account#access")),
        closing=[
            _("There you sign out all browsers. Then choose a new password, and tell the administration of your board.")
        ],
        why=_("You receive this mail because it concerns your own access; it cannot be declined."),
    )
