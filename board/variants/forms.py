"""The form of a variant."""

from wtforms import StringField
from wtforms.validators import Length

from board.forms import line, paragraph, tidy, web_address
from board.variants.models import Willing
from board.variants.verbs import Said
from board.voting.forms import VotingForm, one_of


class VariantForm(VotingForm):
    """What differs, where it is, and whether it would come back."""

    component = "variants"
    differs = paragraph("What differs", 2000, required=True)
    repository = StringField("Repository", filters=[tidy], validators=[web_address, Length(max=500)])
    branch = line("Branch", 120)
    willing = StringField("Bring it back?", filters=[tidy], default="open", validators=[one_of(Willing)])

    def said(self) -> Said:
        """What the form says."""
        return Said(
            differs=self.differs.data or "",
            repository=self.repository.data or "",
            branch=self.branch.data or "",
            willing=self.willing.data or "",
        )
