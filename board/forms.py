"""The base form on WTForms: cleaned text, messages in the person's language, and fields used by several features."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict
from wtforms import Form, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta
from wtforms.validators import DataRequired, Length, Optional, ValidationError
from wtforms.widgets import Input

from board import text
from board.i18n import current_locale, long_date, translate_plural
from board.i18n import gettext as _


class _Translations:
    """What WTForms asks for its own messages; their English texts are message ids of our catalogue."""

    def gettext(self, string: str) -> str:
        return _(string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return translate_plural(current_locale(), singular, plural, n)


_TRANSLATIONS = _Translations()


def attributes(**given: Any) -> Markup:
    """HTML attributes as WTForms writes them; its three pieces of markup for each take five times as long."""
    told = []
    for name, value in sorted(given.items()):
        name = name.rstrip("_")
        if name.startswith(("data_", "aria_")):
            name = name.replace("_", "-")
        if value is not False:
            told.append(name if value is True else name + '="' + str(escape(value)).replace('"', "&quot;") + '"')
    return Markup(" ".join(told))  # noqa: S704 - each value is escaped


class BoardForm(Form):
    """A form that takes listed fields only. Its labels are English message ids, translated where they are shown."""

    class Meta(DefaultMeta):
        """Messages come from the board's own catalogues, attributes from `attributes`."""

        def get_translations(self, _form: BaseForm) -> _Translations:
            """The request's language."""
            return _TRANSLATIONS

        def bind_field(
            self, form: BaseForm, unbound_field: "UnboundField[Any]", options: MutableMapping[str, Any]
        ) -> Any:
            """What a hidden field carries is tidied like all texts: no database takes a NUL."""
            if issubclass(unbound_field.field_class, HiddenField):
                options = {"filters": [lambda value: value and text.clean(value)], **options}
            field = super().bind_field(form, unbound_field, options)
            if isinstance(field.widget, Input):
                field.widget.html_params = attributes  # type: ignore[method-assign]
            return field

    def __init__(self, formdata: MultiDict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)


@dataclass(frozen=True)
class Difference:
    """A field in which another's version differs from what somebody typed; `value` as it is shown."""

    id: str
    label: str
    value: str


def differences(mine: Form, theirs: Form) -> list[Difference]:
    """What stands otherwise in `theirs`, a form of the same kind filled with what is stored now, field by field."""
    found = []
    for name, field in theirs._fields.items():
        other = mine[name]
        if not isinstance(field, HiddenField) and _shown(field) != _shown(other):
            found.append(Difference(other.id, field.label.text, _shown(field)))
    return found


def _shown(field: Any) -> str:
    """A field's value as people read it."""
    if isinstance(field, SelectMultipleField):
        return ", ".join(str(choice[1]) for choice in field.choices or () if choice[0] in (field.data or ()))
    if isinstance(field, SelectField):
        return next((str(choice[1]) for choice in field.choices or () if choice[0] == field.data), "")
    if isinstance(field.data, date):
        return long_date(field.data, current_locale())
    if field.data is None:
        return ""
    return field._value().strip().replace("\r\n", "\n") if hasattr(field, "_value") else str(field.data)


def tidy(value: str | None) -> str:
    """Filter for text fields."""
    return text.clean(value or "")


def line(label: str, maximum: int, *, required: bool = False, **kwargs: Any) -> StringField:
    """One line of text."""
    return StringField(label, filters=[tidy, _one_line], validators=_limits(maximum, required), **kwargs)


def paragraph(label: str, maximum: int, *, required: bool = False, **kwargs: Any) -> TextAreaField:
    """Text of several lines."""
    return TextAreaField(label, filters=[tidy], validators=_limits(maximum, required), **kwargs)


def whole_number(label: str, low: int, high: int, **kwargs: Any) -> IntegerField:
    """An optional whole number within bounds."""
    return IntegerField(label, validators=[Optional(), between(low, high)], **kwargs)


def between(low: float, high: float) -> Callable[[Form, Any], None]:
    """Validator: the number lies within bounds (both included)."""

    def check(_form: Form, field: Any) -> None:
        if field.data is not None and not low <= field.data <= high:
            raise ValidationError(_("Enter a number from %(low)s to %(high)s.", low=low, high=high))

    return check


def web_address(_form: Form, field: Any) -> None:
    """Validator: empty, or an http(s) address."""
    if field.data and not field.data.lower().startswith(("https://", "http://")):
        raise ValidationError(_("Enter an address that starts with https://."))


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _limits(maximum: int, required: bool) -> list[Any]:
    return [DataRequired() if required else Optional(strip_whitespace=False), Length(max=maximum)]
