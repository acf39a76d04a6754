"""Forms of consent: until when partners can object, and why one does."""

from wtforms import DateField
from wtforms.validators import InputRequired, ValidationError

from board.forms import BoardForm, paragraph
from board.i18n import gettext as _
from board.i18n import today
from board.proposals.forms import DATES, FARTHEST


def to_come(_form: BoardForm, field: DateField) -> None:
    """Validator: tomorrow or later, so that everybody has a whole day; at most two years ahead."""
    if field.data and not today() < field.data <= today() + FARTHEST:
        raise ValidationError(_("Choose a day from tomorrow on, at most two years ahead."))


class ConsentForm(BoardForm):
    """The last day on which partners can object, and why it can be accepted without a valid estimate."""

    last = DateField("Last day to object", format=DATES, validators=[InputRequired(), to_come], id="consent-last")
    without_estimate = paragraph("Why without a valid estimate", 500, id="consent-without_estimate")


class ObjectionForm(BoardForm):
    """Why a partner objects."""

    component = "objection"

    reason = paragraph("Why do you object?", 2000, required=True, id="objection-reason")
