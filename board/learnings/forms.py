"""The five questions, and the form of a free learning."""

import re
from typing import Any

from wtforms import HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import Optional, ValidationError

from board.forms import BoardForm, line, paragraph, tidy
from board.i18n import gettext as _
from board.learnings.models import Learning, Occasion
from board.learnings.verbs import TEXTS, Told
from board.work.forms import PersonDays

LONG = 20_000
KEY = re.compile(r"(FV|AP)-?0*([1-9]\d{0,8})", re.IGNORECASE)


class LearningForm(BoardForm):
    """What a partner tells. `on` is the key of what it is about, `occasion` the turn in its use."""

    title = line("Title", 120, required=True)
    on = StringField("What it is about", filters=[tidy])
    topic = SelectField("Topic", validators=[Optional()], validate_choice=False)
    occasion = HiddenField(default=Occasion.FREE.value)
    effort = PersonDays("Person-days really needed")
    configuration = paragraph("How you configured it", LONG)
    text = paragraph("What surprised you, what you learned", LONG)
    privacy_notice = paragraph("Privacy notice to take over", LONG)
    press_release = paragraph("Press release to take over", LONG)
    other_text = paragraph("Another text to take over", LONG)
    contact = line("Contact for questions", 200)
    version = IntegerField(validators=[Optional()])

    @classmethod
    def of(cls, learning: Learning, key: str) -> "LearningForm":
        """Filled with what the learning says."""
        said = {name: getattr(learning, name) for name in Told.__dataclass_fields__}
        return cls(data={**said, "on": key, "occasion": learning.occasion, "version": learning.version})

    @property
    def key(self) -> tuple[str, int] | None:
        """("FV", 12), or None where it is about nothing in particular."""
        match = KEY.fullmatch((self.on.data or "").strip())
        return (match[1].upper(), int(match[2])) if match else None

    def told(self) -> Told:
        """What was written; ask after `validate`."""
        words = {name: self[name].data or "" for name in ("title", *TEXTS, "contact")}
        return Told(effort=self.effort.data, **words)

    def validate_on(self, field: StringField) -> None:
        """Empty, or a key."""
        if (field.data or "") and self.key is None:
            raise ValidationError(_("Enter a key such as FV-12 or AP-7."))

    def validate_occasion(self, field: HiddenField) -> None:
        """A turn in the use of a proposal."""
        if field.data not in set(Occasion) or (field.data != Occasion.FREE and (self.key or ("", 0))[0] != "FV"):
            raise ValidationError(_("Not a valid choice."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Also: a learning that says nothing helps nobody."""
        valid = super().validate(extra_validators)
        if valid and not any(self[name].data for name in TEXTS) and self.effort.data is None:
            self.text.errors = [_("Please answer at least one of the questions.")]
            return False
        return valid
