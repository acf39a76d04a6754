"""Learnings: five questions when a use turns, free ones on anything, and real effort beside the estimate."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.errors import Conflict, Denied
from board.learnings import queries, verbs
from board.learnings.models import Learning, Useful
from board.learnings.queries import Filters
from board.policy import ANONYMOUS
from board.proposals.states import State
from board.search import queries as search
from tests import factories
from tests.conftest import Browser
from tests.people import Cast
from tests.test_matrix import use


@pytest.fixture
def feature(app: Flask, people: Cast) -> Flask:
    """FV-1 is available."""
    with app.app_context():
        factories.make_proposal(people, title="Müllkalender", state=State.AVAILABLE)
    return app


def told(**words: str) -> dict[str, str]:
    return {"title": "Kalender", "on": "FV-1", "occasion": "free", "text": "Straßen **prüfen**."} | words


def titles(**filters: Any) -> list[str]:
    return [line.title for line in queries.page(Filters(**filters), ANONYMOUS)[0]]


@pytest.mark.parametrize(("status", "asks"), [("examining", False), ("planned", False), ("pilot", True),
                                              ("live", True), ("ended", True)])  # fmt: skip
def test_a_use_that_turns_asks_five_questions_until_they_are_answered(
    feature: Flask, ada: Browser, ben: Browser, cleo: Browser, status: str, asks: bool
) -> None:
    answer = ada.post("/proposals/FV-1/reuse", data={"status": status}, partial=True, target="reuse-1")
    url = f"/learnings/new?on=FV-1&amp;occasion={status}"
    for page in (answer.text, ada.get("/").text, ben.get("/proposals/FV-1").text, ben.get("/learnings").text):
        assert (url in page) is asks
    assert url not in cleo.get("/").text
    if not asks:
        return
    page = ben.get(url.replace("&amp;", "&")).text
    assert "Fünf kurze Fragen" in page
    assert "Müllkalender: " in page
    assert "Aalen" in page
    sent = ben.post("/learnings", data=told(occasion=status))
    assert sent.status_code == 303
    assert url not in ada.get("/").text


def test_nobody_is_asked_for_ever(feature: Flask, people: Cast) -> None:
    with feature.app_context():
        use(1, people.ada)
        assert [a.key for a in queries.asked(people.ben.actor)] == ["FV-1"]
        with at(now() + timedelta(days=91)):
            assert queries.asked(people.ben.actor) == []


def test_it_stands_where_the_next_partner_starts(feature: Flask, people: Cast, gast: Browser, cleo: Browser) -> None:
    with feature.app_context():
        factories.learn(people.ada.actor, contact="digital@aalen.example", privacy_notice="Wir speichern nichts.")
    for page in (gast.get("/proposals/FV-1"), gast.get("/learnings"), gast.get("/proposals/FV-1/learnings")):
        assert "Karten kosten Zeit" in page.text
        assert "Datenschutzhinweis" in page.text
    assert "Erkenntnisse: 1" in gast.get("/reuse").text
    whole, inside = gast.get("/learnings/1").text, cleo.get("/learnings/1").text
    assert "Wir speichern nichts." in whole
    assert "Mehr Zeit einplanen." in whole
    for hidden in ("digital@aalen.example", "Ada"):
        assert hidden not in whole
        assert hidden in inside


def test_real_effort_stands_as_a_median_beside_the_estimate(feature: Flask, people: Cast, gast: Browser) -> None:
    with feature.app_context():
        factories.make_package(people, 1, effort=Decimal(10))
        factories.learn(people.ada.actor, effort=Decimal(4), title="Anfang")
        factories.learn(people.ada.actor, effort=Decimal(12), title="Später")  # The latest word of a partner counts.
        factories.learn(people.cleo.actor, effort=Decimal(15))
        factories.learn(people.cleo.actor, on="AP-1", effort=Decimal("2.5"), title="Zum Paket")
        assert queries.needed([1]) == {1: queries.Needed(Decimal("13.5"), 2)}
        assert queries.needed_by_package([1]) == {1: queries.Needed(Decimal("2.5"), 1)}
    page = gast.get("/proposals/FV-1").text
    assert "wirklich gebraucht: 13,5 PT, Median aus 2 Partnern" in page
    assert "≈ 10 PT" in page
    package = gast.get("/packages/AP-1").text
    assert "2,5 Personentage" in package
    assert "Angabe von 1 Partner" in package


def test_others_say_that_it_was_useful_once_and_take_it_back(feature: Flask, people: Cast, cleo: Browser) -> None:
    with feature.app_context():
        factories.learn(people.ada.actor)
        factories.learn(people.ada.actor, title="Zweite")
    url = "/learnings/1/useful"
    for _ in range(2):
        answer = cleo.post(url, data={"useful": "1"}, partial=True, target="useful-1")
        assert "für 1 Partner nützlich" in answer.text
    with feature.app_context():
        assert titles(sort="useful") == ["Karten kosten Zeit", "Zweite"]
        assert titles() == ["Zweite", "Karten kosten Zeit"]
        assert db.session.scalar(select(func.count()).where(Activity.verb == "learning.thank")) == 1
        with pytest.raises(Conflict), transaction():
            verbs.thank(verbs.locked(1), True, people.ben.actor)
    cleo.post(url, data={"useful": "0"}, partial=True, target="useful-1")
    with feature.app_context():
        assert db.session.scalar(select(func.count()).select_from(Useful)) == 0


def test_the_list_is_narrowed_by_topic_partner_subject_texts_and_words(feature: Flask, people: Cast) -> None:
    with feature.app_context():
        factories.make_proposal(people, topic_id=people.transport)
        factories.learn(people.ada.actor, title="Müll")
        bus = {"title": "Bus", "press_release": "Jetzt neu.", "text": "Fahrpläne abgleichen"}
        factories.learn(people.cleo.actor, on="FV-2", **bus)
        assert titles(topic="oepnv-auskunft") == ["Bus"]
        assert titles(partner="aalen") == ["Müll"]
        assert titles(on="FV-2") == ["Bus"]
        assert titles(take="press_release") == ["Bus"]
        assert titles(q="fahrplan") == ["Bus"]
        assert titles(q="müll") == ["Müll"]
        (group,) = [g for g in search.find("Fahrpläne", ANONYMOUS) if g.kind == "learning"]
        assert group.hits[0].url == "/learnings/2"


def test_a_free_learning_needs_no_subject_and_the_log_tells_it(feature: Flask, ben: Browser, gast: Browser) -> None:
    assert ben.post("/learnings", data=told(on="", title="Frei")).status_code == 303
    assert "Aalen hat eine Erkenntnis geteilt" in gast.get("/activity?kind=learnings").text.replace("<b>", "").replace(
        "</b>", ""
    )


def test_sent_twice_it_is_one(feature: Flask, ben: Browser) -> None:
    first, second = (ben.post("/learnings", data=told()).location for _ in range(2))
    assert first == second
    with feature.app_context():
        assert db.session.scalar(select(func.count()).select_from(Learning)) == 1


@pytest.mark.parametrize(
    "words",
    [{"title": ""}, {"text": ""}, {"on": "FV-X"}, {"effort": "viel"}, {"occasion": "party"},
     {"occasion": "pilot", "on": ""}],
)  # fmt: skip
def test_a_bad_form_keeps_what_was_typed(feature: Flask, ben: Browser, words: dict[str, str]) -> None:
    answer = ben.post("/learnings", data=told(press_release="") | words)
    assert answer.status_code == 422
    assert "Straßen **prüfen**." in answer.text or "text" in words
    with feature.app_context():
        assert db.session.scalar(select(func.count()).select_from(Learning)) == 0


def test_what_is_not_there_cannot_be_written_about(feature: Flask, ben: Browser) -> None:
    assert ben.post("/learnings", data=told(on="FV-99")).status_code == 404
    assert ben.get("/learnings/new?on=FV-99").status_code == 200
    assert ben.get("/learnings/99").status_code == 404


def test_who_comes_second_sees_what_stands_otherwise(feature: Flask, people: Cast, ada: Browser, ben: Browser) -> None:
    with feature.app_context():
        factories.learn(people.ada.actor)
    ben.post("/learnings/1/edit", data=told(version="1", text="Ben war hier."))
    late = ada.post("/learnings/1/edit", data=told(version="1", text="Ada auch."))
    assert late.status_code == 409
    assert "Ben war hier." in late.text
    assert "Ada auch." in late.text
    assert 'name="version" value="2"' in late.text
    assert ada.post("/learnings/1/edit", data=told(version="2", text="Ada auch.")).status_code == 303


def test_only_the_own_partner_s_is_changed_or_removed(feature: Flask, people: Cast) -> None:
    with feature.app_context():
        factories.learn(people.ada.actor)
        for who in (people.cleo, people.rolf, people.pia):
            with pytest.raises(Denied), transaction():
                verbs.remove(verbs.locked(1), who.actor)
            with pytest.raises(Denied), transaction():
                verbs.edit(verbs.locked(1), verbs.Told("x"), 1, who.actor)
        with transaction():
            verbs.thank(verbs.locked(1), True, people.cleo.actor)
            verbs.remove(verbs.locked(1), people.ben.actor)
        assert titles() == []


def test_the_list_costs_the_same_for_one_and_for_many(feature: Flask, people: Cast, statements: list[str]) -> None:
    def cost() -> int:
        statements.clear()
        queries.page(Filters(), people.ben.actor)
        return len(statements)

    with feature.app_context():
        factories.learn(people.ada.actor)
        once = cost()
        for n in range(12):
            factories.learn(people.ada.actor, title=f"Nummer {n}")
        assert cost() == once
