"""The roadmap: what comes by when, with whom and what it lacks; and its calendar as RFC 5545 wants it."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from board.db import at, db, transaction
from board.i18n import today
from board.milestones.models import Milestone
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal, touch
from board.roadmap import ical, queries
from board.work import dependencies, moves
from board.work.models import Package
from board.work.packages import locked
from board.workshops import verbs as workshops
from tests.conftest import Browser
from tests.factories import claim, make_package, make_proposal, offer
from tests.people import Cast

SPRING = date(2027, 3, 31)


@pytest.fixture
def plan(app: Flask, people: Cast) -> None:
    """Spring (FV-1, being built: AP-1 led by Aalen, AP-2 waits for it, AP-3 free), FV-2 open without a milestone."""
    with app.app_context():
        make_proposal(people, state="building")
        make_proposal(people, title="Später, einmal; oder\\nie")
        with transaction():
            Milestone.create(people.pia.actor, name="Frühjahr", due_on=SPRING)
            db.session.get_one(Proposal, 1).milestone_id = 1
        for title, effort in (("Formular", 10), ("Karte", 4), ("Texte", 1)):
            make_package(people, 1, title=title, effort=Decimal(effort))
        claim(1, people.ada.actor)
        claim(2, people.cleo.actor)
        offer(people, 1, "days", days=9)
        with transaction():
            dependencies.depend(2, 1, people.pia.actor)
        with transaction():
            moves.hold(locked(2), people.cleo.actor, "in Vergabe")


def test_sections_add_up_what_is_to_come(plan: None, app: Flask) -> None:
    with app.app_context():
        spring, unplanned = queries.sections()
        assert (spring.name, spring.due_on, spring.states) == ("Frühjahr", SPRING, {"building": 1})
        assert (spring.effort, spring.pledged) == (15, 9)
        (line,) = spring.lines
        assert (line.effort, line.pledged, line.packages, line.done) == (15, 9, 3, 0)
        assert (line.free, line.waiting, line.held) == (1, 1, 1)
        assert [body.name for body in line.carriers] == ["Aalen", "Celle"]
        assert (unplanned.id, unplanned.states) == (None, {"open": 1})


def test_the_page_says_it_in_words_and_is_cached_until_something_changes(plan: None, app: Flask, gast: Browser) -> None:
    answer = gast.get("/roadmap")
    for told in ("Frühjahr", "9 von 15 PT angeboten", "0 von 3 Arbeitspaketen fertig", "1 frei", "1 wartet auf andere",
                 "1 ruht", "Ohne Meilenstein", "Aufwand unbekannt"):  # fmt: skip
        assert told in answer.text, told
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert gast.get("/roadmap", headers=tag).status_code == 304
    with app.app_context(), transaction():
        moves.resume(locked(2), OWNER)
    assert gast.get("/roadmap", headers=tag).status_code == 200


OWNER = Actor(is_product_owner=True)


def test_what_has_an_answer_by_date_stands_before_what_has_none(app: Flask, people: Cast) -> None:
    with app.app_context():
        ids = [make_proposal(people, vote_by=day) for day in (None, SPRING, SPRING - timedelta(days=9))]
        (unplanned,) = queries.sections()
        assert [line.id for line in unplanned.lines] == ids[::-1]


def test_an_estimate_stands_in_where_no_package_has_an_effort(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        make_proposal(people, state="accepted")
        with transaction():
            touch(1, effort_high=20)
    assert "0 von geschätzt 20 PT angeboten" in gast.get("/roadmap").text


def test_work_that_outlives_its_funding_is_named(plan: None, app: Flask, people: Cast, gast: Browser) -> None:
    def risks(until: date | None, due: date | None = None) -> list[int]:
        with app.app_context(), transaction():
            db.session.get_one(Partner, people.aalen).funded_until = until
            db.session.get_one(Package, 1).due_on = due
        with app.app_context():
            return [risk.id for risk in queries.at_risk()]

    assert risks(None) == []
    assert risks(SPRING) == []
    assert risks(SPRING - timedelta(days=1)) == [1]
    assert "Förderung endet vor dem Termin" in gast.get("/roadmap").text
    assert risks(SPRING - timedelta(days=1), due=SPRING - timedelta(days=30)) == [], "its own day counts"
    with app.app_context(), transaction():
        db.session.get_one(Proposal, 1).milestone_id = None
    assert risks(SPRING) == [1], "nobody says when it is due"
    with app.app_context():
        for verb in (moves.start, moves.submit, moves.finish):
            with transaction():
                verb(locked(1), people.ada.actor)
    assert risks(SPRING) == []


def test_the_end_of_funding_is_entered_by_the_administration(
    plan: None, app: Flask, people: Cast, dora: Browser
) -> None:
    form = {"name": "Aalen", "sign": "AA", "kind": "municipality", "votes": "y", "ags": "08136088",
            "funded_until": "2026-12-31"}  # fmt: skip
    assert dora.post("/admin/partners/aalen/edit", data=form).status_code == 303
    with app.app_context():
        assert db.session.get_one(Partner, people.aalen).funded_until == date(2026, 12, 31)


def test_a_package_planned_otherwise_stands_under_its_own_milestone(plan: None, app: Flask, gast: Browser) -> None:
    with app.app_context(), transaction():
        Milestone.create(OWNER, name="Herbst", due_on=None)
        db.session.get_one(Package, 3).milestone_id = 2
    html = gast.get("/roadmap").text
    assert "Texte" in html.split('id="milestone-2"')[1]


def test_the_cost_does_not_grow(plan: None, app: Flask, people: Cast, gast: Browser, statements: list[str]) -> None:
    statements.clear()
    gast.get("/roadmap")
    few = len(statements)
    with app.app_context():
        for n in range(20):
            make_package(people, make_proposal(people, title=f"N{n}", state="building"), title=f"P{n}")
    db.session.rollback()
    statements.clear()
    html = gast.get("/roadmap").text
    assert len(statements) <= few
    assert "Die ersten 12 von 21" in html
    assert gast.get("/proposals?milestone=none").text.count("data-row") >= 20, "the link to all of them leads there"


def test_workshops_stand_in_the_calendar_of_who_is_signed_in_only(
    plan: None, app: Flask, people: Cast, gast: Browser, ada: Browser
) -> None:
    with app.app_context():
        for title, begins in (("Transfer; Ulm", "9:30"), ("Ganztags", "")):
            with transaction():
                workshops.plan(workshops.Plan(title, date(2026, 12, 1), begins, "Rathaus, Saal 2"), people.pia.actor)
    inside, outside = ada.get("/roadmap.ics").text, gast.get("/roadmap.ics").text
    assert "SUMMARY:Workshop: Transfer\\; Ulm" in inside
    assert "DTSTART:20261201T083000Z" in inside, "half past nine in Germany"
    assert "LOCATION:Rathaus\\, Saal 2" in inside
    assert "DTSTART;VALUE=DATE:20261201" in inside
    assert "Workshop" not in outside
    assert "Rathaus" not in outside
    tag = {"If-None-Match": ada.get("/roadmap.ics").headers["ETag"]}
    assert ada.get("/roadmap.ics", headers=tag).status_code == 304
    assert 'href="/roadmap.ics"' in ada.get("/workshops").text


def test_an_empty_roadmap_says_so(app: Flask, people: Cast, gast: Browser) -> None:
    assert "Noch nichts auf dem Fahrplan" in gast.get("/roadmap").text
    assert gast.get("/roadmap.ics").status_code == 200


# The calendar, read by a parser that knows the grammar only


def parsed(body: bytes) -> list[dict[str, str]]:
    """The events. Every rule of RFC 5545 that the feed needs is asserted on the way."""
    assert body.endswith(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    raw = body.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 75 for line in raw), "a line is longer than 75 octets"
    for line in raw:
        line.decode()  # No character is cut in two.
    lines = body.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    events: list[dict[str, str]] = []
    inside = False
    for line in lines[1:-1]:
        name, colon, value = line.partition(":")
        assert colon, line
        assert re.fullmatch(r"[A-Z-]+(;[A-Z-]+=[A-Z]+)*", name), line
        if line == "BEGIN:VEVENT":
            assert not inside
            inside, fields = True, {}
        elif line == "END:VEVENT":
            inside = False
            assert {"UID", "DTSTAMP", "DTSTART;VALUE=DATE", "SUMMARY"} <= fields.keys()
            events.append(fields)
        elif inside:
            assert name not in fields, f"{name} stands there twice"
            fields[name] = value
    assert not inside
    assert "VERSION:2.0" in lines
    assert any(line.startswith("PRODID:") for line in lines)
    return events


def text_of(value: str) -> str:
    """A TEXT value as it was; an unescaped separator is an error."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), value
    return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], value)


