"""Choosing what to hear of. Every function runs inside a transaction and begins with its right."""

from collections.abc import Collection

from sqlalchemy import delete, select, update

from board.accounts.models import Person
from board.activity.models import act
from board.db import db
from board.notifications.models import Choice, Sort, Watch
from board.policy import Actor


def choose(person: Person, wanted: Collection[str], by: Actor) -> None:
    """Hear of these sorts and no others."""
    act(by, "person.choose_mail", person, person=person.id)
    db.session.execute(delete(Choice).where(Choice.person_id == person.id))
    db.session.add_all([Choice(person_id=person.id, declined=sort.value) for sort in Sort if sort not in wanted])


def decline(person: Person, sort: Sort, by: Actor) -> None:
    """Hear no more of one sort. Repeating it is harmless."""
    act(by, "person.choose_mail", person, person=person.id)
    if db.session.get(Choice, (person.id, sort.value)) is None:
        db.session.add(Choice(person_id=person.id, declined=sort.value))


def watch(key: str, by: Actor) -> None:
    """Hear of a proposal, package, partner or topic. Repeating it is harmless."""
    found = db.session.get(Watch, (by.person_id, key))
    if found is None:
        found = Watch(person_id=by.person_id, key=key)
        db.session.add(found)
        act(by, "watch.start", found)


def unwatch(key: str, by: Actor) -> None:
    """Hear of it no more. Repeating it is harmless."""
    found = db.session.get(Watch, (by.person_id, key))
    if found is not None:
        act(by, "watch.stop", found)
        db.session.delete(found)


def hand_on(old: str, new: str) -> None:
    """Who watched one thing watches the other one from now on: it has become part of it. Not a right of anybody's."""
    there = select(Watch.person_id).where(Watch.key == new)
    db.session.execute(delete(Watch).where(Watch.key == old, Watch.person_id.in_(there)))
    db.session.execute(update(Watch).where(Watch.key == old).values(key=new))
