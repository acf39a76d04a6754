"""Mail that helps: once a week what waits, reminders, replies and mentions; by choice, never twice, never empty."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update

from board.accounts.models import Membership, Person
from board.activity.models import Activity
from board.comments.models import Comment
from board.consent import jobs as consents
from board.consent import verbs as consent
from board.db import at, db, now, transaction
from board.i18n import today
from board.issues.models import Issue
from board.joining.seats import deputise
from board.mail.models import Mail
from board.mail.sending import send_due
from board.notifications import jobs, queries, verbs, watching
from board.notifications.models import Choice, Sort, Watch
from board.partners.leaving import merge
from board.partners.models import Partner
from board.proposals.models import Proposal
from board.proposals.queries import locked
from tests import factories
from tests.conftest import Browser
from tests.people import Cast
from tests.postbox import Postbox
from tests.webhooks.forge import Forge, github_issue, rule_on

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


def test_the_digest_counts_very_many_missing_ballots_no_further_than_a_list_does(
    week: Postbox, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "COUNTED", 1)
    factories.make_proposal(people)
    factories.make_proposal(people)
    factories.make_proposal(people)
    assert [found.n_ballots for found in queries.waiting(people.ada.person_id)] == [2]
    assert jobs.digests() == 2
    assert send_due() == 2
    assert "Aalen: mehr als 1 Voten stehen aus" in week.text(week.to.index("ada@example.org"))


def test_the_digest_names_what_has_a_date_before_what_has_none(week: Postbox, people: Cast) -> None:
    undated = factories.make_proposal(people, vote_by=None)
    later = factories.make_proposal(people, vote_by=today() + timedelta(days=20))
    sooner = factories.make_proposal(people, vote_by=today() + timedelta(days=10))
    (found,) = queries.waiting(people.ada.person_id)
    assert [due.id for due in found.ballots] == [sooner, later, undated]


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


def test_the_digest_counts_the_issues_that_name_the_partner_and_shows_none_of_their_words(
    app: Flask, people: Cast, postbox: Postbox
) -> None:
    forge = Forge(app, "github")
    with app.app_context(), transaction():
        rule_on(forge, people.pia.actor, "Aalen", "partner", partner_id=people.aalen)
        rule_on(forge, people.pia.actor, "Celle", "partner", partner_id=people.celle)
    for number in (1, 2, 3):
        forge.post(github_issue(number, title="Karte lädt nicht", labels=[{"name": "Aalen"}]))
    forge.post(github_issue(4, title="Anderes", labels=[{"name": "Celle"}]))
    with app.app_context(), at(MONDAY), transaction():
        db.session.execute(update(Issue).where(Issue.number == 3).values(triage="dismissed"))
        db.session.execute(
            update(Issue).where(Issue.number == 4).values(visible=False, hidden="confidential", title="", body="")
        )
    with app.app_context(), at(MONDAY):
        assert jobs.digests() == 1, "Celle's only issue is confidential now"
        send_due()
    assert postbox.to == ["ada@example.org"]
    text = postbox.text().replace("\xa0", " ")
    assert "Aalen: Issues, die den Partner nennen" in text
    assert "2 Issues warten im Eingang" in text
    assert "http://localhost/issues?partner=aalen" in text
    assert "Karte" not in text


@pytest.mark.parametrize(("days", "written", "sent"), [
    ((0, 3), 3, ["ada", "ben", "cleo"]), ((1, 3), 2, ["ada", "cleo"]), ((-3, -1), 2, ["ada", "cleo"]),
])  # fmt: skip
def test_a_deputy_gets_the_digest_while_in_office(
    week: Postbox, people: Cast, days: tuple[int, int], written: int, sent: list[str]
) -> None:
    factories.make_proposal(people)
    with at(MONDAY - timedelta(days=5)), transaction():
        begin, end = (MONDAY.date() + timedelta(days=n) for n in days)
        deputise(db.session.get_one(Membership, people.ben.membership_id), begin, end, people.ada.actor)
        db.session.execute(delete(Mail))
    assert jobs.digests() == written
    send_due()
    digests = [m for m in week.mails if _subject(m) == "Ihre Woche in der Stadtrunde"]
    assert sorted(str(m["To"]).partition("@")[0] for m in digests) == sent


def test_a_deputy_whose_days_are_over_when_the_mail_leaves_gets_none(week: Postbox, people: Cast) -> None:
    factories.make_proposal(people)
    with transaction():
        seat = db.session.get_one(Membership, people.ben.membership_id)
        deputise(seat, MONDAY.date(), MONDAY.date(), people.ada.actor)
        db.session.execute(delete(Mail))
    assert jobs.digests() == 3
    with at(MONDAY + timedelta(days=1)):
        assert send_due() == 2
    assert "ben@example.org" not in week.to


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


# News of what is watched


def _watch(who: Any, *keys: str) -> None:
    """Somebody watches these."""
    with transaction():
        for key in keys:
            verbs.watch(key, who.actor)


def _got(box: Postbox) -> list[tuple[str, str]]:
    """(who, subject) of all that was sent since, in order of the alphabet."""
    got = sorted((to.partition("@")[0], _subject(mail)) for to, mail in zip(box.to, box.mails, strict=True))
    box.raw.clear()
    box.to.clear()
    return got


def _decide(people: Cast, proposal: int, verb: str) -> None:
    """Pia records a decision, or another step."""
    words: dict[str, Any] = {"body": "Lenkungskreis", "decided_on": today(), "reason": "Alle brauchen es."}
    words = words if verb in {"accept", "defer", "decline"} else {}
    if verb == "accept":
        words["without_estimate"] = "Klein genug."
    with transaction():
        getattr(locked(proposal), verb)(people.pia.actor, **words)


def test_a_decision_is_told_once_to_who_watches_proposal_topic_or_partner_and_to_the_author(
    week: Postbox, people: Cast
) -> None:
    proposal = factories.make_proposal(people, by=people.ben.actor)
    _watch(people.cleo, f"FV-{proposal}", f"TH-{people.defects}", f"PA-{people.aalen}")
    _watch(people.rolf, f"TH-{people.defects}")
    _watch(people.ada, f"TH-{people.transport}", f"PA-{people.celle}")
    _watch(people.pia, f"FV-{proposal}")
    assert jobs.tell_news() == 0, "what happened before is not told"
    _decide(people, proposal, "accept")
    assert jobs.tell_news() == 3, "not Pia, who did it; Cleo once, though she hears in three ways"
    assert jobs.tell_news() == 0
    send_due()
    n = week.to.index("cleo@example.org")
    text = week.text(n)
    assert "Entscheidung erfasst: Mängel melden ist angenommen" in text
    assert "Lenkungskreis, 30. November 2026: Alle brauchen es." in text
    assert f"http://localhost/proposals/FV-{proposal}" in text
    assert "List-Unsubscribe" in week.mails[n]
    told = "Entscheidung erfasst: Mängel melden ist angenommen"
    assert _got(week) == [(who, told) for who in ("ben", "cleo", "rolf")]


def test_steps_of_one_thing_come_in_one_mail_and_only_to_who_watches_it(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(people)
    package = factories.make_package(people, proposal)
    _watch(people.cleo, f"FV-{proposal}", f"AP-{package}")
    _watch(people.rolf, f"TH-{people.defects}", f"PA-{people.aalen}")
    jobs.tell_news()
    factories.claim(package, people.ben.actor)
    _decide(people, proposal, "accept")
    _decide(people, proposal, "start")
    jobs.tell_news()
    send_due()
    accepted = "Entscheidung erfasst: Mängel melden ist angenommen"
    news = f"Neues zu FV-{proposal} Mängel melden"
    claimed = "Aalen hat Formular bauen übernommen"
    assert _got(week) == [("ada", claimed), ("ada", news), ("cleo", claimed), ("cleo", news), ("rolf", accepted)]
    _decide(people, proposal, "publish")
    jobs.tell_news()
    send_due()
    assert [who for who, _told in _got(week)] == ["ada", "cleo"], "a topic's watcher hears decisions, not every step"


def test_a_proposal_that_nobody_objected_to_is_told_like_a_decision(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(people, by=people.ben.actor)
    _watch(people.cleo, f"FV-{proposal}")
    _watch(people.rolf, f"TH-{people.defects}")
    jobs.tell_news()
    with transaction():
        last = today() + timedelta(days=14)
        consent.begin(locked(proposal), people.pia.actor, last=last, without_estimate="Klein")
    assert jobs.tell_news() == 2, "Cleo and Ben hear that it began"
    with at(MONDAY + timedelta(days=16)):
        consents.run_out()
        assert jobs.tell_news() == 3
        assert jobs.tell_over() == 0
        send_due()
    assert ("rolf", "Niemand hat Einwand erhoben: Mängel melden ist angenommen") in _got(week)


def test_a_new_proposal_is_told_to_who_watches_its_topic_or_partner(week: Postbox, people: Cast) -> None:
    _watch(people.rolf, f"TH-{people.defects}")
    _watch(people.cleo, f"PA-{people.aalen}", f"TH-{people.defects}")
    _watch(people.ada, f"PA-{people.aalen}")
    _watch(people.pia, f"TH-{people.transport}")
    jobs.tell_news()
    factories.make_proposal(people, title="Radwege")
    jobs.tell_news()
    send_due()
    assert _got(week) == [(who, "Aalen hat Radwege vorgeschlagen") for who in ("cleo", "rolf")]


def test_what_is_not_wanted_any_more_when_the_mail_leaves_is_not_sent(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(people, by=people.ben.actor)
    for who in (people.cleo, people.rolf, people.ada):
        _watch(who, f"FV-{proposal}")
    with transaction():
        verbs.decline(db.session.get_one(Person, people.ada.person_id), Sort.DECISIONS, people.ada.actor)
    jobs.tell_news()
    _decide(people, proposal, "decline")
    assert jobs.tell_news() == 3, "Ada declined before"
    with transaction():
        verbs.unwatch(f"FV-{proposal}", people.cleo.actor)
        verbs.decline(db.session.get_one(Person, people.rolf.person_id), Sort.DECISIONS, people.rolf.actor)
        db.session.get_one(Person, people.ben.person_id).disabled_at = now()
    assert send_due() == 0


def test_a_text_that_was_withheld_before_the_mail_leaves_is_not_in_it(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(people, title="Vertrauliches")
    _watch(people.cleo, f"FV-{proposal}")
    jobs.tell_news()
    _decide(people, proposal, "defer")
    jobs.tell_news()
    with transaction():
        db.session.execute(update(Proposal).values(title="Text nicht mehr öffentlich"))
    assert send_due() == 2
    assert "Vertrauliches" not in week.text(0) + _subject(week.mails[0])


def test_the_digest_does_not_repeat_a_decision_that_was_told(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(people, by=people.ben.actor)
    _watch(people.cleo, f"FV-{proposal}")
    jobs.tell_news()
    _decide(people, proposal, "accept")
    jobs.tell_news()
    assert jobs.digests() == 1, "Ada, who watches nothing; nothing else waits for Cleo"
    send_due()
    assert ("ada", "Ihre Woche in der Stadtrunde") in _got(week)


def test_who_watches_is_told_once_that_the_answer_by_date_has_passed(week: Postbox, people: Cast) -> None:
    proposal = factories.make_proposal(
        people, title="Radwege", vote_by=today() + timedelta(days=1), by=people.ben.actor
    )
    decided = factories.make_proposal(people, vote_by=today() + timedelta(days=1), by=people.ben.actor)
    factories.cast(people, proposal, "for")
    _watch(people.cleo, f"FV-{proposal}", f"FV-{decided}")
    assert jobs.tell_over() == 0
    _decide(people, decided, "accept")
    with at(MONDAY + timedelta(days=2)):
        assert jobs.tell_over() == 2, "Cleo and Ben, who wrote it"
        assert jobs.tell_over() == 0
        assert send_due() == 2
    assert "1 dafür, 0 dagegen, 0 Enthaltungen, 2 ohne Votum" in week.text(0).replace("\n", " ")
    assert f"FV-{decided}" not in week.text(0)
    assert [told for _who, told in _got(week)] == ["Das Rückmeldedatum von 1 Vorschlag ist vorbei"] * 2


def test_partners_and_topics_are_watched_by_a_button_and_listed(app: Flask, people: Cast, ada: Browser) -> None:
    places = {"/partners/celle": "/partners/celle", "/topics/maengelmelder": "/proposals?topic=maengelmelder"}
    for action, page in places.items():
        assert f'action="{action}/watch"' in ada.get(page).text
        before = ada.get(page)
        assert ada.post(f"{action}/watch").status_code == 303
        again = ada.get(page, headers={"If-None-Match": before.headers["ETag"]})
        assert again.status_code == 200
        assert 'name="stop"' in again.text
        listed = ada.get("/account/mail").text
        assert f'href="{page}"' in listed
        assert f'action="{action}/watch"' in listed
        assert ada.post(f"{action}/watch", data={"stop": "1"}).status_code == 303
        assert f'action="{action}/watch"' not in ada.get("/account/mail").text
        assert ada.post(f"{action}x/watch").status_code == 404
    assert "/topics/" not in ada.get("/proposals").text


def test_what_is_watched_costs_the_same_whatever_its_number(
    people: Cast, ada: Browser, app: Flask, statements: list[str]
) -> None:
    def cost() -> int:
        statements.clear()
        assert ada.get("/account/mail").status_code == 200
        return len(statements)

    for number in range(3):
        factories.make_package(people, factories.make_proposal(people, title=f"Nummer {number}"))
    _watch(people.ada, "FV-1", "AP-1", f"PA-{people.aalen}", f"TH-{people.defects}")
    cost()
    few = cost()
    _watch(people.ada, "FV-2", "FV-3", "AP-2", "AP-3", f"PA-{people.celle}", f"TH-{people.transport}")
    assert cost() == few


def test_what_is_watched_is_called_in_the_readers_language(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        factories.make_proposal(people, title="Mängel melden")
        with transaction():
            db.session.get_one(Proposal, 1).title_en = "Report defects"
        _watch(people.ada, "FV-1")
    assert "Report defects" in ada.get("/account/mail", headers={"Accept-Language": "en"}).text


def test_who_watches_a_partner_that_becomes_part_of_another_watches_that_one(app: Flask, people: Cast) -> None:
    with app.app_context():
        _watch(people.cleo, f"PA-{people.dorsten}", f"PA-{people.aalen}")
        _watch(people.rolf, f"PA-{people.dorsten}")
        with transaction():
            old, into = (db.session.get_one(Partner, number) for number in (people.dorsten, people.aalen))
            merge(old, into, today(), people.dora.actor)
        assert watching.watchers(f"PA-{people.aalen}") == {people.cleo.person_id, people.rolf.person_id}
        assert watching.watchers(f"PA-{people.dorsten}") == set()


# Choosing and unsubscribing


def test_the_choice_is_made_on_the_account_page(app: Flask, people: Cast, ada: Browser) -> None:
    assert ada.post("/account/mail", data={"sort": ["weekly", "mentions", "nonsense"]}).status_code == 303
    page = ada.get("/account/mail").text
    assert len(re.findall(r'type="checkbox"[^>]* checked', page)) == 2
    with app.app_context():
        assert watching.wanted(people.ada.person_id) == ["weekly", "mentions"]


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
    assert watching.wanted(people.ada.person_id) == ["reminders", "decisions", "replies", "mentions"]
    forged = path.replace(f"/{people.ada.person_id}-", f"/{people.cleo.person_id}-")
    assert bare.post(forged).status_code == 404
    assert bare.post(path.replace("weekly", "mentions")).status_code == 404
