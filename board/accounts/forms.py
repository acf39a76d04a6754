"""Forms of signing in."""

from typing import Any

from wtforms import BooleanField, PasswordField
from wtforms.validators import InputRequired, Length, ValidationError

from board.accounts.passwords import MAX_LENGTH
from board.accounts.verbs import fitting_address
from board.errors import Refusal
from board.forms import BoardForm, line


def check_address(field: Any) -> None:
    """Tell beside the field what is no e-mail address; the verb would refuse it for the whole form."""
    try:
        fitting_address(field.data or "")
    except Refusal as refusal:
        raise ValidationError(refusal.message) from refusal


class SignInForm(BoardForm):
    """E-mail and password; nothing of the password is trimmed or cut."""

    email = line("E-mail address", 254, required=True)
    password = PasswordField("Password", validators=[InputRequired(), Length(max=MAX_LENGTH)])

    remember = BooleanField("Remember this device for 30 days")

    @property
    def account(self) -> str:
        """The address as accounts are filed under."""
        return (self.email.data or "").lower()
