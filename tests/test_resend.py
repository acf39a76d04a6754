"""Nothing typed is lost: without JavaScript, too, a refused form stands on the error page and can be sent again."""

import re

import pytest
from flask import Flask, g
from sqlalchemy import select

from board.comments.models import Comment
from board.db import db
from board.policy import Actor
from board.resend import held
from tests.conftest import Browser
from tests.factories import make_proposal
from tests.people import Cast

WORDS = "Wir brauchen das auch, <b>bald</b>."


@pytest.fixture
def proposal(app: Flask, people: Cast) -> str:
    """Where comments can be written."""
    with app.app_context():
        return f"/proposals/FV-{make_proposal(people)}"


def comments(app: Flask) -> list[tuple[str, int | None]]:
    """(text, partner) of all comments."""
    with app.app_context():
        return [(row.text, row.partner_id) for row in db.session.execute(select(Comment.text, Comment.partner_id))]


def fields(page: str) -> dict[str, str]:
    """The form that the error page offers to send again."""
    form = page.partition('id="resend"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return hidden | dict(re.findall(r'<textarea name="(\w+)"[^>]*>\n([^<]*)</textarea>', form))


def test_a_comment_from_another_partners_tab_can_be_sent_from_the_error_page(
    app: Flask, people: Cast, ada: Browser, proposal: str
) -> None:
    answer = ada.post(f"{proposal}/comments", data={"text": WORDS, "acting_for": str(people.celle)})
    assert answer.status_code == 409
    assert "Was Sie geschrieben haben, ist noch da" in answer.text
    assert "Im Namen von Aalen senden" in answer.text
    assert f'action="{proposal}/comments"' in answer.text
    sent = fields(answer.text)
    assert sent == {"acting_for": str(people.aalen), "text": "Wir brauchen das auch, &lt;b&gt;bald&lt;/b&gt;."}
    assert comments(app) == []
    assert ada.post(f"{proposal}/comments", data=sent | {"text": WORDS}).status_code == 303
    assert comments(app) == [(WORDS, people.aalen)]


def test_with_htmx_the_page_keeps_the_text_and_the_message_says_what_helps(
    people: Cast, ada: Browser, proposal: str
) -> None:
    words = {"text": WORDS, "acting_for": str(people.celle)}
    answer = ada.post(f"{proposal}/comments", data=words, partial=True)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#flash")
    assert "Wechseln Sie in einem anderen Tab zurück" in answer.text


def test_a_text_of_an_ended_session_waits_for_signing_in(app: Flask, gast: Browser, proposal: str) -> None:
    answer = gast.post(f"{proposal}/comments", data={"text": WORDS, "acting_for": "1"})
    assert answer.status_code == 401
    assert fields(answer.text)["acting_for"] == "1"
    assert 'target="_blank"' in answer.text


def test_who_may_not_can_still_copy_the_text(people: Cast, pia: Browser, cleo: Browser, proposal: str) -> None:
    words = {"title": "Ganz neuer Titel", "text": "Lang geschrieben.", "topic": "maengelmelder"}
    answer = cleo.post(f"{proposal}/edit", data=words)
    assert answer.status_code == 403
    assert fields(answer.text) == {"title": "Ganz neuer Titel", "text": "Lang geschrieben."}
    assert "readonly" in answer.text
    assert "senden" not in answer.text.partition('id="resend"')[2].partition("</section>")[0]


def test_a_tap_offers_nothing_to_send_again(people: Cast, ada: Browser, proposal: str) -> None:
    answer = ada.post(f"{proposal}/ballot", data={"choice": "for", "acting_for": str(people.celle)})
    assert answer.status_code == 409
    assert 'id="resend"' not in answer.text


def test_a_strange_page_gets_nothing_back(people: Cast, ada: Browser, proposal: str) -> None:
    answer = ada.post(f"{proposal}/comments", data={"text": WORDS}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "Wir brauchen" not in answer.text


def test_secrets_are_never_shown_again(app: Flask, people: Cast) -> None:
    form = {"name": "Ein Name", "webhook_secret": "Sehr geheim"}
    with app.test_request_context("/x", method="POST", data=form):
        g.actor = Actor()
        assert held(409, g.actor) is None
