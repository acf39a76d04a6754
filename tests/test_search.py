"""Finding again: alike on both databases, through the lists, the search page and the jump box."""

import re

import pytest
from flask import Flask
from sqlalchemy import select, text

from board.db import db, transaction
from board.i18n import set_locale
from board.issues.models import Issue
from board.policy import ANONYMOUS, Actor
from board.proposals.models import Proposal
from board.search import queries, suggest, words
from board.search.index import within
from board.search.snippets import around, marked
from board.text import fold
from tests import factories
from tests.conftest import Browser
from tests.people import Cast
from tests.webhooks.forge import Forge, github_issue


def found(typed: str) -> list[str]:
    """The titles of the proposals that hold the words, the newest first."""
    with db.session.no_autoflush:
        return list(
            db.session.scalars(select(Proposal.title).where(within(Proposal.id, typed)).order_by(Proposal.id.desc()))
        )


@pytest.fixture
def shelf(app: Flask, people: Cast) -> Flask:
    """Some proposals, a package and a comment."""
    with app.app_context():
        for title, body in (
            ("Mängelmelder für Straßen", "Schlaglöcher melden und den Bearbeitungsstand sehen."),
            ("Müllkalender", "Termine der Müllabfuhr mit Erinnerung."),
            ("Abfahrten in Echtzeit", "Wann der Bus wirklich kommt, an jeder Haltestelle."),
        ):
            factories.make_proposal(people, title=title, text=body)
        package = factories.make_package(people, 1, title="Karte der Schlaglöcher zeichnen")
        factories.comment(people.ada.actor, "Die Erinnerung ist **wichtig** für Familien.", proposal_id=2)
        factories.comment(people.ada.actor, "Bitte mit Satellitenbild.", package_id=package)
    return app


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("mängelmelder", ["Mängelmelder für Straßen"]),
        ("MAENGELMELDER", ["Mängelmelder für Straßen"]),
        ("strasse", ["Mängelmelder für Straßen"]),
        ("Straßen", ["Mängelmelder für Straßen"]),
        ("müll", ["Müllkalender"]),
        ("kalender", ["Müllkalender"]),  # Inside of a word.
        ("termin", ["Müllkalender"]),
        ("Erinnerungen", ["Müllkalender"]),  # Another ending.
        ("bus kommt", ["Abfahrten in Echtzeit"]),
        ('"wirklich kommt"', ["Abfahrten in Echtzeit"]),
        ('"kommt wirklich"', []),
        ("bus müll", []),
        ("FV-3", ["Abfahrten in Echtzeit"]),
        ("", ["Abfahrten in Echtzeit", "Müllkalender", "Mängelmelder für Straßen"]),
        ("'); DROP -- \" * : ( NEAR", []),
        ("und OR nicht", []),
    ],
)
def test_words_are_found_whatever_their_case_umlauts_ending_and_place(
    shelf: Flask, typed: str, titles: list[str]
) -> None:
    with shelf.app_context():
        assert found(typed) == titles


def test_what_is_edited_or_emptied_is_found_by_its_new_words_only(shelf: Flask) -> None:
    with shelf.app_context():
        with transaction():
            db.session.get_one(Proposal, 2).search = "wertstoffhof"
        assert found("wertstoffhof") == ["Müllkalender"]
        assert found("müll") == []


def test_counters_and_states_leave_the_index_alone(shelf: Flask, people: Cast) -> None:
    with shelf.app_context():
        factories.cast(people, 1, "for")
        assert found("Schlaglöcher") == ["Mängelmelder für Straßen"]
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                connection.execute(text("INSERT INTO proposal_fts (proposal_fts, rank) VALUES ('integrity-check', 1)"))


