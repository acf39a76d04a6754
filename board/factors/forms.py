"""Forms of the second factor."""

from wtforms import HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from board.accounts.passwords import MAX_LENGTH
from board.forms import BoardForm, line


class CodeForm(BoardForm):
    """A code of the app, or a recovery code."""

    code = line("Code", 40, required=True)


class SetUpForm(CodeForm):
    """A code of the new app, whose secret travels sealed in the form until it is confirmed."""

    box = HiddenField("box", validators=[InputRequired(), Length(max=400)])


class RemoveForm(BoardForm):
    """The password, once more."""

    password = PasswordField("Password", validators=[InputRequired(), Length(max=MAX_LENGTH)])


class ConfirmCodeForm(BoardForm):
    """Showing again who one is, by code; the names stand beside those of the form that waits."""

    confirm_code = line("Code", 40, required=True)


class ConfirmPasswordForm(BoardForm):
    """Showing again who one is, by password."""

    confirm_password = PasswordField("Password", validators=[InputRequired(), Length(max=MAX_LENGTH)])
