"""The form that saves a view."""

from typing import Any

from wtforms import HiddenField, SelectField
from wtforms.validators import Length

from board.forms import BoardForm, line
from board.i18n import gettext as _
from board.policy import Actor
from board.saved.models import ALL, FACES, NAME, PARTNER, PRIVATE


class ViewForm(BoardForm):
    """A name, who sees it, and the address that it is made of; `saved/_views.html` writes the fields itself."""

    name = line("Name of the view", NAME, required=True)
    audience = SelectField("Who sees it", default=PRIVATE)
    face = SelectField("Shown as")
    query = HiddenField(validators=[Length(max=2000)])

    def __init__(self, formdata: Any = None, *, by: Actor, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.face.choices = [(face, face) for face in FACES]
        self.audience.choices = audiences(by)


def audiences(by: Actor) -> list[tuple[str, str]]:
    """Who may be let see a view: (value, label)."""
    shared = [(PARTNER, _("all who act for %(partner)s", partner=by.partner.name))] if by.partner else []
    everybody = [(ALL, _("everybody who is signed in"))] if by.is_product_owner else []
    return [(PRIVATE, _("only I")), *shared, *everybody]
