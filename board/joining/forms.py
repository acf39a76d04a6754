"""Forms of joining."""

from typing import Any

from wtforms import DateField, PasswordField, RadioField, SelectField
from wtforms.validators import InputRequired, Length

from board.accounts.forms import check_address
from board.accounts.passwords import MAX_LENGTH
from board.forms import BoardForm, line
from board.i18n import gettext as _
from board.joining.verbs import HOURS
from board.partners.field import PartnerField
from board.partners.names import HERE


class InviteForm(BoardForm):
    """Whom to invite, as what, and for how long the link is good."""

    email = line("E-mail address", 254, required=True)
    role = RadioField("Role", default="member")
    hours = SelectField("The link is valid for", coerce=int, default=72)
    locale = SelectField("Language of the mail", default="de")

    def __init__(self, *args: Any, provider: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [("member", _("Member: proposes, comments, takes on work"))]
        roles += [] if provider else [("delegate", _("Delegate: casts the ballot as well"))]
        self.role.choices = roles
        self.hours.choices = [(hours, _("%(n)s hours", n=hours)) for hours in HOURS]
        self.locale.choices = [("de", "Deutsch"), ("en", "English")]

    def validate_email(self, field: Any) -> None:
        """An address that mail can be sent to."""
        check_address(field)


class InviteAnywhereForm(InviteForm):
    """An administrator's invitation: to any partner, or to none."""

    partner = PartnerField("Partner", default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partner.offer(HERE, none=_("none (product ownership, administration)"))


class DeputyForm(BoardForm):
    """From which day to which a member stands in."""

    begin = DateField("First day", validators=[InputRequired()])
    end = DateField("Last day", validators=[InputRequired()])


class ProvedJoinForm(BoardForm):
    """A new account for somebody who was invited and has shown who they are at a provider."""

    name = line("Your name", 120, required=True)


class JoinForm(ProvedJoinForm):
    """A new account with a password for somebody who was invited."""

    password = PasswordField("Password", validators=[InputRequired(), Length(max=MAX_LENGTH)])
