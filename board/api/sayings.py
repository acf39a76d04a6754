"""What is wrong with a field, in the reader's words: pydantic's kinds of errors that bodies and queries meet."""

from collections.abc import Mapping
from typing import Any

from board.i18n import gettext as _

N_ = str  # Marks a message id; it is translated where it is shown.

SAID = {
    "missing": N_("This field is needed."),
    "extra_forbidden": N_("There is no such field."),
    "string_too_long": N_("At most %(max_length)s characters."),
    "string_too_short": N_("At least %(min_length)s characters."),
    "string_pattern_mismatch": N_("This does not have the form that is asked for."),
    "string_type": N_("A text is asked for."),
    "int_type": N_("A whole number is asked for."),
    "int_parsing": N_("A whole number is asked for."),
    "int_from_float": N_("A whole number is asked for."),
    "float_type": N_("A number is asked for."),
    "bool_type": N_("True or false is asked for."),
    "date_type": N_("A day such as 2027-06-30 is asked for."),
    "date_from_datetime_parsing": N_("A day such as 2027-06-30 is asked for."),
    "date_parsing": N_("A day such as 2027-06-30 is asked for."),
    "list_type": N_("A list is asked for."),
    "too_long": N_("At most %(max_length)s entries."),
    "literal_error": N_("One of these is asked for: %(expected)s."),
    "greater_than": N_("The number must be greater than %(gt)s."),
    "greater_than_equal": N_("The number must be at least %(ge)s."),
    "less_than_equal": N_("The number must be at most %(le)s."),
    "multiple_of": N_("The number comes in steps of %(multiple_of)s."),
    "model_type": N_("An object is asked for."),
    "value_error": N_("This field must not be empty."),
}
"""Kind of error → message id; what stands nowhere here keeps pydantic's English."""


def of(error: Mapping[str, Any]) -> str:
    """The sentence for one error of pydantic."""
    said = SAID.get(error["type"])
    if said is None:
        return str(error["msg"])
    return _(said, **{name: str(value) for name, value in error.get("ctx", {}).items()})
