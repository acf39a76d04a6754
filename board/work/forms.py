"""Forms of work packages. Person-days come in halves and may be written 2,5 or 2.5."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import CheckboxInput

from board.forms import BoardForm, line, paragraph
from board.i18n import current_locale, number
from board.i18n import gettext as _
from board.milestones.queries import milestones
from board.work.models import Seat
from board.work.packages import MAX_DAYS, MAX_LINKS, MAX_TITLE, Draft
from board.work.parts import Part
from board.work.skills import SKILLS

MAX_LINES = 50
_DAYS = re.compile(r"(\d{1,4})(?:[.,]([05])0?)?\s*(?:PT|PD|person-days?|Personentage?|Tage?|days?)?", re.IGNORECASE)


def parse_days(value: str) -> Decimal | None:
    """Person-days as people write them: 5, 2,5, 2.5 PT. Empty is None. Raises ValueError."""
    if not value.strip():
        return None
    found = _DAYS.fullmatch(value.strip())
    days = Decimal(f"{found[1]}.{found[2] or 0}") if found else Decimal(0)
    if not 0 < days <= MAX_DAYS:
        raise ValueError
    return days


_KEY = re.compile(r"(?:[Aa][Pp]-)?0*([1-9]\d{0,8})")


class PersonDays(StringField):
    """An optional number of person-days, in steps of a half."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read it; what cannot be read is kept as it was typed."""
        if valuelist:
            try:
                self.data = parse_days(valuelist[0])
            except ValueError:
                self.data = None
                raise ValueError(_("Enter person-days in steps of a half, such as 5 or 2.5.")) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return number(self.data, current_locale()) if self.data is not None else ""


class ClaimForm(BoardForm):
    """A seat and what the partner gives."""

    seat = SelectField("Seat", choices=[s.value for s in Seat], default=Seat.LEAD.value)  # type: ignore[misc]
    days = PersonDays("Person-days that you give", id="claim-days")


class RenewForm(BoardForm):
    """A lease begins anew; the person-days may change with it."""

    days = PersonDays("Person-days that you give", id="renew-days")


class HoldForm(BoardForm):
    """Why the clock stops."""

    reason = line("Reason for the hold", 160, required=True)


class CommissionForm(BoardForm):
    """Whom the lead commissioned; empty takes it back."""

    whom = line("Commissioned to carry it out", 160)


class BidForm(BoardForm):
    """A provider's offer to carry the package out."""

    text = paragraph("What you offer", 1000, required=True, id="bid-text")
    days = PersonDays("Estimated person-days", id="bid-days")


class SeveralForm(BoardForm):
    """New packages, one line each: title, then perhaps `|` (or a tab) and the effort."""

    lines = paragraph("One work package per line", 20_000, required=True)

    def drafts(self) -> list[Draft]:
        """What was written; ask after `validate`."""
        return [_draft(row) for row in _rows(self.lines.data)]

    def validate_lines(self, field: Any) -> None:
        """Every line must be a title with a readable effort; a wrong one is named by its number."""
        rows = _rows(field.data)
        if len(rows) > MAX_LINES:
            raise ValidationError(_("At most %(n)s lines at once.", n=MAX_LINES))
        problems = []
        for n, row in enumerate(rows, 1):
            try:
                draft = _draft(row)
            except ValueError:
                problems.append(_("Line %(n)s: the effort is not readable, write for example “Title | 5”.", n=n))
                continue
            if not draft.title:
                problems.append(_("Line %(n)s: the title is missing.", n=n))
            elif len(draft.title) > MAX_TITLE:
                problems.append(_("Line %(n)s: the title is longer than %(max)s characters.", n=n, max=MAX_TITLE))
        if problems:
            raise ValidationError(" ".join(problems[:5]))


