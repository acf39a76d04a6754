"""Writing proposals: one, several from a paste, and editing with somebody else at it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.db import db
from board.i18n import today
from board.proposals import queries, similar
from board.proposals.models import Proposal
from board.proposals.writing import mark
from tests.conftest import Browser
from tests.factories import make_draft, make_proposal
from tests.people import Cast

DUE = (today() + timedelta(days=30)).isoformat()


def words(**changes: str) -> dict[str, str]:
    """A form as it is sent."""
    return {
        "title": "Busse live", "text": "Wo ist mein **Bus**?", "topic": "oepnv-auskunft", "vote_by": DUE, "links": "",
        "once": "abc",
    } | changes  # fmt: skip


def edition(people: Cast) -> str:
    """What the form of an untouched proposal carries."""
    return mark(make_draft(people))


def there(app: Flask) -> list[str]:
    """The titles on the board."""
    with app.app_context():
        return list(db.session.scalars(select(Proposal.title).order_by(Proposal.id)))


def test_a_member_proposes_for_their_partner(app: Flask, people: Cast, ben: Browser) -> None:
    answer = ben.post("/proposals", data=words(links="Fahrplan-API https://api.example/v1\nhttps://b.example"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/proposals/FV-1")
    with app.app_context():
        proposal = queries.whole(1)
        assert (proposal.partner_id, proposal.author_id) == (people.aalen, people.ben.person_id)
        assert [(link.title, link.url) for link in proposal.links] == [
            ("Fahrplan-API", "https://api.example/v1"),
            ("b.example", "https://b.example"),
        ]


def test_a_form_sent_twice_makes_one_proposal_and_another_text_another(
    app: Flask, people: Cast, ben: Browser, ada: Browser
) -> None:
    for _time in range(2):
        assert ben.post("/proposals", data=words()).headers["Location"] == "/proposals/FV-1"
    ben.post("/proposals", data=words(title="Bahnen live"))
    ada.post("/proposals", data=words())
    assert there(app) == ["Busse live", "Bahnen live", "Busse live"]


def test_a_stranger_finds_the_text_again_and_is_asked_to_sign_in(app: Flask, people: Cast, gast: Browser) -> None:
    assert gast.get("/proposals/new").status_code == 200
    answer = gast.post("/proposals", data=words())
    assert answer.status_code == 401
    assert "Wo ist mein **Bus**?" in answer.text
    assert 'href="/sign-in?next=/proposals/new" target="_blank"' in answer.text
    assert there(app) == []


def test_providers_and_people_without_partner_propose_nothing(
    app: Flask, people: Cast, rolf: Browser, dora: Browser
) -> None:
    for client in (rolf, dora):
        assert client.get("/proposals/new").status_code == 403
        assert client.post("/proposals", data=words()).status_code == 403
        assert client.post("/proposals/several", data={"lines": "A"}).status_code == 403
    assert there(app) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"title": ""},
        {"title": "x" * 121},
        {"text": ""},
        {"text": "x" * 20_001},
        {"topic": "unknown"},
        {"topic": ""},
        {"vote_by": "bald"},
        {"vote_by": "2001-01-01"},
        {"vote_by": "9999-12-31"},
        {"links": "ohne Adresse"},
        {"links": "http://[::1"},
        {"links": "javascript:alert(1)"},
        {"summary": "x" * 241},
        {"once": "x" * 33},
    ],
)
def test_a_bad_form_keeps_what_was_typed(app: Flask, people: Cast, ben: Browser, bad: dict[str, str]) -> None:
    answer = ben.post("/proposals", data=words(**bad))
    assert answer.status_code == 422
    assert (bad.get("text") or "Wo ist mein **Bus**?") in answer.text or bad == {"text": ""}
    assert there(app) == []


def test_control_characters_do_no_harm(app: Flask, people: Cast, ben: Browser) -> None:
    assert ben.post("/proposals", data=words(title="Bus\x00se", text="a\x08b\r\nc")).status_code in {303, 400}


def test_similar_proposals_are_shown_while_typing(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        make_proposal(people, title="Mängelmelder mit Foto")
        make_proposal(people, title="Abfallkalender")
    text = gast.get("/proposals/similar?title=Maengelmelder", partial=True).text
    assert "Mängelmelder mit Foto" in text
    assert "Abfallkalender" not in text
    assert "FV-" not in gast.get("/proposals/similar?title=x", partial=True).text
    assert "FV-" not in gast.get("/proposals/similar", partial=True).text


# Editing


def test_the_own_partner_edits(app: Flask, people: Cast, ben: Browser) -> None:
    with app.app_context():
        make_proposal(people)
    text = ben.get("/proposals/FV-1/edit").text
    assert 'value="Mängel melden"' in text
    assert ben.post("/proposals/FV-1/edit", data=words(edition=edition(people))).status_code == 303
    assert there(app) == ["Busse live"]


def test_who_was_overtaken_keeps_their_text_above_the_others(
    app: Flask, people: Cast, ben: Browser, pia: Browser
) -> None:
    with app.app_context():
        make_proposal(people)
    began = edition(people)
    ben.post("/proposals/FV-1/edit", data=words(edition=began, text="Text von Ben", links="Ben https://b.example"))
    answer = pia.post("/proposals/FV-1/edit", data=words(edition=began, text="Text von Pia", topic="maengelmelder"))
    assert answer.status_code == 409
    assert "Aalen hat diesen Vorschlag geändert" in answer.text
    assert answer.text.index("Text von Pia") < answer.text.index("Text von Ben")
    theirs = answer.text.partition('id="theirs"')[2]
    for shown in ("Text von Ben", "ÖPNV-Auskunft", "Ben https://b.example"):
        assert shown in theirs
    assert "Titel" not in theirs
    mark_now = re.search(r'name="edition"[^>]*value="(\w+)"', answer.text)
    assert mark_now is not None
    assert pia.post("/proposals/FV-1/edit", data=words(edition=mark_now[1], text="Beide")).status_code == 303
    with app.app_context():
        assert db.session.get_one(Proposal, 1).text == "Beide"


@pytest.mark.parametrize("broken", ["", "x", "-1", "999999999", "²"])
def test_a_broken_edition_overwrites_nothing(app: Flask, people: Cast, ben: Browser, broken: str) -> None:
    with app.app_context():
        make_proposal(people)
    assert ben.post("/proposals/FV-1/edit", data=words(edition=broken)).status_code == 409
    assert there(app) == ["Mängel melden"]


def test_others_do_not_edit(app: Flask, people: Cast, cleo: Browser, rolf: Browser, gast: Browser) -> None:
    with app.app_context():
        make_proposal(people)
    for client, status in ((cleo, 403), (rolf, 403), (gast, 401)):
        assert client.get("/proposals/FV-1/edit").status_code == status
        assert client.post("/proposals/FV-1/edit", data=words(edition=edition(people))).status_code == status


def test_a_bad_edit_keeps_what_was_typed(app: Flask, people: Cast, ben: Browser) -> None:
    with app.app_context():
        make_proposal(people)
    answer = ben.post("/proposals/FV-1/edit", data=words(edition=edition(people), title="", text="Mein langer Text"))
    assert answer.status_code == 422
    assert "Mein langer Text" in answer.text


def test_what_is_decided_is_amended_by_the_product_owner_only(
    app: Flask, people: Cast, ben: Browser, pia: Browser
) -> None:
    with app.app_context():
        make_proposal(people, state="accepted")
    answer = ben.post("/proposals/FV-1/edit", data=words(edition=edition(people)))
    assert answer.status_code == 409
    assert "Wo ist mein **Bus**?" in answer.text
    assert pia.post("/proposals/FV-1/edit", data=words(edition=edition(people))).status_code == 303


# Several at once


def preview(client: Browser, lines: str, **more: str) -> Any:
    """What was pasted, looked at."""
    return client.post("/proposals/several", data={"lines": lines, "vote_by": DUE, "once": "s", **more})


def go(client: Browser, lines: str, take: list[str], **more: str) -> Any:
    """Look at it, then propose the selected rows."""
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', preview(client, lines, **more).text)
    assert seen is not None
    data = {"lines": lines, "vote_by": DUE, "once": "s", "seen": seen[1], "go": "1", "take": take, **more}
    return client.post("/proposals/several", data=data)


def test_pasted_lines_become_proposals(app: Flask, people: Cast, ben: Browser) -> None:
    assert ben.get("/proposals/several").status_code == 200
    shown = preview(ben, "Erster\n\n  Zweiter ", topic="maengelmelder")
    assert shown.text.count('name="take"') == 2
    assert there(app) == []
    answer = go(ben, "Erster\n\n  Zweiter ", ["1", "2"], topic="maengelmelder")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/proposals")
    assert there(app) == ["Erster", "Zweiter"]
    go(ben, "Erster\n\n  Zweiter ", ["1", "2"], topic="maengelmelder")
    assert there(app) == ["Erster", "Zweiter"]


@pytest.mark.parametrize(
    "sheet",
    [
        f'Titel\tBedarf\tThema\tRückmeldung bis\nBus\t"Zwei\nZeilen"\tÖPNV-Auskunft\t{DUE}',
        f'Topic;Title;Need;Answer by\nPublic transport information;Bus;"Zwei\nZeilen";{DUE}',
        f'title,topic,answer-by,text\nBus,oepnv-auskunft,{DUE},"Zwei\nZeilen"',
    ],
)
def test_a_pasted_spreadsheet_is_understood(app: Flask, people: Cast, ben: Browser, sheet: str) -> None:
    assert go(ben, sheet, ["1"]).status_code == 303
    with app.app_context():
        proposal = db.session.get_one(Proposal, 1)
        assert (proposal.title, proposal.text) == ("Bus", "Zwei\nZeilen")
        assert (proposal.topic_id, str(proposal.vote_by)) == (people.transport, DUE)


def test_bad_rows_stay_in_the_field_and_good_ones_are_proposed(app: Flask, people: Cast, ben: Browser) -> None:
    sheet = "Titel\tThema\nGut\tMängelmelder\nSchlecht\tUnsinn\n\tMängelmelder"
    answer = go(ben, sheet, ["1", "2", "3"])
    assert answer.status_code == 200
    assert there(app) == ["Gut"]
    assert "Schlecht\tUnsinn" in answer.text
    assert "Das Thema „Unsinn“ gibt es nicht." in answer.text
    assert "Gut\tMängelmelder" not in answer.text


def test_similar_and_repeated_titles_are_marked_and_not_selected(app: Flask, people: Cast, ben: Browser) -> None:
    with app.app_context():
        make_proposal(people, title="Mängelmelder mit Foto")
    text = preview(ben, "Maengelmelder mit Foto\nNeu\nneu", topic="maengelmelder").text
    assert "FV-1 Mängelmelder mit Foto" in text
    assert "derselbe Titel steht weiter oben" in text
    assert len(re.findall(r'name="take"[^>]* checked', text)) == 1


def test_a_title_in_english_is_compared_with_english_titles_too(app: Flask, people: Cast, ben: Browser) -> None:
    with app.app_context():
        make_proposal(people, title="Karte ohne Netz benutzen", title_en="Offline maps")
        assert similar.twins(["Offline maps", "Opening hours"]) == [(1, "Karte ohne Netz benutzen"), None]
        assert similar.twins(["Offline maps"], "en") == [(1, "Offline maps")]


def test_a_text_that_changed_since_its_preview_is_shown_again(app: Flask, people: Cast, ben: Browser) -> None:
    data = {"lines": "A", "topic": "maengelmelder", "vote_by": DUE, "seen": "old", "go": "1", "take": "1"}
    assert ben.post("/proposals/several", data=data).status_code == 409
    assert there(app) == []


@pytest.mark.parametrize("lines", ["", "   \n\t\n", "\n".join("x" * (i + 1) for i in range(201)), "a\x00" * 3])
def test_nothing_and_too_much_are_told(app: Flask, people: Cast, ben: Browser, lines: str) -> None:
    assert preview(ben, lines, topic="maengelmelder").status_code in {200, 400, 422}
    assert there(app) == []


def test_nothing_selected_is_told(app: Flask, people: Cast, ben: Browser) -> None:
    assert go(ben, "A", [], topic="maengelmelder").status_code == 422


def test_a_preview_costs_the_same_for_many_rows(app: Flask, people: Cast, ben: Browser) -> None:
    with app.app_context():
        make_proposal(people)
        assert db.session.scalar(select(func.count()).select_from(Proposal)) == 1
        one = similar.twins(["Mängel melden"])
        assert one == [(1, "Mängel melden")]
        assert similar.twins(["Mängel melden"] * 200) == one * 200
