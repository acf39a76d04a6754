"""The form that erases an account."""

from wtforms import BooleanField
from wtforms.validators import InputRequired

from board.forms import BoardForm


class EraseForm(BoardForm):
    """A deliberate yes."""

    sure = BooleanField("Erase my account for good", validators=[InputRequired()])
