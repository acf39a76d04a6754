"""Splitting and merging packages: nothing that hangs on them is lost or counted twice."""

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.comments.models import Comment
from board.db import db, transaction
from board.issues.models import IssueLink
from board.notifications.models import Watch
from board.proposals.models import Proposal
from board.record import checks
from board.work import bids, dependencies, reshaping
from board.work.models import Claim, Package, PackageState, Seat
from board.work.packages import locked
from board.work.parts import Part
from tests.conftest import Browser
from tests.factories import claim, comment, make_package, make_proposal
from tests.people import Cast

LINK = (("Entwurf", "https://example.org/entwurf"),)


@pytest.fixture
def two(app: Flask, people: Cast) -> None:
    """AP-1 (10 PT, 8 points) and AP-2 (4 PT, 3 points) under FV-1; AP-2 waits for AP-3, AP-4 waits for AP-2."""
    with app.app_context():
        make_package(people, title="Formular", effort=Decimal(10), points=Decimal(8), skills=("mobile",), links=LINK)
        make_package(people, 1, title="Karte", effort=Decimal(4), points=Decimal(3), skills=("data",), text="Mit Suche",
                     links=(*LINK, ("Plan", "https://example.org/plan")))  # fmt: skip
        make_package(people, 1, title="Vorarbeit")
        make_package(people, 1, title="Danach")
        for waits, needs in ((2, 3), (4, 2)):
            with transaction():
                dependencies.depend(waits, needs, people.ada.actor)


def sums() -> tuple[Decimal, Decimal]:
    """Efforts and story points of all packages that are shown."""
    rows = select(func.sum(Package.effort), func.sum(Package.points)).where(Package.merged_into_id.is_(None))
    effort, points = db.session.execute(rows).one()
    return effort, points


def sound(app: Flask) -> None:
    """All that is counted is what is there."""
    assert checks.counters() == []
    assert checks.claims() == []


# Splitting


def test_parts_take_their_share_and_the_rest_stays(two: None, app: Flask, ada: Browser) -> None:
    lines = "Eingabe | 3 | 2\nPrüfung | 2,5"
    assert ada.post("/packages/AP-1/split", data={"lines": lines}).headers["Location"] == "/proposals/FV-1#packages-1"
    with app.app_context():
        rows = db.session.execute(select(Package.title, Package.effort, Package.points, Package.split_from_id))
        assert {tuple(row) for row in rows if row.title in {"Formular", "Eingabe", "Prüfung"}} == {
            ("Formular", Decimal("4.5"), Decimal(6), None), ("Eingabe", Decimal(3), Decimal(2), 1),
            ("Prüfung", Decimal("2.5"), None, 1),
        }  # fmt: skip
        assert sums() == (14, 11)
        sound(app)
    assert "Abgeteilt von" in ada.get("/packages/AP-5").text


def test_seats_and_comments_stay_and_parts_are_free_and_wait_alike(two: None, app: Flask, people: Cast) -> None:
    with app.app_context():
        claim(2, people.ada.actor)
        comment(people.ada.actor, "Gut.", package_id=2)
        with transaction():
            (part,) = reshaping.split(2, [Part("Suche", Decimal(1))], people.ada.actor)
        assert (part.state, part.lead_partner_id) == (PackageState.OPEN, None)
        assert dependencies.needs(part.id) == {3}
        assert dependencies.needs(4) == {2, part.id}
        assert db.session.scalar(select(Claim.package_id)) == 2
        assert db.session.scalar(select(Comment.package_id)) == 2
        sound(app)


@pytest.mark.parametrize("lines", ["", "x | viel", " | 3", "A | 10", "A | 6\nB | 5", "A | 1 | 9", "x" * 121])
def test_a_split_that_does_not_add_up_is_refused_with_what_was_typed(
    two: None, app: Flask, ada: Browser, lines: str
) -> None:
    answer = ada.post("/packages/AP-1/split", data={"lines": lines})
    assert answer.status_code in {409, 422}
    assert lines.strip() in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Package)) == 4


# Merging


