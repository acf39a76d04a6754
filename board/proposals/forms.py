"""Forms of proposals: writing one or several, deciding, reopening."""

import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from wtforms import DateField, HiddenField, SelectField
from wtforms.validators import InputRequired, Length, ValidationError

from board.forms import BoardForm, line, paragraph
from board.i18n import gettext as _
from board.i18n import today
from board.proposals.models import Proposal
from board.proposals.writing import Draft, Link, as_draft, mark

DATES = ["%Y-%m-%d", "%d.%m.%Y"]
FARTHEST = timedelta(days=731)
TEXT_LENGTH = 20_000
MOST_LINKS = 20
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def not_past(_form: Any, field: Any) -> None:
    """Validator: today or later, at most two years ahead."""
    if field.data and not today() <= field.data <= today() + FARTHEST:
        raise ValidationError(_("Choose a day from today on, at most two years ahead."))


def not_future(_form: Any, field: Any) -> None:
    """Validator: today or earlier."""
    if field.data and not date(1990, 1, 1) <= field.data <= today():
        raise ValidationError(_("A decision lies in the past: choose today or an earlier day."))


class ProposalForm(BoardForm):
    """What a proposal says. Links stand one per line: title, then address."""

    title = line("Title", 120, required=True)
    text = paragraph("Need", TEXT_LENGTH, required=True)
    topic = SelectField("Topic", validators=[InputRequired()])
    vote_by = DateField("Answer by", format=DATES, validators=[InputRequired(), not_past])
    links = paragraph("Links", 8_000)
    summary = paragraph("Summary for lists", 240)
    title_en = line("Title in English", 120)
    summary_en = paragraph("Summary in English", 240)
    text_en = paragraph("Need in English", TEXT_LENGTH)
    once = HiddenField(validators=[Length(max=32)])
    edition = HiddenField(validators=[Length(max=16)])

    def __init__(self, formdata: Any = None, *, topics: list[tuple[int, str, str]], **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.topic_ids = {slug: number for number, slug, _label in topics}
        self.topic.choices = [("", _("Please choose")), *((slug, label) for _id, slug, label in topics)]

    def validate_topic(self, field: Any) -> None:
        """A choice is needed."""
        if field.data not in self.topic_ids:
            raise ValidationError(_("Please choose a topic."))

    def validate_links(self, field: Any) -> None:
        """Every line holds an address."""
        for row in (field.data or "").splitlines():
            if row.strip():
                _link(row)
        if len(self.link_list()) > MOST_LINKS:
            raise ValidationError(_("At most %(n)s links.", n=MOST_LINKS))

    def link_list(self) -> tuple[Link, ...]:
        """The links of a valid form."""
        return tuple(_link(row) for row in (self.links.data or "").splitlines() if row.strip())

    def draft(self) -> Draft:
        """What a valid form says."""
        words = ("title", "text", "summary", "title_en", "summary_en", "text_en")
        return Draft(
            topic_id=self.topic_ids[self.topic.data],
            vote_by=self.vote_by.data,
            links=self.link_list(),
            **{name: getattr(self, name).data or "" for name in words},
        )


class EditForm(ProposalForm):
    """The same for a proposal that is there; its answer-by date may have passed if it is left as it was."""

    def __init__(self, formdata: Any, proposal: Proposal, *, topics: list[tuple[int, str, str]]) -> None:
        self.was_due = proposal.vote_by
        super().__init__(formdata, topics=topics, data=_data(proposal, topics))

    vote_by = DateField("Answer by", format=DATES, validators=[InputRequired()])

    def validate_vote_by(self, field: Any) -> None:
        """Not past, unless it is what it was."""
        if field.data != self.was_due:
            not_past(self, field)


def _data(proposal: Proposal, topics: list[tuple[int, str, str]]) -> dict[str, Any]:
    """A proposal as its form shows it."""
    draft = as_draft(proposal)
    return vars(draft) | {
        "topic": next((slug for number, slug, _label in topics if number == proposal.topic_id), ""),
        "links": "\n".join(f"{link.title} {link.url}" for link in draft.links),
        "edition": mark(draft),
    }


def _link(row: str) -> Link:
    """`Title https://…` as a link; without a title its host stands for it. Raises ValidationError."""
    found = _ADDRESS.search(row)
    try:
        host = urlsplit(found[0]).hostname if found else None
    except ValueError:
        host = None
    if found is None or not host:
        raise ValidationError(_("No address that starts with https:// in the line “%(line)s”.", line=row.strip()[:60]))
    if len(found[0]) > 500:
        raise ValidationError(_("This address is too long: %(line)s", line=found[0][:60]))
    title = " ".join((row[: found.start()] + row[found.end() :]).split()).strip(" ,;:|–-")
    return Link(title=title[:160] or host, url=found[0])


class SeveralForm(BoardForm):
    """Pasted lines or cells, and what holds for rows that say nothing else. `seen` is what the preview showed."""

    lines = paragraph("Lines or cells", 400_000, required=True)
    topic = SelectField("Topic for rows without one", default="")
    vote_by = DateField("Answer by, for rows without a date", format=DATES, validators=[InputRequired(), not_past])
    once = HiddenField(validators=[Length(max=32)])
    seen = HiddenField(validators=[Length(max=32)])

    def __init__(self, formdata: Any = None, *, topics: list[tuple[int, str, str]], **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.topic.choices = [("", _("Please choose")), *((slug, label) for _id, slug, label in topics)]


class DecisionForm(BoardForm):
    """Who decided, when, and why."""

    body = line("Decided by (body)", 160, required=True, id="decision-body")
    decided_on = DateField(
        "Decided on", format=DATES, validators=[InputRequired(), not_future], id="decision-decided_on"
    )
    reason = paragraph("Reason of the decision", 2000, required=True, id="decision-reason")
    without_estimate = paragraph("Why without a valid estimate", 500, id="decision-without_estimate")


class ReopenForm(BoardForm):
    """Until when the partners are asked anew."""

    vote_by = DateField("Answer by", format=DATES, validators=[InputRequired(), not_past], id="reopen-vote_by")
