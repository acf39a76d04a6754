"""Forms of voting. Each names its component, so that a partial knows a form that is not its own."""

import enum
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from wtforms import BooleanField, DateField, Form, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from board.forms import BoardForm, line, paragraph, tidy, web_address, whole_number
from board.i18n import gettext as _
from board.i18n import today
from board.voting.models import Choice, OfferKind, ReuseStatus
from board.voting.offers import Wish
from board.voting.reuses import Record

MAX_DAYS = 9999


def one_of(values: type[enum.StrEnum]) -> Callable[[Form, Any], None]:
    """Validator: one of these words."""

    def check(_form: Form, field: Any) -> None:
        if field.data not in {v.value for v in values}:
            raise ValidationError(_("Not a valid choice."))

    return check


def not_later_than_today(_form: Form, field: Any) -> None:
    """Validator: what has happened did not happen in the future."""
    if field.data and field.data > today():
        raise ValidationError(_("This day is still to come."))


def sensible_day(_form: Form, field: Any) -> None:
    """Validator: a year that people mean; every calendar can show it."""
    if field.data and not date(1990, 1, 1) <= field.data <= date(2199, 12, 31):
        raise ValidationError(_("Not a valid date value."))


def a_quarter(_form: Form, field: Any) -> None:
    """Validator: a quarter such as 2027-Q1."""
    if not re.fullmatch(r"20\d\d-Q[1-4]", field.data or ""):
        raise ValidationError(_("Not a valid choice."))


def day(label: str, *validators: Callable[[Form, Any], None], required: bool = False) -> DateField:
    """A day, as browsers send it or as people type it."""
    first = InputRequired() if required else Optional()
    return DateField(label, format=["%Y-%m-%d", "%d.%m.%Y"], validators=[first, sensible_day, *validators])


class VotingForm(BoardForm):
    """What the forms of voting share."""

    component = ""

    def typed(self) -> Mapping[str, Any]:
        """What stood in each field, as it was typed: to show it again."""
        return {
            f.name: bool(f.data) if isinstance(f, BooleanField) else (f.raw_data[0] if f.raw_data else "") for f in self
        }


class BallotForm(VotingForm):
    """A choice, and a reason where it is given. `reason` is None when the form carried none."""

    component = "ballot"
    choice = StringField("Ballot", filters=[tidy], validators=[InputRequired(), one_of(Choice)])
    reason = paragraph("Reason", 2000)

    @property
    def given_reason(self) -> str | None:
        """The reason, "" when emptied, None when the form had no such field."""
        return (self.reason.data or "") if self.reason.raw_data else None

    def require_reason(self) -> bool:
        """`against` without a reason records nothing: the form asks for it. Returns whether that is so."""
        if self.choice.data != Choice.AGAINST or self.reason.data:
            return False
        self.reason.errors = [*self.reason.errors, _("A ballot against needs a reason.")]
        return True


class OffersForm(VotingForm):
    """All that a partner offers and asks; what is not ticked is withdrawn. `again` comes from an undo."""

    component = "offers"
    lead = BooleanField("Take the lead")
    pilot = BooleanField("Pilot it")
    co_fund = BooleanField("Co-fund it")
    use = BooleanField("Use it later")
    days = whole_number("Person-days", 1, MAX_DAYS)
    condition = paragraph("Condition", 1000)
    reserved = BooleanField("Subject to committee approval")
    reserved_body = line("Committee", 160)
    reserved_on = day("Date of the sitting")
    again = BooleanField("Undo")

    def wish(self) -> Wish:
        """What the form asks for."""
        ticked = frozenset(OfferKind(k) for k in ("lead", "pilot", "co_fund", "use") if self[k].data)
        return Wish(
            kinds=ticked,
            days=self.days.data,
            condition=self.condition.data or "",
            reserved=bool(self.reserved.data),
            reserved_body=self.reserved_body.data or "",
            reserved_on=self.reserved_on.data,
            again=bool(self.again.data),
        )


class ConfirmForm(VotingForm):
    """Which body confirmed which offer on which day; `undo` takes the confirmation back."""

    component = "confirm"
    kind = StringField("Offer", filters=[tidy], validators=[InputRequired(), one_of(OfferKind)])
    body = line("Confirmed by", 160, required=True)
    date = day("Date of the decision", not_later_than_today, required=True)


class ReuseForm(VotingForm):
    """How far a partner is with using a feature."""

    component = "reuse"
    status = StringField("Status", filters=[tidy], validators=[InputRequired(), one_of(ReuseStatus)])
    variant = line("Variant", 160)
    release = line("Version", 60)
    planned_for = StringField("Planned for", filters=[tidy], validators=[Optional(), a_quarter])
    link = StringField("Link", filters=[tidy], validators=[web_address, Length(max=500)])
    contact = line("Contact", 200)
    confirmed_on = day("Confirmed on", not_later_than_today)

    def record(self) -> Record:
        """What the form says."""
        return Record(
            status=ReuseStatus(self.status.data or ""),
            variant=self.variant.data or "",
            release=self.release.data or "",
            contact=self.contact.data or "",
            confirmed_on=self.confirmed_on.data,
            planned_for=self.planned_for.data or "",
            link=self.link.data or "",
        )
