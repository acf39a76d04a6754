"""The forms of the administration. Their labels are message ids; the settings' form is made from their registry."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, SelectField
from wtforms.validators import InputRequired

from board.config import Config
from board.forms import BoardForm, between, line, paragraph, web_address
from board.i18n import gettext as _
from board.legal.pages import template
from board.settings.current import initial
from board.settings.registry import DEFINITIONS, LINE, PAGE, Definition, Settings, Value

SHOWN = tuple(definition for definition in DEFINITIONS if not definition.page)


class SettingsForm(BoardForm):
    """All settings that are no pages. `seen` tells which state the form showed."""

    seen = HiddenField()

    def values(self, config: Config) -> dict[str, Value | None]:
        """What to change each setting to; None where it is the initial value."""
        begun = initial(config)
        given = {d.name: self[d.name].data for d in SHOWN}
        given = {name: value or "" if value is None else value for name, value in given.items()}
        return {name: None if value == getattr(begun, name) else value for name, value in given.items()}


@cache
def _settings_form(kinds: tuple[tuple[Definition, type], ...]) -> type[SettingsForm]:
    return type("_SettingsForm", (SettingsForm,), {d.name: _field(d, kind) for d, kind in kinds})


def settings_form(config: Config, data: Any, now: Settings) -> SettingsForm:
    """The form, filled with what was sent or with what holds now."""
    made = _settings_form(tuple((d, d.kind(config)) for d in SHOWN))
    return made(data, data=vars(now) | {"seen": state(now)})


def state(now: Settings) -> str:
    """A short text that is another after every change."""
    return "-".join(map(str, now.stamp[:2])) if now.stamp else ""


def _field(definition: Definition, kind: type) -> Any:
    label, told = definition.label, definition.sentence
    if kind is bool:
        return BooleanField(label, description=told)
    if kind is int:
        return IntegerField(
            label, description=told, validators=[InputRequired(), between(definition.low, definition.high)]
        )
    if definition.high > LINE:
        return paragraph(label, definition.high, description=told)
    field = line(label, definition.high, description=told)
    if definition.name == "source_url":
        field.kwargs["validators"].append(web_address)  # type: ignore[attr-defined]
    return field


class PageForm(BoardForm):
    """A legal page in both languages."""

    seen = HiddenField()
    de = paragraph("German", PAGE)
    en = paragraph("English", PAGE)

    def values(self, name: str) -> dict[str, str | None]:
        """What to change the two settings to; None where it is the template as it was."""
        return {
            f"{name}_{locale}": None if text in {"", template(name, locale).strip()} else text
            for locale, text in (("de", self.de.data or ""), ("en", self.en.data or ""))
        }


class AppointForm(BoardForm):
    """What a person may do across partners."""

    is_product_owner = BooleanField("Product owner", description="Orders proposals and records decisions.")
    is_admin = BooleanField("Administrator", description="Runs the board; casts no ballots.")


class EnrolForm(BoardForm):
    """A seat in a partner."""

    partner = SelectField("Partner", validators=[InputRequired()])
    role = SelectField("Role", validators=[InputRequired()])

    def __init__(self, formdata: Any = None, *, partners: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.partner.choices = [("", ""), *((str(number), name) for number, name in partners)]
        self.role.choices = [("member", _("member")), ("delegate", _("delegate"))]
