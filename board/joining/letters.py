"""The letters of joining: an invitation, a new role, standing in, the end of a membership."""

from sqlalchemy import select

from board.accounts import links
from board.accounts.models import Membership, Person
from board.db import db
from board.i18n import current_locale, exact, long_date
from board.i18n import gettext as _
from board.joining.models import Invitation
from board.mail.letter import Item, Letter, link
from board.mail.models import Mail
from board.partners.models import Partner


def invitation(mail: Mail) -> Letter | None:
    """The link that opens the newest issue of an open invitation."""
    found = db.session.get(Invitation, mail.details["invitation"])
    if found is None or not found.open or found.issue != mail.details["issue"]:
        return None
    locale, name = current_locale(), _name(found.partner_id)
    by = db.session.scalar(select(Person.name).where(Person.id == found.by_id)) or "Stadtrunde"
    if name:
        asked = _("%(person)s invites you to work on the board on behalf of %(partner)s.", person=by, partner=name)
    else:
        asked = _("%(person)s invites you to the board.", person=by)
    return Letter(
        subject=_("Invitation to Stadtrunde"),
        paragraphs=[
            asked,
            _("On the board, municipalities propose features of their shared city app, vote, divide the work and see "
              "who builds and uses what."),
        ],
        action=Item(
            _("Accept the invitation"),
            link(f"/join/{links.token('invitation', found.id, found.nonce)}"),
            _("The link works once, until %(date)s.", date=exact(found.expires_at, locale)),
        ),
        closing=[_("If you expect no invitation, you need not do anything.")],
        why=_("You receive this mail once, because your address was entered for an invitation."),
    )  # fmt: skip


def role(mail: Mail) -> Letter | None:
    """What a person may do from now on."""
    name = _partner_of(mail)
    if name is None:
        return None
    delegate = mail.details["role"] == "delegate"
    return Letter(
        subject=_("Your role for %(partner)s has changed", partner=name),
        paragraphs=[
            _("You are now a delegate of %(partner)s: you may cast its ballot and confirm its offers.", partner=name)
            if delegate
            else _("You are now a member of %(partner)s: you propose, comment and take on work.", partner=name)
        ],
        action=Item(_("Open the board"), link("/")),
        why=_("You receive this mail because something about your account has changed."),
    )


def deputy(mail: Mail) -> Letter | None:
    """From when to when a person stands in."""
    seat = db.session.get(Membership, mail.details["membership"])
    if seat is None or seat.deputy_from is None or seat.deputy_until is None or seat.ended_at is not None:
        return None
    name, locale = _name(seat.partner_id), current_locale()
    return Letter(
        subject=_("You stand in for the delegate of %(partner)s", partner=name),
        paragraphs=[
            _("From %(begin)s to %(end)s you may cast the ballot of %(partner)s and confirm its offers.",
              begin=long_date(seat.deputy_from, locale), end=long_date(seat.deputy_until, locale), partner=name)
        ],
        action=Item(_("Open the board"), link("/")),
        why=_("You receive this mail because something about your account has changed."),
    )  # fmt: skip


def membership_ended(mail: Mail) -> Letter | None:
    """A membership was ended by somebody else."""
    name = _partner_of(mail)
    if name is None:
        return None
    return Letter(
        subject=_("Your membership of %(partner)s has ended", partner=name),
        paragraphs=[
            _("You no longer act on behalf of %(partner)s. What you did for it stays on record.", partner=name),
            _("If this comes as a surprise, please ask a delegate of %(partner)s.", partner=name),
        ],
        why=_("You receive this mail because something about your account has changed."),
    )


def _partner_of(mail: Mail) -> str | None:
    seat = db.session.get(Membership, mail.details["membership"])
    return _name(seat.partner_id) if seat else None


def _name(partner_id: int | None) -> str:
    return db.session.scalar(select(Partner.name).where(Partner.id == partner_id)) or ""
