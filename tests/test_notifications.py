"""Mail that helps: once a week what waits, reminders, replies and mentions; by choice, never twice, never empty."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from board.accounts.models import Person
from board.activity.models import Activity
from board.comments.models import Comment
from board.db import at, db, now, transaction
from board.i18n import today
from board.mail.models import Mail
from board.mail.sending import send_due
from board.notifications import jobs, queries, verbs
from board.notifications.models import Choice, Sort, Watch
from tests import factories
from tests.conftest import Browser
from tests.people import Cast
from tests.postbox import Postbox

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
def week(app: Flask, people: Cast, postbox: Postbox) -> Iterator[Postbox]:
    """A Monday morning, in an application context, with a mail server."""
    with app.app_context(), at(MONDAY):
        yield postbox


def put(count: int = 0) -> int:
    """How many mails wait or were sent."""
    db.session.close()
    return db.session.scalar(select(func.count(Mail.id))) or 0


def _subject(mail: Any) -> str:
    """Without the space that holds a number and its word together."""
    return str(mail["Subject"]).replace("\xa0", " ")


# The digest


def test_a_delegate_gets_one_mail_a_week_with_links_to_what_waits(week: Postbox, people: Cast) -> None:
    first = factories.make_proposal(people, title="Mängel am Radweg")
    factories.make_proposal(people, title="Abfahrten", state="accepted")
    package = factories.make_package(people, first)
    factories.claim(package, people.ada.actor)
    with at(MONDAY + timedelta(days=63)):
        factories.make_proposal(people, title="Neues", vote_by=today() + timedelta(days=30))
        factories.make_proposal(people, title="Angenommen", state="accepted")
        assert jobs.digests() == 2, "Ada and Cleo"
        assert jobs.digests() == 0
        assert send_due() == 2
    n = week.to.index("ada@example.org")
    text, mail = week.text(n), week.mails[n]
    assert str(mail["Subject"]) == "Ihre Woche in der Stadtrunde"
    assert "Aalen: 2 Voten stehen aus" in text
    assert f"http://localhost/proposals/FV-{first}#ballot-{first}" in text
    assert "Mängel am Radweg" in text
    assert f"http://localhost/packages/AP-{package}" in text
    assert "Angenommen" in text
    assert "angenommen" in text
    assert "Abfahrten" not in text, "decided nine weeks ago"
    assert f"http://localhost/proposals/FV-{first}#ballot-{first}" in week.html(n)


def test_with_nothing_to_say_there_is_no_mail(week: Postbox, people: Cast) -> None:
    assert jobs.digests() == 0
    assert put() == 0
    factories.make_proposal(people)
    assert jobs.digests() == 0, "the week is over for both; next Monday tells of it"
    with at(MONDAY + timedelta(days=7)):
        assert jobs.digests() == 2


def test_what_was_done_before_the_mail_leaves_is_not_told(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(people)
    assert jobs.digests() == 2
    factories.cast(people, proposal, "for")
    factories.cast(people, proposal, "for", by=people.cleo.actor)
    assert send_due() == 0


@pytest.mark.parametrize(("moment", "n"), [
    (datetime(2026, 11, 30, 5, 30, tzinfo=UTC), 0), (datetime(2026, 11, 30, 6, 30, tzinfo=UTC), 2),
    (datetime(2026, 12, 3, 3, tzinfo=UTC), 2),
])  # fmt: skip
def test_the_week_begins_on_monday_at_seven_and_a_late_worker_catches_up(
    week: Postbox, people: Cast, moment: datetime, n: int
) -> None:
    factories.make_proposal(people)
    with at(moment):
        assert jobs.digests() == n


def test_who_casts_no_ballot_gets_no_digest_and_who_declined_neither(week: Postbox, people: Cast) -> None:
    factories.make_proposal(people)
    with transaction():
        verbs.choose(db.session.get_one(Person, people.cleo.person_id), ["replies"], people.cleo.actor)
    assert jobs.digests() == 1
    send_due()
    assert week.to == ["ada@example.org"]


# Reminders


def test_a_week_before_the_date_who_has_not_voted_is_reminded_once(week: Postbox, people: Cast) -> None:
    near, far = (factories.make_proposal(people, title=t, vote_by=today() + timedelta(days=d))
                 for t, d in (("Nah", 7), ("Fern", 8)))  # fmt: skip
    factories.cast(people, near, "for", by=people.cleo.actor)
    assert jobs.remind() == 1
    assert jobs.remind() == 0
    assert send_due() == 1
    assert week.to == ["ada@example.org"]
    assert _subject(week.mails[0]) == "1 Votum ist bald fällig"
    assert f"FV-{near}" in week.text()
    assert f"FV-{far}" not in week.text()
    with at(MONDAY + timedelta(days=1)):
        assert jobs.remind() == 2, "the other one, to both"


# Replies, mentions, watching


def test_an_author_hears_of_the_first_comment_on_the_own_proposal_and_package(week: Postbox, people: Cast) -> None:
    jobs.comments()
    proposal = factories.make_proposal(people, by=people.ben.actor)
    package = factories.make_package(people, proposal, by=people.ada.actor)
    factories.comment(people.cleo.actor, "Sehr gut.", proposal_id=proposal)
    factories.comment(people.cleo.actor, "Bis wann?", package_id=package)
    factories.comment(people.ben.actor, "Danke.", proposal_id=proposal)
    assert jobs.comments() == 3
    assert send_due() == 3
    assert sorted(week.to) == ["ada@example.org", "ben@example.org", "cleo@example.org"]


def test_comments_reach_who_spoke_before_who_watches_and_who_is_mentioned(week: Postbox, people: Cast) -> None:
    jobs.comments()
    proposal = factories.make_proposal(people, by=people.ben.actor)
    factories.comment(people.ben.actor, "Wir brauchen das.", proposal_id=proposal)
    with transaction():
        verbs.watch(f"FV-{proposal}", people.pia.actor)
    factories.comment(people.cleo.actor, "Sehr gut, @Aalen und @rolf!", proposal_id=proposal)
    assert jobs.comments() == 5
    assert jobs.comments() == 0
    assert send_due() == 5
    got = sorted((to, _subject(mail)) for to, mail in zip(week.to, week.mails, strict=True))
    assert got == [
        ("ada@example.org", "Cleo (Celle) erwähnt Sie: FV-1"),
        ("ben@example.org", "Cleo (Celle) hat FV-1 kommentiert"),
        ("pia@example.org", "Ben (Aalen) hat FV-1 kommentiert"),
        ("pia@example.org", "Cleo (Celle) hat FV-1 kommentiert"),
        ("rolf@example.org", "Cleo (Celle) erwähnt Sie: FV-1"),
    ]
    n = week.to.index("ada@example.org")
    assert f"/proposals/FV-{proposal}#comment-2" in week.text(n)


def test_a_declined_sort_is_not_sent_and_a_deleted_comment_neither(week: Postbox, people: Cast) -> None:
    jobs.comments()
    proposal = factories.make_proposal(people, by=people.cleo.actor)
    with transaction():
        verbs.decline(db.session.get_one(Person, people.ada.person_id), Sort.MENTIONS, people.ada.actor)
    factories.comment(people.cleo.actor, "@Ada schau mal", proposal_id=proposal)
    assert jobs.comments() == 0
    factories.comment(people.cleo.actor, "@Ben schau mal", proposal_id=proposal)
    assert jobs.comments() == 1
    with transaction():
        db.session.execute(update(Comment).values(deleted_at=now()))
    assert send_due() == 0


def test_a_mention_is_a_link_to_the_partner_and_bold_for_a_person(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(people)
    written = "@Aalen, @celle: fragt @Ben oder ada@aalen.example; @niemand @Benno"
    html = db.session.get_one(Comment, factories.comment(people.cleo.actor, written, proposal_id=proposal)).html
    assert 'href="/partners/aalen"' in html
    assert ">@Aalen</a>" in html
    assert 'href="/partners/celle"' in html
    assert "<strong>@Ben</strong>" in html
    assert "<strong>@ada" not in html.lower()
    assert "@niemand @Benno" in html


def test_the_watch_button_stands_on_proposals_and_packages(
    app: Flask, people: Cast, ada: Browser, gast: Browser
) -> None:
    with app.app_context():
        factories.make_world(people)
    for path in ("/proposals/FV-1", "/packages/AP-1"):
        assert "/watch" not in gast.get(path).text
        assert "Beobachten" in ada.get(path).text
        assert ada.post(f"{path}/watch").status_code == 303
        assert 'name="stop"' in ada.get(path).text
        assert path in ada.get("/account/mail").text
        assert ada.post(f"{path}/watch", data={"stop": "1"}).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Watch)) == 0
    assert ada.post("/proposals/FV-99/watch").status_code == 404


# Choosing and unsubscribing


def test_the_choice_is_made_on_the_account_page(app: Flask, people: Cast, ada: Browser) -> None:
    assert ada.post("/account/mail", data={"sort": ["weekly", "mentions", "nonsense"]}).status_code == 303
    page = ada.get("/account/mail").text
    assert len(re.findall(r'type="checkbox"[^>]* checked', page)) == 2
    with app.app_context():
        assert queries.wanted(people.ada.person_id) == ["weekly", "mentions"]


def test_one_click_ends_a_sort_and_a_get_never_writes(app: Flask, week: Postbox, people: Cast) -> None:
    factories.make_proposal(people)
    jobs.digests()
    send_due()
    mail = week.mails[week.to.index("ada@example.org")]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = str(mail["List-Unsubscribe"]).removeprefix("<http://localhost").removesuffix(">")
    bare: Any = FlaskClient(app, use_cookies=False)
    before = db.session.scalar(select(func.max(Activity.id)))
    db.session.close()
    assert bare.get(path).status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Choice)) == 0
    assert db.session.scalar(select(func.max(Activity.id))) == before
    db.session.close()
    assert bare.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200, "as a mail program sends it"
    db.session.close()
    assert queries.wanted(people.ada.person_id) == ["reminders", "replies", "mentions"]
    forged = path.replace(f"/{people.ada.person_id}-", f"/{people.cleo.person_id}-")
    assert bare.post(forged).status_code == 404
    assert bare.post(path.replace("weekly", "mentions")).status_code == 404