class PackageForm(BoardForm):
    """All that people write about a package."""

    title = line("Title", MAX_TITLE, required=True)
    effort = PersonDays("Effort in person-days")
    text = paragraph("What is to be done", 20_000)
    deliverables = paragraph("Deliverables", 5_000)
    acceptance = paragraph("Acceptance criteria", 5_000)
    owner = line("Responsible", 160)
    funder = line("Funded by", 160)
    due_on = DateField("Due date", validators=[Optional()])
    milestone = SelectField("Milestone", default="")
    points = PersonDays("Story points", id="points")
    cluster = line("Cluster", 80)
    skills = SelectMultipleField("Skills asked for", choices=[], default=(), option_widget=CheckboxInput())
    links = paragraph("Links", 8_000)
    text_version = IntegerField("Text version", validators=[InputRequired()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.skills.choices = [(skill, _(label)) for skill, label in SKILLS.items()]
        self.milestone.choices = [("", _("no milestone")), *((str(goal.id), goal.name) for goal in milestones())]

    @classmethod
    def of(cls, draft: Draft, text_version: int) -> "PackageForm":
        """Filled with what the package says."""
        links = "\n".join(f"{title} | {url}" for title, url in draft.links)
        milestone = str(draft.milestone_id or "")
        return cls(data={**draft.__dict__, "links": links, "milestone": milestone, "text_version": text_version})

    def draft(self) -> Draft:
        """What was written; ask after `validate`."""
        apart = {"links", "skills", "milestone", "text_version"}
        words = {name: field.data for name, field in self._fields.items() if name not in apart}
        return Draft(
            **words,
            milestone_id=int(self.milestone.data) if self.milestone.data else None,
            skills=tuple(sorted(self.skills.data or ())),
            links=tuple(_link(row) for row in _rows(self.links.data)),
        )

    def validate_links(self, field: Any) -> None:
        """Every link has a title and an address."""
        rows = _rows(field.data)
        if len(rows) > MAX_LINKS:
            raise ValidationError(_("At most %(n)s lines at once.", n=MAX_LINKS))
        for n, row in enumerate(rows, 1):
            title, url = _link(row)
            if not title or not url.lower().startswith(("https://", "http://")) or len(url) > 500 or " " in url:
                raise ValidationError(_("Line %(n)s: write “Title | https://…”.", n=n))
            if len(title) > 160:
                raise ValidationError(_("Line %(n)s: the title is longer than %(max)s characters.", n=n, max=160))

    def validate_text_version(self, field: Any) -> None:
        """A number that the database can hold."""
        if field.data is not None and not 0 < field.data < 10**9:
            raise ValidationError(_("The request could not be understood."))


class DependForm(BoardForm):
    """The package that this one waits for, by its key."""

    on = line("Waits for", 12, required=True, id="depend-on")

    def validate_on(self, field: Any) -> None:
        """AP-7, ap-7 or 7."""
        if field.data and not _KEY.fullmatch(field.data):
            raise ValidationError(_("Enter the key of a work package, such as AP-7."))

    def number(self) -> int:
        """The package's id; ask after `validate`."""
        found = _KEY.fullmatch(self.on.data or "")
        return int(found[1]) if found else 0


class SplitForm(BoardForm):
    """What comes off a package, one part a line: title, person-days, story points."""

    lines = paragraph("Parts, one per line", 20_000, required=True)

    def parts(self) -> list[Part]:
        """What was written; ask after `validate`."""
        return [_part(row) for row in _rows(self.lines.data)]

    def validate_lines(self, field: Any) -> None:
        """Every line is a title with readable numbers; a wrong one is named."""
        rows = _rows(field.data)
        if len(rows) > MAX_LINES:
            raise ValidationError(_("At most %(n)s lines at once.", n=MAX_LINES))
        for n, row in enumerate(rows, 1):
            try:
                part = _part(row)
            except ValueError:
                raise ValidationError(
                    _("Line %(n)s: the effort is not readable, write for example “Title | 5”.", n=n)
                ) from None
            if not part.title:
                raise ValidationError(_("Line %(n)s: the title is missing.", n=n))
            if len(part.title) > MAX_TITLE:
                raise ValidationError(_("Line %(n)s: the title is longer than %(max)s characters.", n=n, max=MAX_TITLE))


class MergeForm(BoardForm):
    """The package that the other one becomes part of."""

    into = SelectField("Goes into", choices=[], id="merge-into")

    def __init__(self, *args: Any, choices: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.into.choices = [(str(number), words) for number, words in choices]


def inputs(**given: BoardForm) -> dict[str, BoardForm]:
    """All small forms of a package's page, empty but for the one that was sent."""
    empty: dict[str, Callable[[], BoardForm]] = {
        "claim": ClaimForm, "renew": RenewForm, "hold": HoldForm, "commission": CommissionForm, "bid": BidForm,
    }  # fmt: skip
    return {name: given.get(name) or make() for name, make in empty.items()}


def _rows(value: str | None) -> list[str]:
    return [row.strip() for row in (value or "").split("\n") if row.strip()]


def _draft(row: str) -> Draft:
    title, _bar, effort = row.replace("\t", "|").partition("|")
    return Draft(title=" ".join(title.split()), effort=parse_days(effort.strip(" |")))


def _part(row: str) -> Part:
    title, effort, points, *_more = [cell.strip() for cell in row.replace("\t", "|").split("|")] + ["", ""]
    return Part(" ".join(title.split()), parse_days(effort), parse_days(points))


def _link(row: str) -> tuple[str, str]:
    title, _bar, url = row.rpartition("|")
    return " ".join(title.split()), url.strip()
