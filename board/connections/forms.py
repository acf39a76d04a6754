"""The forms of connections and their label rules."""

import re
from typing import Any

from wtforms import BooleanField, HiddenField, PasswordField, SelectField
from wtforms.validators import Length, ValidationError

from board.connections.words import PROVIDERS
from board.forms import BoardForm, line, tidy
from board.i18n import gettext as _
from board.issues import connections
from board.issues.connections import Wishes
from board.partners.field import PartnerField

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


class _Settings(BoardForm):
    """What can be said about a connection at any time."""

    name = line("Name", 120, required=True)
    instance = line("Host of the forge", 200)
    accept_new = BooleanField("Accept every repository that sends to this address")
    show_private = BooleanField("Show issues of private repositories")
    token = PasswordField("Access token", filters=[tidy], validators=[Length(max=400)])

    def validate_instance(self, field: Any) -> None:
        """A host name, with or without https://."""
        if field.data and not _HOST.fullmatch(connections.host_of(field.data)):
            raise ValidationError(_("Enter a host such as gitlab.opencode.de."))

    def wishes(self, provider: str, **more: Any) -> Wishes:
        """From a valid form."""
        return Wishes(
            provider, self.name.data or "", instance=self.instance.data or "", accept_new=bool(self.accept_new.data),
            show_private=bool(self.show_private.data), token=self.token.data or "", **more,
        )  # fmt: skip


class NewForm(_Settings):
    """A connection to be made. `public_id` was made with the page, so that sending it twice makes one."""

    provider = SelectField("Forge")
    public_id = HiddenField()

    def __init__(self, formdata: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, **kwargs)
        self.provider.choices = [(p.value, label) for p, label in PROVIDERS.items()]

    def validate_public_id(self, field: Any) -> None:
        """128 bits in hexadecimal."""
        if not re.fullmatch(r"[0-9a-f]{32}", field.data or ""):
            raise ValidationError(_("Please open the page anew."))


class EditForm(_Settings):
    """A connection to be changed; an empty token keeps the stored one."""

    forget_token = BooleanField("Forget the stored access token")


EFFECTS = {
    "topic": "names the topic", "partner": "names the partner", "dismiss": "dismisses the issue",
    "propose": "makes a proposal of it",
}  # fmt: skip


class RuleForm(BoardForm):
    """What a label means."""

    label = line("Label", 200, required=True)
    effect = SelectField("Effect")
    topic = SelectField("Topic", default="")
    partner = PartnerField("Partner", default="")

    def __init__(
        self,
        formdata: Any = None,
        *,
        topics: list[tuple[int, str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(formdata, **kwargs)
        self.effect.choices = [(value, _(text)) for value, text in EFFECTS.items()]
        self.topic.choices = [("", _("Please choose")), *((str(number), label) for number, _slug, label in topics)]
        self.partner.offer(none=_("Please choose"))

    def validate_topic(self, field: Any) -> None:
        """Needed where the rule names a topic or makes a proposal."""
        if self.effect.data in {"topic", "propose"} and not field.data:
            raise ValidationError(_("Please choose a topic."))

    def validate_partner(self, field: Any) -> None:
        """Needed where the rule names a partner."""
        if self.effect.data == "partner" and not field.data:
            raise ValidationError(_("Please choose a partner."))

    @property
    def topic_id(self) -> int | None:
        """The topic, from a valid form; only where the effect has one."""
        return int(self.topic.data) if self.topic.data and self.effect.data in {"topic", "propose"} else None

    @property
    def partner_id(self) -> int | None:
        """The partner, from a valid form; only where the effect has one."""
        return int(self.partner.data) if self.partner.data and self.effect.data == "partner" else None
