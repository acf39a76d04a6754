"""Work in depth: packages wait for one another without a circle, and ask for skills."""

import re
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Refusal
from board.record import checks
from board.work import dependencies, moves
from board.work.models import Claim, Dependency, Package, Seat
from board.work.packages import locked
from tests.conftest import Browser
from tests.factories import claim, make_package
from tests.people import Cast


@pytest.fixture
def three(app: Flask, people: Cast) -> None:
    """AP-1, AP-2 and AP-3 under FV-1; AP-2 waits for AP-1."""
    with app.app_context():
        for title in ("Formular bauen", "Texte schreiben", "Probe mit Gästen"):
            make_package(people, 1 if title != "Formular bauen" else None, title=title)
        depend(2, 1, people)


def depend(package_id: int, needs_id: int, people: Cast) -> None:
    with transaction():
        dependencies.depend(package_id, needs_id, people.ada.actor)


def finish(people: Cast, package_id: int) -> None:
    """From free to done, by Ada."""
    claim(package_id, people.ada.actor)
    for verb in (moves.start, moves.submit, moves.finish):
        with transaction():
            verb(locked(package_id), people.ada.actor)


# Dependencies


def test_a_page_says_what_a_package_waits_for_and_what_waits_for_it(three: None, ada: Browser, gast: Browser) -> None:
    assert "Formular bauen" in gast.get("/packages/AP-2/needs").text
    assert "Texte schreiben" in gast.get("/packages/AP-1/needs").text
    assert "wartet auf AP-1" in gast.get("/work").text
    assert "wartet auf AP-1" in gast.get("/work?view=list").text
    assert "<button" not in gast.get("/packages/AP-2/needs", partial=True).text
    assert "Probe mit" in ada.get("/packages/AP-2/needs").text, "a sibling can be chosen"


def test_adding_and_ending_a_dependency_works_in_place_and_without_scripts(
    three: None, app: Flask, ada: Browser
) -> None:
    answer = ada.post("/packages/AP-3/needs", data={"on": "ap-2"}, partial=True, target="needs-3")
    assert answer.status_code == 200
    assert 'id="needs-3"' in answer.text
    assert "Texte schreiben" in answer.text
    assert ada.post("/packages/AP-3/needs", data={"on": "2"}).status_code == 303, "the same again is harmless"
    assert ada.post("/packages/AP-3/needs/end", data={"on": "AP-2"}).headers["Location"] == "/packages/AP-3#needs-3"
    assert ada.post("/packages/AP-3/needs/end", data={"on": "AP-2"}).status_code == 303
    with app.app_context():
        verbs = list(db.session.scalars(select(Activity.verb).where(Activity.package_id == 3).order_by(Activity.id)))
        assert verbs == ["package.create", "package.depend", "package.undepend"]


@pytest.mark.parametrize("on", ["", "x", "AP-0", "FV-1", "AP-1 AP-2"])
def test_what_names_no_package_is_kept_and_told(three: None, ada: Browser, on: str) -> None:
    answer = ada.post("/packages/AP-3/needs", data={"on": on}, partial=True, target="needs-3")
    assert answer.status_code == 422
    assert f'value="{on}"' in answer.text
    assert ada.post("/packages/AP-3/needs", data={"on": "AP-99"}, partial=True).status_code == 404


