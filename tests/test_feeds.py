"""Feeds of lists and proposals: valid Atom, narrowed as the page is, never more than a stranger sees."""

from xml.etree import ElementTree

import pytest
from flask import Flask

from board.db import transaction
from board.policy import SYSTEM
from board.settings.verbs import change
from tests.conftest import Browser
from tests.factories import cast, comment, make_package, make_proposal
from tests.people import Cast

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def world(app: Flask, people: Cast) -> None:
    """FV-1 of Aalen about defects, open, with a ballot, a comment and AP-1; FV-2 of Celle about transport, accepted."""
    with app.app_context():
        make_proposal(people, title="Mängel & <Lob> melden")
        make_proposal(people, by=people.cleo.actor, title="Busse zeigen", topic_id=people.transport, state="accepted")
        cast(people, 1, "against", by=people.cleo.actor, reason="Zu teuer.")
        comment(people.ben.actor, "Wir brauchen das.", proposal_id=1)
        make_package(people, 1, title="Formular bauen")


def feed(browser: Browser, url: str) -> ElementTree.Element:
    """A feed, checked to have what RFC 4287 asks for."""
    answer = browser.get(url)
    assert answer.status_code == 200, url
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    found = ElementTree.fromstring(answer.data)
    for element in (found, *found.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert element.findtext(f"{ATOM}{name}"), name
    assert found.find(f"{ATOM}link[@rel='self']").attrib["href"] == f"http://localhost{url}"  # type: ignore[union-attr]
    return found


def titles(browser: Browser, url: str) -> str:
    """All titles of the entries."""
    return "\n".join(entry.findtext(f"{ATOM}title", "") for entry in feed(browser, url).findall(f"{ATOM}entry"))


@pytest.mark.parametrize(
    ("url", "inside", "outside"),
    [
        ("/proposals.atom", "Mängel & <Lob> melden", "nirgends"),
        ("/proposals.atom", "Busse zeigen", "nirgends"),
        ("/proposals.atom?topic=maengelmelder", "Mängel & <Lob> melden", "Busse"),
        ("/proposals.atom?state=accepted", "Busse zeigen", "Mängel"),
        ("/proposals.atom?partner=celle", "Busse zeigen", "Mängel"),
        ("/proposals.atom?q=busse", "Busse zeigen", "Mängel"),
        ("/proposals/FV-1/activity.atom", "Formular bauen", "Busse"),
        ("/proposals/FV-2/activity.atom", "Busse zeigen", "Mängel"),
    ],
)
def test_a_feed_holds_what_its_address_says(world: None, gast: Browser, url: str, inside: str, outside: str) -> None:
    assert inside in titles(gast, url)
    assert outside not in titles(gast, url)


def test_a_feed_never_tells_who_voted_how_or_who_somebody_is(world: None, gast: Browser, ada: Browser) -> None:
    for url in ("/proposals.atom", "/proposals.atom?partner=aalen", "/proposals/FV-1/activity.atom"):
        text = ada.get(url).text
        assert "Ein Partner hat sein Votum" in text
        for hidden in ("Ada", "Ben", "Cleo", "gegen", "Zu teuer", "Wir brauchen das"):
            assert hidden not in text, hidden
        assert text == gast.get(url).text


def test_feeds_have_ids_of_their_own_and_their_entries_the_same_everywhere(world: None, gast: Browser) -> None:
    urls = ("/proposals.atom", "/proposals.atom?state=open", "/proposals/FV-1/activity.atom", "/activity.atom")
    feeds = [feed(gast, url) for url in urls]
    assert len({found.findtext(f"{ATOM}id") for found in feeds}) == len(urls)
    entries = [{entry.findtext(f"{ATOM}id") for entry in found.findall(f"{ATOM}entry")} for found in feeds]
    assert entries[2] <= entries[0] <= entries[3]
    assert entries[1] == entries[2]


def test_a_feed_is_named_in_the_language_of_its_address(world: None, gast: Browser) -> None:
    german = feed(gast, "/proposals.atom?state=open&topic=maengelmelder").findtext(f"{ATOM}title", "")
    english = feed(gast, "/proposals.atom?state=open&topic=maengelmelder&lang=en").findtext(f"{ATOM}title", "")
    assert (german, english) == ("Stadtrunde: Vorschläge, Stand in Abstimmung, Thema Mängelmelder",
                                 "Stadtrunde: Proposals, Status ballot open, Topic Defect reporting")  # fmt: skip


def test_pages_name_their_feeds_to_readers_and_to_people(world: None, gast: Browser) -> None:
    for page, url in (
        ("/proposals", "/proposals.atom"),
        ("/proposals?state=open", "/proposals.atom?state=open"),
        ("/proposals/FV-1", "/proposals/FV-1/activity.atom"),
        ("/partners/celle", "/activity.atom?partner=celle"),
        ("/activity?partner=celle", "/activity.atom?partner=celle"),
    ):
        text = gast.get(page).text
        head, body = text.split("<body", 1)
        assert 'type="application/atom+xml" title="' in head
        assert f'href="{url}"' in head, page
        assert f'href="{url}"' in body, page
        assert gast.get(url).status_code == 200
    assert 'href="/proposals.atom?lang=en"' in gast.get("/proposals", headers={"Accept-Language": "en"}).text


def test_an_unchanged_feed_is_answered_with_304(world: None, gast: Browser) -> None:
    for url in ("/proposals.atom", "/proposals/FV-1/activity.atom"):
        tag = gast.get(url).headers["ETag"]
        assert gast.get(url, headers={"If-None-Match": tag}).status_code == 304


def test_a_feed_of_nothing_is_missing_or_empty(world: None, gast: Browser) -> None:
    assert gast.get("/proposals/FV-9/activity.atom").status_code == 404
    assert titles(gast, "/proposals.atom?q=gibtesnicht") == ""


def test_the_cost_of_a_feed_does_not_grow_with_what_it_holds(
    world: None, app: Flask, people: Cast, gast: Browser, statements: list[str]
) -> None:
    def asked() -> int:
        app.extensions["pages"].forget()
        statements.clear()
        gast.get("/proposals.atom")
        return len(statements)

    asked()
    before = asked()
    for _n in range(5):
        make_proposal(people)
    assert asked() == before


def test_feeds_need_sign_in_where_reading_is_not_public(world: None, app: Flask, gast: Browser, ada: Browser) -> None:
    with app.app_context(), transaction():
        change("public", False, SYSTEM)
    for url in ("/proposals.atom", "/proposals/FV-1/activity.atom", "/activity.atom", "/roadmap.ics"):
        assert gast.get(url).status_code == 401, url
        assert ada.get(url).status_code == 200, url
