"""The form of an estimate."""

from typing import Any

from wtforms import DateField, IntegerField
from wtforms.validators import InputRequired, Optional, ValidationError

from board.estimates.models import MOST_DAYS, PROVIDER
from board.estimates.verbs import Figures
from board.forms import BoardForm, between, line, paragraph
from board.i18n import gettext as _
from board.i18n import today
from board.proposals.forms import DATES, not_past

TEXT = 5_000
VALID_DAYS = 180
"""For how long an estimate stands unless its author says otherwise: half a year."""


def _days(label: str, name: str) -> IntegerField:
    return IntegerField(label, validators=[InputRequired(), between(1, MOST_DAYS)], id=f"estimate-{name}")


class EstimateForm(BoardForm):
    """Whole person-days from low to high: an estimate that counts half days pretends to know."""

    low = _days("Person-days, low", "low")
    high = _days("Person-days, high", "high")
    valid_until = DateField(
        "Valid until", format=DATES, validators=[InputRequired(), not_past], id="estimate-valid_until"
    )
    provider = line("Provider that estimates", PROVIDER, id="estimate-provider")
    assumptions = paragraph("Assumptions", TEXT, id="estimate-assumptions")
    version = IntegerField(validators=[Optional(), between(1, 10**9 - 1)])

    def validate_high(self, field: Any) -> None:
        """Not below the low end."""
        if field.data is not None and self.low.data is not None and field.data < self.low.data:
            raise ValidationError(_("The high number must not be below the low one."))

    def figures(self) -> Figures:
        """What a valid form says."""
        until = self.valid_until.data or today()
        return Figures(self.low.data or 0, self.high.data or 0, until, self.assumptions.data or "")