def test_a_circle_is_refused_and_named_however_long(three: None, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        depend(3, 2, people)
    for package, on in (("AP-1", "AP-3"), ("AP-1", "AP-2"), ("AP-2", "AP-2")):
        answer = ada.post(f"/packages/{package}/needs", data={"on": on}, partial=True, target="needs-1")
        assert answer.status_code == 409, (package, on)
    assert "AP-1 → AP-3 → AP-2 → AP-1" in ada.post("/packages/AP-1/needs", data={"on": "AP-3"}, partial=True).text
    with app.app_context():
        assert len(list(db.session.scalars(select(Dependency.package_id)))) == 2


def test_the_wrong_person_changes_no_dependency(three: None, app: Flask, people: Cast, cleo: Browser, rolf: Browser,
                                                gast: Browser) -> None:  # fmt: skip
    with app.app_context():
        claim(3, people.ada.actor)
    assert gast.post("/packages/AP-3/needs", data={"on": "AP-1"}).status_code == 401
    for client in (cleo, rolf):  # Led by Aalen, its text is Aalen's; a provider never.
        assert client.post("/packages/AP-3/needs", data={"on": "AP-1"}).status_code == 403
        assert client.post("/packages/AP-3/needs/end", data={"on": "AP-1"}).status_code == 403
    with app.app_context():
        assert dependencies.needs(3) == set()


def test_at_most_twenty_are_waited_for(three: None, app: Flask, people: Cast) -> None:
    with app.app_context():
        for n in range(dependencies.MOST):
            depend(3, make_package(people, 1, title=f"Teil {n}"), people)
        with pytest.raises(Conflict):
            depend(3, 1, people)


def test_the_check_finds_a_circle_and_those_that_wait_for_it_but_nobody_else(app: Flask, three: None) -> None:
    with app.app_context():
        with transaction():
            db.session.add_all(Dependency(package_id=a, needs_id=b) for a, b in ((3, 2),))
        assert [f.wrong for f in checks.everything() if f.name == "dependencies"] == [()]
        with transaction():
            db.session.add(Dependency(package_id=1, needs_id=3))
        (found,) = [f.wrong for f in checks.everything() if f.name == "dependencies"]
        assert [line.partition(" ")[0] for line in found] == ["AP-1", "AP-2", "AP-3"]


def test_two_who_close_a_circle_at_once_do_not(app: Flask, people: Cast, three: None) -> None:
    """Each adds half of a circle; on both databases one of them is refused."""
    with app.app_context():
        pairs = [(make_package(people, 1, title=f"A{n}"), make_package(people, 1, title=f"B{n}")) for n in range(6)]
    refused: list[int] = []

    def add(one: int, other: int, gate: Any) -> None:
        with app.app_context():
            gate.wait(10)
            try:
                depend(one, other, people)
            except Refusal:
                refused.append(one)

    for one, other in pairs:
        gate = threading.Barrier(2)
        both = [threading.Thread(target=add, args=(a, b, gate)) for a, b in ((one, other), (other, one))]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(20)
    assert len(refused) == len(pairs)
    with app.app_context():
        kept = set(db.session.execute(select(Dependency.package_id, Dependency.needs_id)))
        assert not {(a, b) for a, b in kept if (b, a) in kept}


# Claiming what is blocked


def test_claiming_what_waits_warns_and_is_possible_with_confirmation(three: None, app: Flask, ada: Browser) -> None:
    for url, target in (("/packages/AP-2/claim", "package-2"), ("/packages/AP-2/claim?face=card&column=open", "board")):
        answer = ada.post(url, data={"seat": "lead", "days": "3"}, partial=True, target=target)
        assert answer.status_code == 409
        assert "AP-2 wartet auf AP-1" in answer.text
        assert "Trotzdem übernehmen" in answer.text
        assert "anyway=1" in answer.text
    without = ada.post("/packages/AP-2/claim", data={"seat": "lead"})
    assert (without.status_code, "Trotzdem übernehmen" in without.text) == (409, True)
    assert ada.post("/packages/AP-2/claim?anyway=1", data={"seat": "lead", "days": "3"}).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(Claim.days).where(Claim.package_id == 2)) == 3


def test_supporting_what_waits_needs_no_confirmation(three: None, app: Flask, people: Cast, cleo: Browser) -> None:
    assert cleo.post("/packages/AP-2/claim", data={"seat": Seat.SUPPORT}).status_code == 303


def test_what_is_done_frees_what_waited_for_it(
    three: None, app: Flask, people: Cast, ada: Browser, gast: Browser
) -> None:
    with app.app_context():
        depend(2, 3, people)
        tag = gast.get("/work").headers["ETag"]
        finish(people, 1)
        assert dependencies.waited_for(2) == ["AP-3"]
        assert "package.unblock" not in set(db.session.scalars(select(Activity.verb)))
        finish(people, 3)
        assert dependencies.waited_for(2) == []
        freed = db.session.execute(
            select(Activity.package_id, Activity.source).where(Activity.verb == "package.unblock")
        )
        assert freed.all() == [(2, "system")]
    assert gast.get("/work", headers={"If-None-Match": tag}).status_code == 200
    assert "wartet auf kein anderes Arbeitspaket mehr" in gast.get("/packages/AP-2").text
    assert ada.post("/packages/AP-2/claim", data={"seat": "lead"}).status_code == 303


# Skills


def test_skills_are_chosen_shown_and_found(three: None, ada: Browser, gast: Browser) -> None:
    form = {"title": "Formular bauen", "text_version": "1", "skills": ["mobile", "accessibility"]}
    assert ada.post("/packages/AP-1/edit", data=form).status_code == 303
    html = gast.get("/packages/AP-1").text
    assert "App-Entwicklung" in html
    assert "Barrierefreiheit" in html
    for skill, there in (("mobile", True), ("data", False), ("nonsense", True)):
        for view in ("", "&view=list"):
            assert ("Formular bauen" in gast.get(f"/work?skill={skill}{view}").text) == there, skill
    assert len(re.findall(r'<input[^>]* checked[^>]* name="skills"', ada.get("/packages/AP-1/edit").text)) == 2
    assert ada.post("/packages/AP-1/edit", data=form | {"text_version": "2", "skills": []}).status_code == 303
    assert "App-Entwicklung" not in gast.get("/packages/AP-1").text


