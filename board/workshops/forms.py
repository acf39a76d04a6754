"""Forms of workshops."""

import re
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import and_
from wtforms import DateTimeLocalField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from board.forms import BoardForm, line, paragraph, tidy, web_address
from board.i18n import BERLIN, today
from board.i18n import gettext as _
from board.partners.field import PartnerField
from board.partners.models import Partner
from board.voting.forms import day, one_of
from board.voting.models import Choice
from board.workshops.verbs import Plan

VOTERS = and_(Partner.votes, Partner.paused_at.is_(None))
"""The condition that a partner votes now."""
KEY = re.compile(r"(FV|AP)-?0*([1-9]\d{0,8})", re.IGNORECASE)


class WorkshopForm(BoardForm):
    """What is announced."""

    title = line("Title", 120, required=True)
    held_on = day("Date of the workshop", required=True)
    begins = StringField("Begins at", filters=[tidy], validators=[Optional(), Regexp(r"^([01]?\d|2[0-3]):[0-5]\d$")])
    place = line("Place or link", 200)
    text = paragraph("What it is about", 5000)

    def plan(self) -> Plan:
        """What was written; ask after `validate`."""
        return Plan(
            title=self.title.data or "",
            held_on=self.held_on.data or today(),
            begins=self.begins.data or "",
            place=self.place.data or "",
            text=self.text.data or "",
        )


class KeyForm(BoardForm):
    """A proposal or a work package for the agenda."""

    key = StringField("Key", filters=[tidy], validators=[InputRequired(), Regexp(KEY.pattern + "$", re.IGNORECASE)])

    @property
    def found(self) -> tuple[str, int]:
        """("FV", 12); ask after `validate`."""
        match = KEY.fullmatch(self.key.data or "")
        return (match[1].upper(), int(match[2])) if match else ("FV", 0)


class TalkForm(BoardForm):
    """An impulse talk with its link."""

    title = line("Impulse talk", 160, required=True, id="talk-title")
    partner = PartnerField("Partner", validators=[Optional()], id="talk-partner")
    url = StringField("Web address", filters=[tidy], validators=[web_address, Length(max=500)], id="talk-url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partner.offer(VOTERS, none=_("no partner"))


class DraftForm(BoardForm):
    """What a partner said."""

    partner = PartnerField("Partner", validators=[InputRequired()])
    choice = StringField("Ballot", filters=[tidy], validators=[InputRequired(), one_of(Choice)])
    reason = paragraph("Reason", 2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partner.offer(VOTERS)


class CloseForm(BoardForm):
    """Until when answers still join the minutes; empty: none do."""

    late_until = DateTimeLocalField(
        "Late answers count until", format=["%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M"], validators=[Optional()]
    )

    def until(self) -> datetime | None:
        """The hour, as people in Germany mean it."""
        said: datetime | None = self.late_until.data
        return said.replace(tzinfo=BERLIN) if said else None


def usual_hour() -> datetime:
    """What is offered as the last hour: tomorrow at noon."""
    return datetime.combine(today() + timedelta(days=1), time(12))
