"""The small forms of the inbox."""

import re
from typing import Any

from wtforms import SelectField
from wtforms.validators import ValidationError

from board.forms import BoardForm, line
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


class DismissForm(BoardForm):
    """Why an issue is not for the board."""

    reason = line("Reason", 200, required=True)
