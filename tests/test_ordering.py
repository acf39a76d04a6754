"""Ordering: value, milestone, the table, several at once with undo, and two product owners at the same time."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.consent import verbs as consent
from board.db import at, db, now, transaction
from board.i18n import in_days, today
from board.ordering import counting, together
from board.proposals import cells, lists, queries
from board.proposals.models import Decision, Proposal
from board.proposals.records import DecisionRecord
from board.record import checks
from tests.conftest import Browser
from tests.factories import cast, estimate, make_proposal, milestone, offer
from tests.people import Cast

TOGETHER = "/proposals/together"
SITTING = {"body": "Lenkungskreis", "decided_on": today().isoformat(), "reason": "Sitzung"}


def make(app: Flask, people: Cast, number: int = 3) -> None:
    with app.app_context():
        for n in range(number):
            make_proposal(people, title=f"Vorschlag {n + 1}")


def column(app: Flask, name: str) -> list[Any]:
    """What stands in that column, proposal by proposal; asserts that every counter is right."""
    with app.app_context():
        assert checks.counters() + checks.tallies() + checks.ballots() == []
        return list(db.session.scalars(select(getattr(Proposal, name)).order_by(Proposal.id)))


def bulk(browser: Browser, *ids: int, url: str = TOGETHER, **form: str) -> Any:
    return browser.post(url, data={"proposal": list(map(str, ids)), **form})


def undo(browser: Browser, batch: int = 1) -> Any:
    return browser.post(f"{TOGETHER}/undo", data={"batch": str(batch)}, follow_redirects=True)


def test_a_product_owner_rates_and_plans_one_proposal(app: Flask, people: Cast, pia: Browser, gast: Browser) -> None:
    make(app, people, 1)
    with app.app_context():
        milestone(people)
    answer = pia.post("/proposals/FV-1/place", data={"value": "4", "milestone": "1"}, partial=True, target="place-1")
    assert answer.status_code == 200
    page = gast.get("/proposals/FV-1").text
    assert "4 – eher hoch" in page
    assert "Stadt-App 2.0" in page
    assert "Nutzen und Meilenstein" not in page
    with app.app_context():
        told = db.session.scalars(select(Activity.verb).order_by(Activity.id.desc()).limit(2)).all()
        assert told == ["proposal.plan", "proposal.rate"]


@pytest.mark.parametrize(
    ("do", "form", "name", "after"),
    [
        ("value", {"value": "5"}, "value", 5),
        ("milestone", {"milestone": "1"}, "milestone_id", 1),
        ("topic", {"topic": "2"}, "topic_id", 2),
        ("vote_by", {"vote_by": in_days(9).isoformat()}, "vote_by", in_days(9)),
    ],
)
def test_a_selection_is_changed_at_once_and_taken_back(
    app: Flask, people: Cast, pia: Browser, do: str, form: dict[str, str], name: str, after: Any
) -> None:
    make(app, people)
    with app.app_context():
        milestone(people)
    before = column(app, name)
    assert bulk(pia, 1, 3, do=do, **form).status_code == 303
    assert column(app, name) == [after, before[1], after]
    assert "Für 2 Vorschläge zurückgenommen" in undo(pia).text
    assert column(app, name) == before
    assert "Für 0 Vorschläge" in undo(pia).text, "twice is harmless"


def test_one_sitting_decides_about_several_and_can_be_taken_back(app: Flask, people: Cast, pia: Browser) -> None:
    make(app, people)
    with app.app_context():
        estimate(people, 1)
        cast(people, 1, "for")
        cast(people, 3, "against")
    decide = f"{TOGETHER}/decide"
    answer = bulk(pia, 1, 2, 3, url=decide, outcome="accept", **SITTING)
    assert answer.status_code == 303
    assert column(app, "state") == ["accepted", "open", "open"]
    assert "2 blieben, wie sie waren:" in pia.get(answer.location).text
    bulk(pia, 2, 3, url=decide, outcome="accept", without_estimate="Nur Texte", **SITTING)
    assert column(app, "state") == ["accepted"] * 3
    assert column(app, "electorate_size") == [3, 3, 3]
    undo(pia, 2)
    assert column(app, "state") == ["accepted", "open", "open"]
    assert column(app, "electorate_size") == [3, None, None]
    with app.app_context():
        taken = select(Decision.proposal_id, Decision.taken_back_at.is_(None)).order_by(Decision.id)
        assert [tuple(row) for row in db.session.execute(taken)] == [(1, True), (2, False), (3, False)]
    assert "Irrtümlich festgehalten" in pia.get("/proposals/FV-2").text
    bulk(pia, 1, do="start")
    assert column(app, "state")[0] == "building"
    undo(pia, 3)
    assert column(app, "state")[0] == "accepted"


def test_a_consent_that_a_sitting_ended_goes_on_when_that_is_taken_back_unless_its_time_is_over(
    app: Flask, people: Cast, pia: Browser
) -> None:
    make(app, people)
    with app.app_context():
        for number, days in ((1, 9), (2, 3)):
            with transaction():
                last = in_days(days)
                consent.begin(queries.locked(number), people.pia.actor, last=last, without_estimate="Klein")
    before = column(app, "consent_until")
    bulk(pia, 1, 2, url=f"{TOGETHER}/decide", outcome="decline", **SITTING)
    assert column(app, "consent_until") == [None, None, None]
    with app.app_context(), at(now() + timedelta(days=5)), transaction():
        assert together.undo(1, people.pia.actor).done == [1, 2]
    assert column(app, "state") == ["open"] * 3
    assert column(app, "consent_until") == [before[0], None, None]
    assert column(app, "without_estimate") == ["Klein", "", ""]


def test_one_sitting_keeps_the_same_record_as_a_single_decision(app: Flask, people: Cast, pia: Browser) -> None:
    make(app, people)
    pia.post("/proposals/FV-1/defer", data=SITTING)
    bulk(pia, 2, 3, url=f"{TOGETHER}/decide", outcome="defer", **SITTING)
    with app.app_context():
        kept = {row.proposal_id: set(row.content) for row in db.session.scalars(select(DecisionRecord))}
        assert kept.keys() == {1, 2, 3}
        assert kept[1] == kept[2] == kept[3]


def test_what_was_changed_since_is_not_taken_back(app: Flask, people: Cast, pia: Browser) -> None:
    make(app, people)
    bulk(pia, 1, 2, do="value", value="5")
    bulk(pia, 2, do="value", value="1")
    assert "Inzwischen geändert" in undo(pia, 1).text
    assert column(app, "value") == [0, 1, 0]


def test_nobody_takes_back_what_another_did(app: Flask, people: Cast, pia: Browser) -> None:
    make(app, people, 1)
    with app.app_context(), transaction():
        found = together.change([1], people.pia.actor, "value", 3)
        db.session.get_one(together.Batch, found.batch).person_id = people.ada.person_id
    assert undo(pia, 1).status_code == 404


@pytest.mark.parametrize("bad", [{"do": "value", "value": "9"}, {"do": "vote_by"}, {"do": "propose"}, {"do": "reopen"}])
def test_a_bad_selection_or_form_comes_back(app: Flask, people: Cast, pia: Browser, bad: dict[str, str]) -> None:
    make(app, people)
    answer = bulk(pia, 1, 2, **bad)
    assert answer.status_code == 422
    assert answer.text.count('form="bulk"') == 3
    assert answer.text.count(" checked") == 2
    assert bulk(pia, do="value").status_code == 422
    nothing = bulk(pia, 1, url=f"{TOGETHER}/decide", outcome="accept", body="", decided_on="", reason="Warum")
    assert (nothing.status_code, "Warum" in nothing.text) == (422, True)
    assert column(app, "version") == [1, 1, 1]


def test_the_table_shows_and_sorts_what_order_needs(app: Flask, people: Cast, gast: Browser, pia: Browser) -> None:
    make(app, people)
    with app.app_context():
        offer(people, 2, "lead")
        offer(people, 2, "days", days=5)
        estimate(people, 2, 8, 10)
        estimate(people, 3, 2, 9, by=people.cleo.actor)
        cast(people, 1, "for")
    bulk(pia, 1, 2, do="value", value="4")
    page = gast.get("/proposals/table?sort=strength").text
    assert page.index("Vorschlag 2") < page.index("Vorschlag 3")
    assert "50 % des Aufwands" in page
    assert "weit auseinander" in page
    assert 'aria-sort="descending"' in page
    assert 'type="checkbox" name="proposal"' not in page
    assert page.index("Vorschlag 2") < page.index("Vorschlag 1"), "same strength: newest first"
    small = gast.get("/proposals/table?effort=any&sort=effort").text
    assert small.index("Vorschlag 3") < small.index("Vorschlag 2")
    assert "Vorschlag 1" not in small
    assert "Vorschlag 3" not in gast.get("/proposals/table?value=4").text
    assert "Vorschlag 1" not in gast.get("/proposals?value=none").text


def test_a_table_of_twenty_costs_no_more_than_one_of_one(
    app: Flask, people: Cast, pia: Browser, statements: list[str]
) -> None:
    def cost() -> int:
        app.extensions["pages"].forget()
        statements.clear()
        assert pia.get("/proposals/table").status_code == 200
        return len(statements)

    make(app, people, 1)
    cost()
    one = cost()
    make(app, people, 19)
    cost()
    assert cost() <= one


def test_pictures_count_in_cells_and_lead_to_what_they_count(
    app: Flask, people: Cast, pia: Browser, gast: Browser
) -> None:
    make(app, people, 5)
    with app.app_context():
        for number, high in ((1, 8), (2, 9), (3, 120)):
            estimate(people, number, 6, high)
        cast(people, 1, "for")
        cast(people, 1, "against", by=people.cleo.actor)
    bulk(pia, 1, 2, 3, 4, do="value", value="4")
    page = gast.get("/proposals/pictures").text
    assert "/proposals/table?value=4&amp;effort=10" in page, "two in one cell lead to a list of two"
    assert 'href="/proposals/FV-3"' in page, "one alone leads to itself"
    listed = gast.get("/proposals/table?value=4&effort=10").text
    assert [f"FV-{n}" in listed for n in range(1, 6)] == [True, True, False, False, False]
    assert "1 nicht eingestuft" in page
    assert "2 nicht geschätzt" in page
    contested = gast.get("/proposals/table?support=40&contest=50").text
    assert ("FV-1" in contested, "FV-2" in contested) == (True, False)


def test_pictures_of_very_many_count_the_newest_and_say_so(
    app: Flask, people: Cast, gast: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(app, people, 5)

    def shown(query: str = "") -> str:
        app.extensions["pages"].forget()
        return gast.get(f"/proposals/pictures{query}").text

    monkeypatch.setattr(counting, "SHOWN", 5)
    page = shown()
    assert "5 nicht eingestuft" in page
    assert "Es sind sehr viele" not in page, "all of them are there"
    monkeypatch.setattr(counting, "SHOWN", 3)
    page = shown()
    assert "3 nicht eingestuft" in page
    assert "Gezählt werden die neuesten 3." in page
    assert "3 nicht eingestuft" in shown("?partner=aalen"), "few that a filter leaves are no more"
    monkeypatch.setattr(lists, "FEW", 4)
    monkeypatch.setattr(counting, "LOOKED", 2)
    page = shown("?partner=aalen")
    assert "2 nicht eingestuft" in page
    assert "Berücksichtigt werden die neuesten 2 je Stand." in page


@pytest.mark.parametrize("scale", ["support", "contest"])
def test_every_proposal_falls_into_exactly_one_class(app: Flask, people: Cast, scale: str) -> None:
    make(app, people, 4)
    with app.app_context():
        cast(people, 2, "for")
        cast(people, 3, "for")
        cast(people, 3, "against", by=people.cleo.actor)
        cast(people, 4, "against", by=people.cleo.actor)
        for proposal in (1, 2, 3, 4):
            found = [
                one.code
                for one in cells.SCALES[scale]
                if db.session.scalar(
                    select(Proposal.id).where(Proposal.id == proposal, cells.condition(scale, one.code))
                )
            ]
            kept = Proposal.support_place if scale == "support" else Proposal.contest_class
            row = db.session.execute(select(kept, cells.voters()).where(Proposal.id == proposal)).one()
            assert [cells.SCALES[scale][cells.numbering(scale, row[1])(row[0])].code] == found


def test_a_picture_of_many_costs_no_more_queries_than_one_of_few(
    app: Flask, people: Cast, gast: Browser, statements: list[str]
) -> None:
    def cost() -> int:
        app.extensions["pages"].forget()
        statements.clear()
        assert gast.get("/proposals/pictures").status_code == 200
        return len(statements)

    make(app, people, 1)
    cost()
    few = cost()
    make(app, people, 20)
    assert cost() <= few


@pytest.mark.parametrize("first", ["accept", "decline"])
def test_of_two_product_owners_one_decides_and_nothing_is_counted_twice(app: Flask, people: Cast, first: str) -> None:
    make(app, people, 4)
    start, problems = threading.Barrier(2), []
    words = {"body": "Rat", "decided_on": today(), "reason": "Ja"}

    def decide(verb: str, ids: list[int]) -> None:
        more = {"without_estimate": "Klein"} if verb == "accept" else {}
        try:
            with app.app_context():
                start.wait()
                with transaction():
                    together.move(ids, people.pia.actor, verb, **words, **more)
        except Exception as problem:  # noqa: BLE001 - told by the assertion below
            problems.append(problem)

    other = "decline" if first == "accept" else "accept"
    threads = [threading.Thread(target=decide, args=a) for a in ((first, [1, 2, 3, 4]), (other, [4, 3, 2, 1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(set(column(app, "state"))) == 1, "who came first decided all four"
    with app.app_context():
        assert db.session.query(Decision).count() == 4