def test_an_unknown_skill_is_refused_and_the_rest_kept(three: None, ada: Browser) -> None:
    form = {"title": "Anders", "text_version": "1", "skills": ["magic"]}
    answer = ada.post("/packages/AP-1/edit", data=form)
    assert answer.status_code == 422
    assert 'value="Anders"' in answer.text


def test_waiting_packages_can_be_left_out(three: None, gast: Browser) -> None:
    assert "Texte schreiben" not in gast.get("/work?waiting=no&view=list").text
    html = gast.get("/work?waiting=yes&view=list").text
    assert "Texte schreiben" in html
    assert ">Formular bauen<" not in html


# Several at once


def state(app: Flask, package_id: int) -> str:
    with app.app_context():
        return db.session.get_one(Package, package_id).state


def test_several_are_moved_at_once_and_back_again(three: None, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        for n in (1, 3):
            claim(n, people.ada.actor)
    data = {"package": ["1", "3"], "to": "in_progress"}
    answer = ada.post("/work/move?mine=1", data=data, partial=True, target="board")
    assert answer.status_code == 200
    assert "2 Arbeitspakete verschoben" in answer.text
    assert 'id="board-undo"' in answer.text
    assert {state(app, n) for n in (1, 3)} == {"in_progress"}
    undo = {"moves": "1-claimed-in_progress,3-claimed-in_progress"}
    assert undo["moves"] in answer.text
    back = ada.post("/work/move/undo", data=undo, partial=True, target="board")
    assert "2 Arbeitspakete zurück verschoben" in back.text
    assert {state(app, n) for n in (1, 3)} == {"claimed"}
    again = ada.post("/work/move/undo", data=undo, partial=True, target="board")
    assert "0 Arbeitspakete" in again.text, "twice is harmless"


def test_without_scripts_the_undo_is_in_the_message(three: None, app: Flask, ada: Browser) -> None:
    answer = ada.post("/work/move", data={"package": ["1", "3"], "to": "claimed"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/work#board")
    html = ada.get("/work").text
    assert 'action="/work/move/undo"' in html
    assert state(app, 3) == "claimed"
    ada.post("/work/move/undo", data={"moves": "1-open-claimed,3-open-claimed"})
    assert {state(app, n) for n in (1, 3)} == {"open"}


def test_what_cannot_be_moved_is_named_and_holds_up_no_other(
    three: None, app: Flask, people: Cast, ada: Browser, cleo: Browser
) -> None:
    with app.app_context():
        claim(3, people.cleo.actor)
    text = ada.post("/work/move", data={"package": ["1", "2", "3", "99"], "to": "claimed"}, partial=True).text
    assert "1 Arbeitspaket verschoben" in text
    assert "AP-2 wartet auf AP-1" in text
    assert "AP-99" in text
    assert (state(app, 1), state(app, 2), state(app, 3)) == ("claimed", "open", "claimed")
    assert "Wählen Sie mindestens" in ada.post("/work/move", data={"to": "claimed"}, partial=True).text


def test_a_finish_is_taken_back_with_its_seats_and_what_waits_waits_again(
    three: None, app: Flask, people: Cast, ada: Browser
) -> None:
    with app.app_context():
        finish(people, 1)
    ada.post("/work/move/undo", data={"moves": "1-review-done"})
    assert state(app, 1) == "review"
    with app.app_context():
        assert db.session.scalar(select(Claim.ended_at).where(Claim.package_id == 1)) is None
        assert dependencies.waited_for(2) == ["AP-1"]
        assert checks.claims() == []
        assert checks.counters() == []


def test_only_ones_own_last_move_is_taken_back(three: None, app: Flask, people: Cast, ada: Browser, cleo: Browser,
                                               ben: Browser) -> None:  # fmt: skip
    with app.app_context():
        claim(1, people.ada.actor)
        with transaction():
            moves.start(locked(1), people.ada.actor)
    for client in (cleo, ben):
        answer = client.post("/work/move/undo", data={"moves": "1-claimed-in_progress"}, partial=True)
        assert "ging es weiter" in answer.text
    ada.post("/work/move/undo", data={"moves": "1-open-done,1-in_progress-review,x,9-,-"})
    assert state(app, 1) == "in_progress"


def test_boxes_stand_on_cards_that_can_be_moved_only(three: None, ada: Browser, gast: Browser, rolf: Browser) -> None:
    assert ada.get("/work").text.count('name="package"') == 3
    assert "drag.js" in ada.get("/work").text
    for client in (gast, rolf):
        assert 'name="package"' not in client.get("/work").text
    assert "drag.js" not in gast.get("/work").text
