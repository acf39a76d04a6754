"""The forms of the administration. Their labels are message ids; the settings' form is made from their registry."""

import re
from functools import cache
from typing import Any

from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField
from wtforms.validators import InputRequired, Optional, ValidationError

from board.config import Config
from board.forms import BoardForm, between, line, paragraph, web_address, whole_number
from board.i18n import gettext as _
from board.i18n import today
from board.legal.pages import template
from board.partners.field import PartnerField
from board.partners.models import Kind, Partner
from board.partners.names import HERE
from board.partners.verbs import Facts
from board.settings.current import initial
from board.settings.registry import DEFINITIONS, LINE, PAGE, Definition, Settings, Value

ADDRESS = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']+")
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
    is_host = BooleanField("Host", description="Leads transfer workshops; casts no ballot for others.")


class EnrolForm(BoardForm):
    """A seat in a partner."""

    partner = PartnerField("Partner", validators=[InputRequired()])
    role = SelectField("Role", validators=[InputRequired()])

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.partner.offer(HERE)
        self.role.choices = [("member", _("member")), ("delegate", _("delegate"))]


class PartnerForm(BoardForm):
    """What is known about a partner. The address is chosen once, so that links to it stay true."""

    slug = line(
        "Name in the address",
        60,
        required=True,
        description="Small letters, digits and hyphens, such as bad-neustadt. It cannot be changed later.",
    )
    name = line("Name", 120, required=True)
    official_name = line("Official name", 200, description="Such as Stadt Ulm or Landkreis Harz.")
    sign = line("Sign", 2, required=True, description="One or two letters for its circle.")
    kind = SelectField("Kind", validators=[InputRequired()])
    votes = BooleanField("Has a vote", description="As the cooperation agreement says. Providers never vote.")
    ags = line(
        "Official municipality key (AGS)",
        8,
        description="Eight digits, of a county five; a leading zero belongs to it.",
    )
    state = line("State", 40)
    population = whole_number("Inhabitants", 0, 100_000_000)
    population_on = DateField("Inhabitants as of", validators=[Optional()])
    funded_until = DateField(
        "Funded until", validators=[Optional()], description="The roadmap warns where work would end before it is due."
    )
    contact = line("Contact point", 200, description="An office rather than a person: it is public.")

    def __init__(self, formdata: Any = None, obj: Any = None, *, slug: str = "", **kwargs: Any) -> None:
        super().__init__(formdata, obj=obj, **kwargs)
        self.kind.choices = [
            ("municipality", _("Municipality")), ("county", _("County")), ("association", _("Association")),
            ("provider", _("Provider")),
        ]  # fmt: skip
        if slug:
            self.slug.data = slug

    def facts(self, known: Partner | None = None) -> Facts:
        """What the form says; what it does not ask for stays as known."""
        given = {name: field.data for name, field in self._fields.items()}
        given |= {"ags": given["ags"] or None, "kind": Kind(given["kind"])}
        if known is not None:
            given |= {"slug": known.slug, "cohort": known.cohort, "fictional": known.fictional}
        return Facts(**given)


class LeaveForm(BoardForm):
    """The day on which a partner left."""

    on = DateField("On which day", validators=[InputRequired()])

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **({"data": {"on": today()}} | kwargs))


class MergeForm(LeaveForm):
    """Into which partner, and the day."""

    into = PartnerField("Becomes part of", validators=[InputRequired()])

    def __init__(self, formdata: Any = None, *, but: int, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.into.offer(HERE, Partner.id != but)


class TopicForm(BoardForm):
    """A topic in both languages."""

    label_de = line("Name, German", 80, required=True)
    label_en = line("Name, English", 80, required=True)


class TrialForm(BoardForm):
    """Where a trial mail goes."""

    to = line("To which address", 254, required=True)

    def validate_to(self, field: Any) -> None:
        """Something that can be an address."""
        if not ADDRESS.fullmatch(field.data or ""):
            raise ValidationError(_("This is no e-mail address."))
