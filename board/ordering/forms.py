"""Forms of ordering: one proposal's place, and what is done with a selection."""

from datetime import date
from typing import Any

from wtforms import DateField, SelectField
from wtforms.validators import Optional, ValidationError

from board.forms import BoardForm, line, paragraph
from board.i18n import gettext as _
from board.milestones.queries import Goal
from board.proposals.forms import DATES, not_future, not_past
from board.proposals.words import VALUE_LABELS

N_ = str

CHANGES = {
    "value": N_("Set the value"), "milestone": N_("Plan for a milestone"), "topic": N_("Change the topic"),
    "vote_by": N_("Change the answer-by date"), "start": N_("Begin building"), "pilot": N_("Begin the pilot"),
    "publish": N_("Mark as available"), "reopen": N_("Reopen the vote"),
}  # fmt: skip
OUTCOMES = {"accept": N_("accepted"), "defer": N_("deferred"), "decline": N_("declined")}


def value_choices() -> list[tuple[str, str]]:
    """(value, label) in the reader's language."""
    return [(value, _(label)) for value, label in VALUE_LABELS.items()]


def milestone_choices(goals: list[Goal]) -> list[tuple[str, str]]:
    """(id, name); the first is none."""
    return [("", _("no milestone")), *((str(goal.id), goal.name) for goal in goals)]


class PlaceForm(BoardForm):
    """Value and milestone of one proposal."""

    value = SelectField("Value", id="place-value")
    milestone = SelectField("Milestone", id="place-milestone")

    def __init__(self, formdata: Any = None, *, goals: list[Goal], **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.value.choices = value_choices()
        self.milestone.choices = milestone_choices(goals)


class TogetherForm(BoardForm):
    """What is to be done with all that are selected; each choice asks for its own field."""

    do = SelectField("What to do", id="bulk-do")
    value = SelectField("Value", id="bulk-value", default="0")
    milestone = SelectField("Milestone", id="bulk-milestone", default="")
    topic = SelectField("Topic", id="bulk-topic")
    vote_by = DateField("Answer by", format=DATES, validators=[Optional(), not_past], id="bulk-vote_by")

    none_picked = False

    def __init__(
        self, formdata: Any = None, *, goals: list[Goal], topics: list[tuple[int, str, str]], **kwargs: Any
    ) -> None:
        super().__init__(formdata, **kwargs)
        self.do.choices = [(name, _(label)) for name, label in CHANGES.items()]
        self.value.choices = value_choices()
        self.milestone.choices = milestone_choices(goals)
        self.topic.choices = [(str(number), label) for number, _slug, label in topics]
        if self.topic.data is None and topics:  # A selection that is about something else need not name one.
            self.topic.data = self.topic.choices[0][0]

    def validate(self, extra_validators: Any = None) -> bool:
        """A day is needed where people are asked until another one."""
        fine: bool = super().validate(extra_validators)
        if fine and self.do.data in {"vote_by", "reopen"} and self.vote_by.data is None:
            self.vote_by.errors = [_("Choose a day.")]
            return False
        return fine

    def wanted(self) -> int | date | None:
        """The value of a valid form for the change that was chosen."""
        chosen: Any = self[self.do.data].data
        return chosen if self.do.data == "vote_by" else int(chosen) if chosen else None


class DecisionsForm(BoardForm):
    """One sitting decides about several: the same body, day and reason stand under each."""

    outcome = SelectField("Decided", id="decide-outcome")
    body = line("Decided by (body)", 160, required=True, id="decide-body")
    decided_on = DateField("Decided on", format=DATES, validators=[not_future], id="decide-decided_on")
    reason = paragraph("Reason of the decision", 2000, required=True, id="decide-reason")
    without_estimate = paragraph("Why without a valid estimate", 500, id="decide-without_estimate")

    none_picked = False

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.outcome.choices = [(verb, _(label)) for verb, label in OUTCOMES.items()]

    def validate_decided_on(self, field: Any) -> None:
        """A decision has its day."""
        if field.data is None and not field.errors:
            raise ValidationError(_("Choose a day."))
