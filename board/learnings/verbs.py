"""Writing, changing and removing a learning, and saying that one was useful."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select

from board import text as texts
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.learnings.models import Learning, Occasion, Useful
from board.policy import Actor
from board.proposals.models import Proposal, touch
from board.work.models import Package, touch_package

AGAIN = timedelta(minutes=10)
TEXTS = ("configuration", "text", "privacy_notice", "press_release", "other_text")


@dataclass(frozen=True)
class Told:
    """What a partner tells; the texts are Markdown, or plain to be copied."""

    title: str
    effort: Decimal | None = None
    configuration: str = ""
    text: str = ""
    privacy_notice: str = ""
    press_release: str = ""
    other_text: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Subject:
    """What a learning is about; `place` found it on the board."""

    proposal_id: int | None = None
    package_id: int | None = None
    topic_id: int | None = None
    occasion: str = Occasion.FREE


def place(kind: str, number: int, occasion: str = Occasion.FREE) -> Subject:
    """A proposal (FV) or package (AP) as a subject; its topic goes with it. Raises Missing."""
    proposal_id: int | None = number
    if kind == "AP":
        proposal_id = db.session.scalar(select(Package.proposal_id).where(Package.id == number))
    topic_id = db.session.scalar(select(Proposal.topic_id).where(Proposal.id == proposal_id))
    if topic_id is None:
        raise Missing(_("There is no such proposal."))
    if kind == "AP":
        return Subject(proposal_id, number, topic_id)
    return Subject(number, None, topic_id, occasion)


def locked(learning_id: int) -> Learning:
    """The learning, held until the transaction ends. Raises Missing."""
    found = db.session.scalar(select(Learning).where(Learning.id == learning_id).with_for_update(key_share=True))
    if found is None:
        raise Missing(_("There is no such learning."))
    return found


def write(told: Told, on: Subject, by: Actor) -> Learning:
    """Tell the others. The same sent twice within ten minutes is one learning. Raises Denied."""
    again = _just_written(told, on, by)
    if again:
        return again
    made = Learning(partner_id=by.partner_id, person_id=by.person_id, **vars(on), **vars(told))
    made.search = _search(told)
    db.session.add(made)
    act(by, "learning.write", made, **_details(made))
    _touch(made)
    return made


def edit(learning: Learning, told: Told, version: int, by: Actor) -> None:
    """Put it differently; `version` is the one the writer had before them. Raises Denied, Conflict."""
    act(by, "learning.edit", learning, **_details(learning))
    if learning.version != version:
        raise Conflict(_("Somebody has changed this text in the meantime. Yours is kept below."), edited=True)
    for name, value in vars(told).items():
        setattr(learning, name, value)
    learning.search, learning.edited_at, learning.version = _search(told), now(), learning.version + 1
    _touch(learning)


def remove(learning: Learning, by: Actor) -> None:
    """Take it back for good; the log keeps that it was there."""
    act(by, "learning.remove", learning, **_details(learning))
    db.session.execute(delete(Useful).where(Useful.learning_id == learning.id))
    db.session.delete(learning)
    _touch(learning)


def thank(learning: Learning, useful: bool, by: Actor) -> None:
    """Say that it was useful to the partner acted for, or take that back; repeating is harmless. Raises Conflict."""
    if learning.partner_id == by.partner_id:
        raise Conflict(_("This learning is your partner's own."))
    found = db.session.get(Useful, (learning.id, by.partner_id or 0))
    if useful == bool(found):
        return
    act(by, "learning.thank", learning, useful=useful, **_details(learning))
    if found:
        db.session.delete(found)
    else:
        db.session.add(Useful(learning_id=learning.id, partner_id=by.partner_id or 0))
    _touch(learning)


def _details(learning: Learning) -> Mapping[str, Any]:
    """The number of the learning, once it has one, and whether it is about something on the board."""
    db.session.flush()
    return {"learning": learning.id, "free": learning.proposal_id is None}


def _touch(learning: Learning) -> None:
    if learning.package_id:
        touch_package(learning.package_id)
    if learning.proposal_id:
        touch(learning.proposal_id)


def _search(told: Told) -> str:
    return texts.fold(" ".join((told.title, *(getattr(told, name) for name in TEXTS))))


def _just_written(told: Told, on: Subject, by: Actor) -> Learning | None:
    same = [getattr(Learning, name) == value for name, value in (vars(on) | vars(told)).items() if value is not None]
    return db.session.scalar(
        select(Learning).where(Learning.partner_id == by.partner_id, Learning.written_at > now() - AGAIN, *same)
    )
