"""The form of the product owners' part of a sheet."""

from wtforms import HiddenField
from wtforms.validators import Length

from board.forms import BoardForm, paragraph


class BriefingForm(BoardForm):
    """Open questions and recommendation."""

    questions = paragraph("Open questions", 8_000)
    recommendation = paragraph("Recommendation", 8_000)
    version = HiddenField(validators=[Length(max=9)])

    @property
    def began_with(self) -> int:
        """The version that was shown."""
        told = self.version.data or ""
        return int(told) if told.isascii() and told.isdigit() else 0
