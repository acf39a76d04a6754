"""Forms of one's own access; nothing of a password is trimmed or cut."""

from typing import Any

from wtforms import PasswordField
from wtforms.validators import InputRequired, Length, Optional

from board.accounts.forms import check_address
from board.accounts.passwords import MAX_LENGTH
from board.forms import BoardForm, line


class ForgotForm(BoardForm):
    """Whose password is to be set anew."""

    email = line("E-mail address", 254, required=True)


class ResetForm(BoardForm):
    """A new password, behind a link."""

    password = PasswordField("New password", validators=[InputRequired(), Length(max=MAX_LENGTH)])


class PasswordForm(BoardForm):
    """The present password and a new one; who signs in without a password has no present one."""

    current = PasswordField("Present password", validators=[Optional(), Length(max=MAX_LENGTH)])
    password = PasswordField("New password", validators=[InputRequired(), Length(max=MAX_LENGTH)])


class EmailForm(BoardForm):
    """A new address, and the password once more."""

    email = line("New e-mail address", 254, required=True)
    current = PasswordField("Present password", validators=[Optional(), Length(max=MAX_LENGTH)])

    def validate_email(self, field: Any) -> None:
        """An address that mail can be sent to."""
        check_address(field)


class ConfirmForm(BoardForm):
    """One button."""
