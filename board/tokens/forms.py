"""The form by which a person makes an access token."""

from collections.abc import Sequence
from typing import Any

from wtforms import SelectField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from board.accounts.tokens import CALENDAR
from board.forms import BoardForm, line
from board.i18n import gettext as _
from board.i18n import ngettext
from board.tokens.words import SCOPES

DAYS = (7, 30, 90, 180, 365)


class TokenForm(BoardForm):
    """What the token is called, what it is for, for which partner, and how long it is valid."""

    name = line("Name", 60, required=True, description="Such as the program that will use it.")
    scopes = SelectMultipleField("What it is for", choices=[], default=("read",), option_widget=CheckboxInput())
    seat = SelectField("Acts on behalf of", default="")
    days = SelectField("Valid for", coerce=int, default=90)

    def __init__(self, *args: Any, seats: Sequence[tuple[int, str]], steers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scopes.choices = [(scope, _(label)) for scope, label in SCOPES.items() if steers or scope != "steer"]
        self.seat.choices = [*((str(number), name) for number, name in seats), ("", _("no partner"))]
        self.days.choices = [(days, ngettext("%(n)s day", "%(n)s days", days)) for days in DAYS]

    def validate_scopes(self, field: Any) -> None:
        """Something is chosen; a calendar's address is for nothing else."""
        if not field.data:
            raise ValidationError(_("Choose at least one."))
        if CALENDAR in field.data and len(field.data) > 1:
            raise ValidationError(_("A calendar's token is for nothing else. Please make two."))

    @property
    def membership_id(self) -> int | None:
        """The seat that was chosen, one of one's own."""
        return int(self.seat.data) if self.seat.data else None
