"""Forms of signing in."""

from wtforms import BooleanField, PasswordField
from wtforms.validators import InputRequired, Length

from board.accounts.passwords import MAX_LENGTH
from board.forms import BoardForm, line


class SignInForm(BoardForm):
    """E-mail and password; nothing of the password is trimmed or cut."""

    email = line("E-mail address", 254, required=True)
    password = PasswordField("Password", validators=[InputRequired(), Length(max=MAX_LENGTH)])

    remember = BooleanField("Remember this device for 30 days")

    @property
    def account(self) -> str:
        """The address as accounts are filed under."""
        return (self.email.data or "").lower()
