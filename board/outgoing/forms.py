"""The form of an endpoint."""

import re
from collections.abc import Sequence
from typing import Any

from wtforms import HiddenField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from board import outbound
from board.forms import BoardForm, line
from board.i18n import gettext as _
from board.outgoing.endpoints import Wishes
from board.outgoing.words import KINDS, REASONS
from board.partners.field import PartnerField


class EndpointForm(BoardForm):
    """What can be said about an endpoint at any time. `public_id` came with the page: sent twice, it makes one."""

    url = line("Address (URL)", 1000, required=True)
    description = line("Description", 120)
    kinds = SelectMultipleField("What it is told of", choices=[], default=(), option_widget=CheckboxInput())
    partner = PartnerField("Partner", default="")
    public_id = HiddenField()

    def __init__(self, formdata: Any = None, *, listed: Sequence[str], **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.listed = listed
        self.kinds.choices = [(kind, _(label)) for kind, label in KINDS.items()]
        self.partner.offer(none=_("of all partners"))

    def validate_url(self, field: Any) -> None:
        """An address that the operator allows; where it leads is looked up when it is called."""
        try:
            outbound.place(field.data or "", self.listed)
        except outbound.Barred as why:
            raise ValidationError(_(REASONS[why.code])) from None

    def validate_kinds(self, field: Any) -> None:
        """One at least."""
        if not field.data:
            raise ValidationError(_("Choose at least one kind."))

    def validate_public_id(self, field: Any) -> None:
        """128 bits in hexadecimal, or none where an endpoint is changed."""
        if field.data and not re.fullmatch(r"[0-9a-f]{32}", field.data):
            raise ValidationError(_("Please open the page anew."))

    def wishes(self) -> Wishes:
        """From a valid form."""
        return Wishes(
            self.url.data or "", tuple(self.kinds.data or ()), self.description.data or "",
            int(self.partner.data) if self.partner.data else None,
        )  # fmt: skip