def test_a_search_shows_each_kind_with_the_words_marked(shelf: Flask, ada: Browser) -> None:
    page = ada.get("/search?q=schlaglöcher").text
    assert "<mark>Schlaglöcher</mark> melden" in page
    assert 'href="/packages/AP-1"' in page
    assert "Karte der <mark>Schlaglöcher</mark> zeichnen" in page
    comment = ada.get("/search?q=Familien&kind=comment").text
    assert 'href="/proposals/FV-2#comment-1"' in comment
    assert "Die Erinnerung ist wichtig für <mark>Familien</mark>." in comment
    assert 'href="/packages/AP-1#comment-2"' in ada.get("/search?q=satellitenbild").text
    assert 'href="/partners/celle"' in ada.get("/search?q=celle").text


def test_what_only_the_other_language_says_is_shown_in_that_language(shelf: Flask, ada: Browser) -> None:
    with shelf.app_context(), transaction():
        proposal = db.session.get_one(Proposal, 2)
        proposal.title_en, proposal.text_en = "Waste calendar", "Dates of the waste collection, with a reminder."
        proposal.search += fold(f" {proposal.title_en} {proposal.text_en}")
    ada.post("/account/preferences", data={"locale": "en"})
    assert "<mark>Müllkalender</mark>" in ada.get("/search?q=kalender").text
    page = ada.get("/search?q=reminder").text
    assert ">Waste calendar</a>" in page
    assert "with a <mark>reminder</mark>." in page


def test_the_fields_of_a_package_do_not_run_into_one_another(shelf: Flask, ada: Browser, people: Cast) -> None:
    with shelf.app_context():
        factories.make_package(people, 1, title="Prüfen", text="Mit Fachleuten", deliverables="Ein Bericht")
    assert "Mit Fachleuten · Ein <mark>Bericht</mark>" in ada.get("/search?q=Bericht").text


def test_a_deleted_comment_is_found_no_more(shelf: Flask, ada: Browser) -> None:
    ada.post("/comments/1/delete")
    assert "Familien</mark>" not in ada.get("/search?q=Familien").text


def test_a_key_leads_there_at_once(shelf: Flask, gast: Browser) -> None:
    assert gast.get("/search?q=fv 02").headers["Location"] == "/proposals/FV-2"
    assert gast.get("/search?q=AP-1").headers["Location"] == "/packages/AP-1"
    assert gast.get("/search?q=FV-999").status_code == 200


def test_who_mistypes_is_asked_what_was_meant_and_keeps_the_filter(shelf: Flask, gast: Browser) -> None:
    page = gast.get("/search?q=Mülkalender&kind=proposal").text
    assert "Meinten Sie" in page
    assert "q=M%C3%BCllkalender&amp;kind=proposal" in page
    with shelf.app_context():
        assert suggest.instead("Abfarten") == "Abfahrten"
        assert suggest.instead("xyzxyz") == ""
        assert suggest.instead("Müllkalender") == ""


def test_lists_narrowed_by_words_ask_what_was_meant_too(shelf: Flask, gast: Browser) -> None:
    page = gast.get("/proposals?q=M%C3%BClkalender&state=open").text
    assert 'href="/proposals?q=M%C3%BCllkalender&amp;state=open"' in page


def test_strangers_find_no_issue_and_no_name(shelf: Flask, gast: Browser, ada: Browser) -> None:
    with shelf.app_context():
        assert "issue" not in queries.kinds(ANONYMOUS)
    assert 'value="issue"' not in gast.get("/search?q=bus").text
    assert 'value="issue"' in ada.get("/search?q=bus").text
    assert "Ada" not in gast.get("/search?q=Familien").text


def test_an_issue_is_found_by_the_words_of_its_text_until_it_is_hidden(app: Flask, people: Cast, ada: Browser) -> None:
    forge = Forge(app, "github")
    long = "Absturz beim Öffnen der Fußgängerzone. " + "Zeile des Protokolls\n" * 600
    for number in (1, 2, 3):  # The first comes through the door, the others through the lane.
        forge.post(github_issue(number, body=long))
    with app.app_context():
        (group,) = queries.find("fussgängerzone", people.ada.actor, "issue")
        assert [hit.key for hit in group.hits] == ["#3", "#2", "#1"]
        assert "<mark>" in group.hits[0].piece
        assert max(len(text) for text in db.session.scalars(select(Issue.search))) < 11_000, "only the beginning"
    assert "stadt/app" in ada.get("/issues?triage=all&q=Fu%C3%9Fg%C3%A4ngerzone").text
    forge.post(github_issue(2, body="Neuer Text.", updated_at="2026-03-02T10:00:00Z"))
    forge.post(github_issue(3, action="deleted", body=long, updated_at="2026-03-02T10:00:00Z"))
    with app.app_context():
        (group,) = queries.find("Fußgängerzone", people.ada.actor, "issue")
        assert [hit.key for hit in group.hits] == ["#1"]
        assert list(db.session.scalars(select(Issue.search).where(Issue.number == 3))) == [""]


