"""Forms of duplicates: which other proposal is meant."""

from wtforms.validators import ValidationError

from board.forms import BoardForm, line, paragraph
from board.i18n import gettext as _
from board.search import words


def _number(form: BoardForm, field: object) -> int:
    found = words.key(str(getattr(field, "data", "") or ""))
    if found is None or found[0] != "FV":
        raise ValidationError(_("Enter the key of a proposal, such as FV-12."))
    return found[1]


class SuggestForm(BoardForm):
    """Which proposal is the same, and why somebody thinks so."""

    of = line("Key of the other proposal", 20, required=True, id="duplicate-of")
    note = paragraph("Why", 500, id="duplicate-note")
    number = 0

    def validate_of(self, field: object) -> None:
        """A key such as FV-12."""
        self.number = _number(self, field)


class MergeForm(BoardForm):
    """Into which proposal it goes."""

    into = line("Key of the proposal that stays", 20, required=True, id="merge-into")
    number = 0

    def validate_into(self, field: object) -> None:
        """A key such as FV-12."""
        self.number = _number(self, field)
