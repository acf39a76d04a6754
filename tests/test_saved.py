"""Saved views: the normalised filter is the view; private, shared, and the one that a partner begins with."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from board.db import db, transaction
from board.saved.models import SavedView
from tests.conftest import Browser
from tests.factories import make_proposal, view
from tests.people import Cast


def save(browser: Browser, **form: str) -> Any:
    return browser.post("/proposals/views", data={"name": "Meine", "audience": "private", "face": "list"} | form)


def kept(app: Flask) -> list[tuple[str, str, bool]]:
    with app.app_context():
        rows = select(SavedView.face, SavedView.query, SavedView.beginning).order_by(SavedView.id)
        return [tuple(row) for row in db.session.execute(rows)]


def test_what_is_saved_is_the_normalised_filter(app: Flask, people: Cast, ben: Browser, cleo: Browser) -> None:
    answer = save(ben, face="table", query="sort=strength&state=open&topic=nothing&after=12~3&n=100&evil=1")
    assert answer.location == "/proposals/table?state=open&sort=strength"
    assert kept(app) == [("table", "state=open&sort=strength", False)]
    save(ben, face="table", query="state=open&sort=strength")
    assert len(kept(app)) == 1, "a second click saves nothing new"
    assert "Meine" in ben.get("/proposals").text
    assert "Meine" not in cleo.get("/proposals").text


def test_a_view_is_shared_with_the_partner_or_by_product_owners_with_everybody(
    app: Flask, people: Cast, ada: Browser, ben: Browser, cleo: Browser, pia: Browser, gast: Browser
) -> None:
    save(ada, name="Für uns", audience="partner")
    save(pia, name="Für alle", audience="all")
    assert save(ben, name="Zu weit", audience="all").status_code == 400
    seen = {who: browser.get("/proposals").text for who, browser in (("ben", ben), ("cleo", cleo), ("gast", gast))}
    assert ("Für uns" in seen["ben"], "Für uns" in seen["cleo"]) == (True, False)
    assert ("Für alle" in seen["ben"], "Für alle" in seen["cleo"], "Für alle" in seen["gast"]) == (True, True, False)


@pytest.mark.parametrize("bad", [{"name": ""}, {"name": "x" * 61}, {"audience": "world"}, {"face": "map"}])
def test_a_view_without_a_name_or_place_is_refused(app: Flask, people: Cast, ben: Browser, bad: dict[str, str]) -> None:
    assert save(ben, **bad).status_code == 400
    assert kept(app) == []


def test_a_partner_begins_with_its_view_and_everything_is_one_link_away(
    app: Flask, people: Cast, ada: Browser, ben: Browser, cleo: Browser
) -> None:
    with app.app_context():
        make_proposal(people)
        view(people)
    assert ada.post("/proposals/views/1/begin").status_code == 303
    assert ben.get("/proposals").location == "/proposals?state=open"
    page = ben.get("/proposals?state=open").text
    assert "/proposals?all=1" in page
    assert ben.get("/proposals?all=1").status_code == 200
    assert ben.get("/proposals?q=&state=&sort=").location == "/proposals?all=1"
    assert cleo.get("/proposals").status_code == 200
    assert cleo.get("/proposals?all=1").location == "/proposals"
    assert ada.post("/proposals/views/1/plain").status_code == 303
    assert ben.get("/proposals").status_code == 200


def test_one_view_begins_and_the_database_holds_it(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        view(people)
        view(people, query="sort=strength")
    ada.post("/proposals/views/1/begin")
    ada.post("/proposals/views/2/begin")
    assert [row[2] for row in kept(app)] == [False, True]
    with app.app_context(), transaction():
        db.session.get_one(SavedView, 1).beginning = True
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_removing_can_be_taken_back(app: Flask, people: Cast, ada: Browser, ben: Browser) -> None:
    with app.app_context():
        view(people)
    assert ben.post("/proposals/views/1/remove").status_code == 403
    answer = ada.post("/proposals/views/1/remove")
    assert kept(app) == []
    assert "Ansicht entfernt" in ada.get(answer.location).text