def test_folding_does_the_same_to_every_text() -> None:
    assert fold("Ä  ö\tÜ ß\n É ﬁ") == "ae oe ue ss e fi"
    assert fold("  Über ALLES  ") == "ueber alles"
    assert fold("I\u0307stanbul\u00a0Š") == "istanbul s"


def test_the_jump_box_offers_the_key_and_then_the_best(shelf: Flask, gast: Browser) -> None:
    page = gast.get("/search/jump?q=fv2", partial=True).text
    assert page.index('href="/proposals/FV-2"') > 0
    assert "<html" not in page
    assert 'href="/proposals/FV-3"' in gast.get("/search/jump?q=echt", partial=True).text
    assert "jumps" not in gast.get("/search/jump?q=", partial=True).text


def test_the_jump_box_tells_how_many_there_are_and_leads_on_to_everything(shelf: Flask, gast: Browser) -> None:
    page = gast.get("/search/jump?q=echt", partial=True).text
    told, many = re.search(r'role="status">(\d+) zur Auswahl', page), page.count('id="jump-') - 3
    assert told
    assert int(told[1]) == many
    assert 'id="jump-all" href="/search?q=echt"' in page
    nothing = gast.get("/search/jump?q=gibt%20es%20nicht", partial=True).text
    assert 'role="status">Auf Anhieb nichts gefunden.<' in nothing
    assert 'id="jump-all" href="/search?q=gibt%20es%20nicht"' in nothing


def test_words_in_the_title_come_before_newer_ones_in_the_text(app: Flask, people: Cast) -> None:
    with app.app_context():
        factories.make_proposal(people, title="Hitzekarte")
        factories.make_proposal(people, title="Wetter", text="Mit Hitzekarte.")
        (group,) = queries.find("hitzekarte", ANONYMOUS, "proposal")
        assert [hit.key for hit in group.hits] == ["FV-1", "FV-2"]


def test_a_search_costs_the_same_for_one_hit_and_for_many(app: Flask, people: Cast, statements: list[str]) -> None:
    def cost() -> int:
        statements.clear()
        queries.find("melden", Actor())
        return len(statements)

    with app.app_context():
        factories.make_proposal(people)
        cost()
        once = cost()
        for _ in range(19):
            factories.make_proposal(people)
        assert cost() == once


def test_terms_are_read_folded_bounded_and_without_syntax() -> None:
    assert words.read('Über "den Fluß" x') == (
        words.Term(("ueber",)), words.Term(("den", "fluss"), exact=True), words.Term(("x",)),
    )  # fmt: skip
    assert len(words.read("a " * 50)) == words.MOST
    assert words.read('" " -- *') == ()
    assert words.for_sqlite(words.read("Meldungen")) == '"meldung"*'
    assert words.for_postgres(words.read('"a b" c')) == "('a' <-> 'b') & ('c':*)"


def test_snippets_are_escaped_cut_at_words_and_marked() -> None:
    terms = words.read("bus")
    assert marked("<b>Bus</b>", terms) == "&lt;b&gt;<mark>Bus</mark>&lt;/b&gt;"
    piece = around("Anfang " * 60 + "der Nachtbus fährt " + "Ende " * 60, terms)
    assert piece.startswith("… Anfang")
    assert "der <mark>Nachtbus</mark> fährt" in piece
    assert piece.endswith(" …")
    set_locale("de")
