"""A form's field for one partner: a list to choose from while they are few, a name to type where they are thousands."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from wtforms import SelectField, ValidationError
from wtforms.widgets import TextInput

from board.db import db
from board.i18n import gettext as _
from board.partners import names
from board.partners.models import Partner
from board.text import clean

MAX_WORDS = 120


class PartnerField(SelectField):
    """The id of a partner as text, "" for none; of more than `names.CHOICES` one types the name or the short form.

    A name that several bear, or nobody, is told with the short forms of those that may be meant.
    """

    def __init__(self, label: str, validators: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, list(validators), choices=[], **kwargs)
        self._where: tuple[ColumnElement[bool], ...] = ()
        self._typed = ""
        self._none = ""

    def offer(self, *where: ColumnElement[bool], none: str = "") -> None:
        """From now on one of these can be chosen; `none` says what it means to choose nobody."""
        self._where, self._none = where, none
        found = names.by_id(*where)
        if found is None:
            self.widget, self.validate_choice = TextInput(), False
        self.choices = [("", none), *((str(number), name) for number, name in found or ())]

    @property
    def too_many(self) -> bool:
        """Whether one types a name."""
        return isinstance(self.widget, TextInput)

    @property
    def hint(self) -> str:
        """What one types and, where nobody can be chosen, what an empty field means; a list shows both by itself."""
        if not self.too_many:
            return ""
        return _("Name or short form; empty: %(none)s.", none=self._none) if self._none else _("Name or short form.")

    def pre_validate(self, form: Any) -> None:
        """Find out who is meant by what was typed. Raises ValidationError unless that is one partner."""
        if not self.too_many:
            return super().pre_validate(form)
        self._typed = clean(self.data or "")[:MAX_WORDS]
        like = names.meant(self._typed, *self._where) if self._typed else []
        if self._typed and not like:
            raise ValidationError(_("No partner is called “%(words)s”.", words=self._typed))
        if len(like) > 1:
            said = ", ".join(f"{name} ({slug})" for slug, name in like)
            raise ValidationError(
                _("Which partner is meant? Its short form in brackets is enough: %(names)s", names=said)
            )
        self.data = str(db.session.scalar(select(Partner.id).where(Partner.slug == like[0][0]))) if like else ""
        return None

    def _value(self) -> str:
        """What stands in the field: what was typed, or the short form of the one that is chosen."""
        if self._typed or not names.is_id(self.data or ""):
            return self._typed
        return db.session.scalar(select(Partner.slug).where(Partner.id == int(self.data))) or ""
