"""The calendar of a person: an address with a token of theirs, which opens dates and nothing else."""

from flask import Flask

from board.accounts import tokens
from board.accounts.models import Membership
from board.db import db, now, transaction
from tests.conftest import Browser
from tests.factories import make_world, milestone
from tests.people import Cast
from tests.programs import FULL, expire, program, token

CALENDAR = [tokens.CALENDAR]


def test_it_holds_what_its_person_sees_also_on_a_closed_board(app: Flask, people: Cast, other: object) -> None:
    with app.app_context():
        make_world(people)
        milestone(people)
    secret = token(app, people.ben, CALENDAR)
    stranger = program(app)
    assert "Vergangener Workshop" not in app.test_client().get("/roadmap.ics").text
    for board in (app, other(BOARD_PUBLIC="0")):  # type: ignore[operator]
        answer = program(board).get(f"/calendar/{secret}.ics")
        assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
        assert "SUMMARY:Workshop: Vergangener Workshop" in answer.text
        assert "SUMMARY:Meilenstein: Stadt-App 2.0" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
    assert "SUMMARY:Milestone: Stadt-App 2.0" in stranger.get(f"/calendar/{secret}.ics?lang=en").text


def test_its_token_opens_nothing_else_and_no_other_token_opens_it(app: Flask, people: Cast) -> None:
    secret = token(app, people.ada, CALENDAR)
    assert program(app, secret).get("/proposals").status_code == 401
    for bad in (token(app, people.ada, FULL), "strd_" + "x" * 43, "nothing"):
        assert program(app).get(f"/calendar/{bad}.ics").status_code == 404


def test_it_ends_with_the_token_and_with_the_seat(app: Flask, people: Cast, ada: Browser) -> None:
    revoked, seat, expired = (token(app, who, CALENDAR) for who in (people.ada, people.cleo, people.ben))
    ada.post("/account/tokens/1/revoke")
    with app.app_context(), transaction():
        db.session.get_one(Membership, people.cleo.membership_id).ended_at = now()
    assert program(app).get(f"/calendar/{expired}.ics").status_code == 200
    expire(app)
    for secret in (revoked, seat, expired):
        assert program(app).get(f"/calendar/{secret}.ics").status_code == 404


def test_the_page_shows_the_address_once(app: Flask, people: Cast, ada: Browser) -> None:
    page = ada.post("/account/tokens", data={"name": "Kalender", "scopes": "calendar", "days": "365", "seat": ""})
    assert "http://localhost/calendar/strd_" in page.text
    assert "/calendar/strd_" not in ada.get("/account/tokens").text


def test_the_page_about_the_api_names_every_operation_in_both_languages(
    app: Flask, people: Cast, gast: Browser
) -> None:
    german, english = gast.get("/api").text, gast.get("/api", headers={"Accept-Language": "en"}).text
    for told, said in ((german, "Das Votum des eigenen Partners abgeben"), (english, "Cast or change the ballot")):
        assert said in told
        assert told.count("<details") >= 90
        assert 'id="not-found"' in told, "problems name this page"
    assert gast.get("/api").headers["ETag"]