def test_the_calendar_holds_milestones_and_answer_by_dates(plan: None, app: Flask, gast: Browser) -> None:
    answer = gast.get("/roadmap.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    goal, asked = parsed(answer.data)
    assert goal["DTSTART;VALUE=DATE"] == "20270331"
    assert goal["DTEND;VALUE=DATE"] == "20270401"
    assert text_of(goal["SUMMARY"]) == "Meilenstein: Frühjahr"
    assert goal["UID"] == "milestone-1@localhost"
    assert asked["UID"] == "answer-2@localhost"
    assert text_of(asked["SUMMARY"]) == "Rückmeldung erbeten: FV-2 Später, einmal; oder\\nie"
    assert asked["URL"] == "http://localhost/proposals/FV-2"
    assert asked["DTSTART;VALUE=DATE"] == f"{today() + timedelta(days=42):%Y%m%d}"
    assert "Answer asked for" in gast.get("/roadmap.ics?lang=en").text


def test_uids_stay_and_the_sequence_grows_when_a_milestone_moves(
    plan: None, app: Flask, people: Cast, gast: Browser
) -> None:
    before = parsed(gast.get("/roadmap.ics").data)[0]
    with app.app_context(), transaction():
        db.session.get_one(Milestone, 1).edit(people.pia.actor, name="Frühjahr", due_on=SPRING + timedelta(days=7))
    after = parsed(gast.get("/roadmap.ics").data)[0]
    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert after["DTSTART;VALUE=DATE"] == "20270407"


def test_an_unchanged_calendar_is_not_sent_again_and_what_ended_leaves_it(
    plan: None, app: Flask, people: Cast, gast: Browser
) -> None:
    tag = gast.get("/roadmap.ics").headers["ETag"]
    assert gast.get("/roadmap.ics", headers={"If-None-Match": tag}).status_code == 304
    with app.app_context(), transaction():
        db.session.get_one(Milestone, 1).end(people.pia.actor)
    assert [event["UID"] for event in parsed(gast.get("/roadmap.ics").data)] == ["answer-2@localhost"]
    with at(datetime.now(UTC) + timedelta(days=60)), app.app_context():
        assert queries.days()[1] == []


@pytest.mark.parametrize("summary", ["x" * 300, "ü" * 100, "🏛️" * 40, "a,b;c\\d\ne", "", "🏛" * 18 + "x", "x" * 66 + "ä"])
def test_any_title_is_folded_and_escaped_without_loss(summary: str) -> None:
    event = ical.Event("u@h", SPRING, summary, "https://example.org/x", datetime(2026, 1, 1, tzinfo=UTC))
    (found,) = parsed(ical.calendar("Name, mit; Zeichen", [event]).encode())
    assert text_of(found["SUMMARY"]) == summary
    assert found["DTSTAMP"] == "20260101T000000Z"
