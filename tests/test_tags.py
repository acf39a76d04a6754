"""Tags of pages: who has a page with its tag is told that it is the same, so any change on it moves the tag."""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from flask import Flask

from board.accounts.models import Person
from board.db import db, transaction
from board.milestones.models import Milestone
from board.partners.models import Partner
from board.partners.verbs import Facts, edit, pause
from board.proposals import topics
from board.proposals.models import Proposal, Topic
from board.work.models import Package
from tests.conftest import Browser
from tests.factories import cast, claim, comment, make_package, make_proposal, milestone
from tests.people import Cast
from tests.webhooks.forge import Forge, github_issue

PAGES = (
    "/", "/proposals", "/proposals/table", "/proposals/FV-1", "/work", "/packages/AP-1", "/partners/aalen", "/roadmap",
)  # fmt: skip


@pytest.fixture
def forge(app: Flask, people: Cast) -> Forge:
    """FV-1 and AP-1 stand on the board, planned for a milestone and talked about; a forge knows of them."""
    with app.app_context():
        make_package(people, make_proposal(people))
        comment(people.cleo.actor, "Gern.", 1)
        cast(people, 1, "for", people.cleo.actor)
        claim(1, people.cleo.actor)
        goal = milestone(people)
        with transaction():
            for planned in (db.session.get_one(Proposal, 1), db.session.get_one(Package, 1)):
                planned.milestone_id = goal
        return Forge(app, "github")


def told(day: int, **changes: Any) -> Callable[[Forge, Cast], object]:
    named = {"title": "Karte", "body": "Teil von FV-1 und AP-1", "updated_at": f"2026-03-0{day}T10:00:00Z"}
    return lambda forge, _people: forge.post(github_issue(**(named | changes)))


def rename_milestone(_forge: Forge, people: Cast) -> None:
    db.session.get_one(Milestone, 1).edit(people.pia.actor, name="Stadt-App 3.0", due_on=None)


def end_milestone(_forge: Forge, people: Cast) -> None:
    db.session.get_one(Milestone, 1).end(people.pia.actor)


def relabel_topic(_forge: Forge, people: Cast) -> None:
    topic = db.session.get_one(Topic, db.session.get_one(Proposal, 1).topic_id)
    topics.relabel(topic, "Anderes", "Others", people.dora.actor)


def rename_person(_forge: Forge, people: Cast) -> None:
    db.session.get_one(Person, people.ada.person_id).name = "Adele"


def rename_partner(_forge: Forge, people: Cast) -> None:
    celle = db.session.get_one(Partner, people.celle)
    known = {part.name: getattr(celle, part.name) for part in fields(Facts) if hasattr(celle, part.name)}
    edit(celle, Facts(**(known | {"name": "Celle an der Aller", "sources": ()})), people.dora.actor)


def pause_partner(_forge: Forge, people: Cast) -> None:
    pause(db.session.get_one(Partner, people.aalen), people.dora.actor)


CHANGES = (
    told(1), told(2, action="labeled", labels=[{"name": "Aalen"}]), told(3, action="closed", state="closed"),
    rename_milestone, end_milestone, relabel_topic, rename_person, rename_partner, pause_partner,
)  # fmt: skip


EACH_TIME = re.compile(r'/live\?after=[^"]*|name="once" value="[^"]*"')
"""What differs each time a page is made, and does not matter to who has an older one."""


def look(browser: Browser, path: str, seen: dict[tuple[str, ...], str]) -> None:
    """Whoever has a page with this tag is told that it is still the same: so it must be."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    body = EACH_TIME.sub("", answer.text)
    before = seen.setdefault((path, answer.headers.get("ETag") or body), body)
    changed = [pair for pair in zip(before.splitlines(), body.splitlines(), strict=False) if pair[0] != pair[1]]
    assert changed == [], path


def test_a_page_gets_another_tag_when_anything_on_it_changes(
    app: Flask, people: Cast, forge: Forge, gast: Browser, ada: Browser
) -> None:
    seen: tuple[dict[tuple[str, ...], str], ...] = ({}, {})
    for change in (None, *CHANGES):
        with app.app_context():
            if change in CHANGES[:3]:
                change(forge, people)
            elif change:
                with transaction():
                    change(forge, people)
        for path in PAGES:
            look(gast, path, seen[0])
            look(ada, path, seen[1])