def test_everything_moves_and_the_address_leads_on(two: None, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        claim(2, people.ada.actor, days=Decimal(2))
        claim(2, people.cleo.actor, Seat.SUPPORT, days=Decimal(1))
        comment(people.cleo.actor, "Bitte mit Karte.", package_id=2)
        with transaction():
            bids.bid(locked(2), people.rolf.actor, "Wir bauen es.")
            db.session.add(Watch(person_id=people.ben.person_id, key="AP-2"))
    answer = ada.post("/packages/AP-2/merge", data={"into": "1"})
    assert answer.headers["Location"] == "/packages/AP-1"
    moved = ada.get("/packages/AP-2")
    assert (moved.status_code, moved.headers["Location"]) == (303, "/packages/AP-1")
    html = ada.get("/packages/AP-1").text
    for told in (
        "Bitte mit Karte.",
        "Wir bauen es.",
        "Mit Suche",
        "Plan",
        "Darin aufgegangen",
        "AP-2",
        "14 Personentage",
    ):
        assert told in html, told
    with app.app_context():
        assert sums() == (14, 11)
        assert db.session.execute(select(Claim.package_id, Claim.seat, Claim.days).order_by(Claim.id)).all() == [
            (1, "lead", 2), (1, "support", 1),
        ]  # fmt: skip
        assert db.session.get_one(Package, 1).lead_partner_id == people.aalen
        assert dependencies.needs(1) == {3}
        assert dependencies.needs(4) == {1}
        assert "AP-1" in set(db.session.scalars(select(Watch.key)))
        assert db.session.get_one(Proposal, 1).n_packages == 3
        sound(app)
    for page in ("/work", "/work?view=list", "/proposals/FV-1/packages", "/search?q=Karte"):
        assert "/packages/AP-2" not in ada.get(page).text, page


def test_two_leads_become_a_lead_and_a_support_and_one_partner_one_seat(two: None, app: Flask, people: Cast) -> None:
    with app.app_context():
        claim(1, people.ada.actor)
        claim(1, people.cleo.actor, Seat.SUPPORT, days=Decimal(1))
        claim(2, people.cleo.actor)
        with transaction():
            reshaping.merge(2, 1, people.pia.actor)
        live = select(Claim.partner_id, Claim.seat, Claim.days).where(Claim.ended_at.is_(None)).order_by(Claim.seat)
        assert db.session.execute(live).all() == [(people.aalen, "lead", None), (people.celle, "support", Decimal(5))]
        sound(app)


def test_merging_closes_no_circle(two: None, app: Flask, people: Cast, ada: Browser) -> None:
    answer = ada.post("/packages/AP-4/merge", data={"into": "3"})  # AP-4 waits for AP-2, which waits for AP-3.
    assert answer.status_code == 409
    assert "AP-2 → AP-3" in answer.text
    assert ada.post("/packages/AP-2/merge", data={"into": "3"}).status_code == 303, "a direct dependency just goes"
    with app.app_context():
        assert dependencies.needs(4) == {3}
        assert dependencies.needs(3) == set()
        sound(app)


def test_a_merged_package_is_gone_for_every_verb(two: None, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context(), transaction():
        reshaping.merge(2, 1, people.ada.actor)
    for verb, data in (("claim", {"seat": "lead"}), ("move", {"to": "open"}), ("needs", {"on": "AP-1"})):
        assert ada.post(f"/packages/AP-2/{verb}", data=data).status_code == 409, verb
    assert ada.post("/packages/AP-2/comments", data={"text": "Hallo"}).status_code == 404
    assert ada.post("/packages/AP-3/merge", data={"into": "2"}).status_code == 422, "nothing becomes part of it"


def test_what_is_done_or_elsewhere_or_itself_is_not_merged(two: None, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        make_package(people, make_proposal(people, title="Anderer"), title="Fremd")
    for into in ("5", "1", "99", "x"):
        assert ada.post("/packages/AP-1/merge", data={"into": into}).status_code == 422


def test_who_may_not_edit_both_merges_neither(
    two: None, app: Flask, people: Cast, cleo: Browser, rolf: Browser, gast: Browser
) -> None:
    with app.app_context():
        claim(1, people.ada.actor)
    assert cleo.post("/packages/AP-2/merge", data={"into": "1"}).status_code == 403
    assert cleo.post("/packages/AP-1/merge", data={"into": "2"}).status_code == 403
    assert rolf.post("/packages/AP-2/split", data={"lines": "A"}).status_code == 403
    assert gast.post("/packages/AP-2/split", data={"lines": "A"}).status_code == 401
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Package.merged_into_id.is_not(None))) == 0
        assert db.session.scalar(select(func.count()).select_from(IssueLink)) == 0
