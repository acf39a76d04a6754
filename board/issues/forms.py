"""The small forms of the inbox."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from wtforms import DateField, SelectField
from wtforms.validators import Optional, ValidationError

from board.forms import BoardForm, line
from board.i18n import BERLIN, today
from board.i18n import gettext as _

_KEY = re.compile(r"(?<![A-Za-z0-9])(FV|AP)-?0{0,8}([1-9]\d{0,8})(?!\d)", re.IGNORECASE | re.ASCII)


def read_key(value: str) -> tuple[str, int] | None:
    """("FV", 12) from FV-12, fv12 or the address of its page."""
    found = _KEY.search(value)
    return (found[1].upper(), int(found[2])) if found else None


class LinkForm(BoardForm):
    """Where an issue belongs."""

    key = line("Key of a proposal or work package", 300, required=True)

    def validate_key(self, field: Any) -> None:
        """A key stands in it."""
        if read_key(field.data) is None:
            raise ValidationError(_("Enter a key such as FV-12 or AP-7."))

    def goal(self) -> dict[str, int]:
        """What `triage.link` takes, from a valid form."""
        prefix, number = read_key(self.key.data or "") or ("", 0)
        return {"proposal_id" if prefix == "FV" else "package_id": number}


class ProposeForm(BoardForm):
    """The topic of the proposal that an issue becomes."""

    topic = SelectField("Topic")

    def __init__(self, formdata: Any = None, *, topics: list[tuple[int, str, str]], **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.topic.choices = [("", _("Please choose")), *((str(number), label) for number, _slug, label in topics)]

    def validate_topic(self, field: Any) -> None:
        """A choice is needed."""
        if not field.data:
            raise ValidationError(_("Please choose a topic."))


class PackageForm(BoardForm):
    """The proposal under which an issue becomes a work package."""

    under = line("Key of the proposal", 300, required=True)

    def validate_under(self, field: Any) -> None:
        """A proposal's key stands in it."""
        found = read_key(field.data)
        if found is None or found[0] != "FV":
            raise ValidationError(_("Enter the key of a proposal, such as FV-12."))

    def proposal_id(self) -> int:
        """The proposal, from a valid form."""
        return (read_key(self.under.data or "") or ("", 0))[1]


TOMORROW, WEEK, MONTH, DAY = "tomorrow", "week", "month", "day"
RESTS = ((TOMORROW, "Tomorrow"), (WEEK, "Next week"), (MONTH, "In a month"), (DAY, "On a certain day"))
"""How long an issue rests: choice → message id."""


class SnoozeForm(BoardForm):
    """Until when an issue rests; without a choice until next week."""

    until = SelectField("Until", default=WEEK)
    day = DateField("Day", validators=[Optional()])

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.until.choices = [(choice, _(label)) for choice, label in RESTS]
        if formdata is not None and not formdata.get("until"):
            self.until.data = WEEK

    def validate_day(self, field: Any) -> None:
        """A certain day is given and lies ahead."""
        if self.until.data == DAY and (field.data is None or field.data <= today()):
            raise ValidationError(_("Choose a day in the future."))

    def wakes_at(self) -> datetime:
        """When it is new again, from a valid form: the beginning of that day in Germany."""
        return wakes_at(self.until.data, self.day.data)


def wakes_at(choice: str, day: date | None) -> datetime:
    """The beginning of the chosen day in Germany; next week begins on Monday."""
    now = today()
    days = {TOMORROW: now + timedelta(days=1), WEEK: now + timedelta(days=7 - now.weekday()), MONTH: _a_month_on(now)}
    return datetime.combine(days.get(choice) or day or days[WEEK], time(), BERLIN).astimezone(UTC)


def _a_month_on(day: date) -> date:
    """The same day of the next month; the last one where it is shorter."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return min(first + timedelta(days=day.day - 1), last)


class DismissForm(BoardForm):
    """Why an issue is not for the board."""

    reason = line("Reason", 200, required=True)


DEEDS = (
    ("link", "Link with …"),
    ("propose", "Make proposals"),
    ("package", "Make work packages"),
    ("snooze", "Snooze"),
    ("dismiss", "Dismiss"),
)
"""What can be done with several issues at once: the verb and its message id."""


class BulkForm(BoardForm):
    """One action for all issues that were selected; only the fields of that action count."""

    do = SelectField("Action")
    key = line("Key of a proposal or work package", 300)
    topic = SelectField("Topic", validate_choice=False)
    under = line("Key of the proposal", 300)
    until = SelectField("Until", default=WEEK, validate_choice=False)
    day = DateField("Day", validators=[Optional()])
    reason = line("Reason", 200)
    none_picked = False

    def __init__(self, formdata: Any = None, *, topics: list[tuple[int, str, str]], **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.do.choices = [(verb, _(label)) for verb, label in DEEDS]
        self.topic.choices = [("", _("Please choose")), *((str(number), label) for number, _slug, label in topics)]
        self.until.choices = [(choice, _(label)) for choice, label in RESTS]
        self._part: BoardForm | None = None
        if formdata is not None:
            part = {"link": LinkForm, "package": PackageForm, "snooze": SnoozeForm, "dismiss": DismissForm}
            made = part.get(self.do.data)
            self._part = ProposeForm(formdata, topics=topics) if made is None else made(formdata)

    def validate(self, extra_validators: Any = None) -> bool:
        """As the form for a single issue does."""
        whole = super().validate(extra_validators)
        if self._part is None or not whole:
            return whole
        fits = self._part.validate()
        for name, errors in self._part.errors.items():
            self[name or ""].errors = list(errors)
        return fits

    def goal(self) -> dict[str, int]:
        """What `triage.link` takes, from a valid form."""
        return self._part.goal() if isinstance(self._part, LinkForm) else {}

    def proposal_id(self) -> int:
        """The proposal for packages, from a valid form."""
        return self._part.proposal_id() if isinstance(self._part, PackageForm) else 0

    def wakes_at(self) -> datetime:
        """When they are new again, from a valid form."""
        return wakes_at(self.until.data or WEEK, self.day.data)
