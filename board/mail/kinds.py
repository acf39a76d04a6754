"""Every kind of mail in one list, with the function that makes its letter. A feature adds its own line here.

Such a function gets the row, reads what is true now and writes in the current language (the recipient's); it returns
None when there is nothing to say any more (an invitation was withdrawn, a comment deleted).
"""

from collections.abc import Callable

from board.accounts import notices
from board.credentials import letters as credentials
from board.i18n import gettext as _
from board.joining import letters as joining
from board.mail.letter import Item, Letter, link
from board.mail.models import Mail
from board.notifications import letters as notifications
from board.notifications import news_letters
from board.outgoing import letters as outgoing
from board.reuse import asking

Maker = Callable[[Mail], Letter | None]


def trial(_mail: Mail) -> Letter:
    """What an administrator sends to see whether mail works."""
    return Letter(
        subject=_("Mail from Stadtrunde works"),
        paragraphs=[_("This is the trial mail that somebody asked for in the administration of the board.")],
        action=Item(_("Open the board"), link("/")),
        why=_("You receive this mail because your address was entered for a trial."),
    )


KINDS: dict[str, Maker] = {
    "trial": trial,
    "access": notices.letter,
    "reuse_old": asking.letter,
    "invitation": joining.invitation,
    "role": joining.role,
    "deputy": joining.deputy,
    "membership-ended": joining.membership_ended,
    "reset": credentials.reset,
    "password-changed": credentials.password_changed,
    "confirm-email": credentials.confirm_email,
    "email-changed": credentials.email_changed,
    "digest": notifications.digest,
    "reminder": notifications.reminder,
    "comment": notifications.comment,
    "news": news_letters.news_letter,
    "over": news_letters.over,
    "outgoing": outgoing.letter,
}
