"""Comments: written, edited, deleted by their authors; read by everybody, names by those who are signed in."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.activity.models import Activity
from board.comments import queries
from board.comments.models import Comment
from board.db import db, transaction
from board.errors import Conflict, Denied
from board.policy import ANONYMOUS
from board.proposals.models import Proposal
from board.work import packages
from tests.conftest import Browser, counting
from tests.factories import comment, make_proposal
from tests.people import Cast


@pytest.fixture
def proposal(app: Flask, people: Cast) -> int:
    with app.app_context():
        return make_proposal(people)


@pytest.fixture
def package(app: Flask, people: Cast, proposal: int) -> int:
    with app.app_context(), transaction():
        return packages.create(proposal, people.ada.actor, [packages.Draft("Schnittstelle")])[0].id


def verbs(comment_id: int) -> list[str]:
    return list(
        db.session.scalars(select(Activity.verb).where(Activity.comment_id == comment_id).order_by(Activity.id))
    )


def count(number: int) -> int:
    return db.session.get_one(Proposal, number, populate_existing=True).n_comments


def test_a_member_comments_on_a_proposal_and_everybody_reads_it(
    app: Flask, ben: Browser, gast: Browser, cleo: Browser, proposal: int
) -> None:
    answer = ben.post(f"/proposals/FV-{proposal}/comments", data={"text": "Das **brauchen** wir."})
    assert answer.status_code == 303
    assert answer.location == f"/proposals/FV-{proposal}#comments-FV-{proposal}"
    inside = cleo.get(f"/proposals/FV-{proposal}/comments", partial=True).text
    assert "<strong>brauchen</strong>" in inside
    assert "Ben" in inside
    outside = gast.get(f"/proposals/FV-{proposal}/comments", partial=True).text
    assert "<strong>brauchen</strong>" in outside
    assert "Aalen" in outside
    assert "Ben" not in outside
    with app.app_context():
        assert count(proposal) == 1


def test_in_place_the_answer_is_an_empty_form_and_the_list_beside_it(ben: Browser, proposal: int) -> None:
    answer = ben.post(f"/proposals/FV-{proposal}/comments", data={"text": "Gern."}, partial=True).text
    assert re.search(r"<textarea[^>]*>\s*</textarea>", answer)
    assert f'hx-target="#comments-FV-{proposal}"' in answer
    assert "Gern." in answer


def test_an_empty_or_endless_comment_is_refused_and_keeps_what_was_typed(ben: Browser, proposal: int) -> None:
    url = f"/proposals/FV-{proposal}/comments"
    assert ben.post(url, data={"text": "  "}).status_code == 422
    answer = ben.post(url, data={"text": "w" * 5001}, partial=True)
    assert answer.status_code == 422
    assert "w" * 5001 in answer.text
    assert "aria-invalid" in answer.text
    assert "Gern" not in ben.get(url).text


def test_html_in_a_comment_stays_text(ben: Browser, proposal: int) -> None:
    url = f"/proposals/FV-{proposal}/comments"
    ben.post(url, data={"text": "<script>alert(1)</script> [x](javascript:alert(1))\x00"})
    page = ben.get(url, partial=True).text
    assert "<script" not in page
    assert 'href="javascript' not in page


def test_the_same_words_sent_twice_are_one_comment(app: Flask, ben: Browser, proposal: int) -> None:
    for _ in range(2):
        assert ben.post(f"/proposals/FV-{proposal}/comments", data={"text": "Doppelt."}).status_code == 303
    with app.app_context():
        assert count(proposal) == 1 == db.session.scalar(select(func.count()).select_from(Comment))


def test_a_double_click_at_the_same_moment_is_one_comment_too(app: Flask, people: Cast, proposal: int) -> None:
    def click(_n: int) -> int:
        with app.app_context():
            return comment(people.ben.actor, "Gleichzeitig.", proposal_id=proposal)

    with ThreadPoolExecutor(4) as clicks:
        assert len(set(clicks.map(click, range(4)))) == 1
    with app.app_context():
        assert count(proposal) == 1


def test_providers_and_product_owners_may_comment_administrators_and_strangers_may_not(
    rolf: Browser, pia: Browser, dora: Browser, gast: Browser, proposal: int
) -> None:
    url = f"/proposals/FV-{proposal}/comments"
    answers = [browser.post(url, data={"text": "Ich sage etwas."}).status_code for browser in (rolf, pia, dora, gast)]
    assert answers == [303, 303, 403, 401]
    assert "Produktverantwortung" in gast.get(url, partial=True).text
    assert "<form" not in dora.get(url).text.split("<main")[1].split("</main>")[0]


def test_packages_have_their_own_comments_and_their_own_count(
    app: Flask, ben: Browser, proposal: int, package: int
) -> None:
    assert ben.post(f"/packages/AP-{package}/comments", data={"text": "Zum Paket."}).status_code == 303
    assert "Zum Paket." in ben.get(f"/packages/AP-{package}/comments", partial=True).text
    assert "Zum Paket." not in ben.get(f"/proposals/FV-{proposal}/comments", partial=True).text
    with app.app_context():
        assert count(proposal) == 0
        on = queries.subject(None, package)
        assert on.n_comments == 1
        row = db.session.scalars(select(Activity).where(Activity.verb == "comment.write")).one()
        assert (row.proposal_id, row.package_id) == (proposal, package)


def test_an_author_edits_in_place_and_it_shows(app: Flask, people: Cast, ben: Browser, proposal: int) -> None:
    with app.app_context():
        number = comment(people.ben.actor, "Frueher.", proposal_id=proposal)
    form = ben.get(f"/comments/{number}/edit", partial=True).text
    assert "Frueher.</textarea>" in form
    assert "hx-trigger" not in form, "a refresh must not wipe the field"
    answer = ben.post(f"/comments/{number}/edit", data={"text": "Heute.", "version": 1}, partial=True)
    assert "Heute." in answer.text
    assert "bearbeitet" in answer.text
    assert "hx-trigger" in answer.text
    with app.app_context():
        assert verbs(number) == ["comment.write", "comment.edit"]


def test_saving_an_edit_twice_records_it_once(app: Flask, people: Cast, ben: Browser, proposal: int) -> None:
    with app.app_context():
        number = comment(people.ben.actor, "Frueher.", proposal_id=proposal)
    for _ in range(2):
        answer = ben.post(f"/comments/{number}/edit", data={"text": "Heute.", "version": 1})
        assert answer.status_code == 303
    with app.app_context():
        assert verbs(number) == ["comment.write", "comment.edit"]


def test_a_stale_edit_shows_both_texts_and_can_then_be_saved(
    app: Flask, people: Cast, ben: Browser, proposal: int
) -> None:
    with app.app_context():
        number = comment(people.ben.actor, "Erstens.", proposal_id=proposal)
    ben.post(f"/comments/{number}/edit", data={"text": "Zweitens.", "version": 1})
    answer = ben.post(f"/comments/{number}/edit", data={"text": "Drittens.", "version": 1}, partial=True)
    assert answer.status_code == 409
    assert "Zweitens." in answer.text
    assert "Drittens.</textarea>" in answer.text
    version = re.search(r'name="version"[^>]*value="(\d+)"', answer.text)
    assert version
    again = ben.post(f"/comments/{number}/edit", data={"text": "Drittens.", "version": version[1]}, partial=True)
    assert again.status_code == 200
    assert "Drittens." in again.text


def test_nobody_edits_or_deletes_the_words_of_others(
    app: Flask, people: Cast, ada: Browser, dora: Browser, gast: Browser, proposal: int
) -> None:
    with app.app_context():
        number = comment(people.ben.actor, "Meins.", proposal_id=proposal)
        for who in (people.ada.actor, people.dora.actor, people.pia.actor):
            with pytest.raises(Denied), transaction():
                queries.get(number, locked=True).edit("Deins.", 1, by=who)
    for browser, status in ((ada, 403), (dora, 403), (gast, 401)):
        assert browser.get(f"/comments/{number}/edit").status_code == status
        assert browser.post(f"/comments/{number}/edit", data={"text": "x", "version": 1}).status_code == status
        assert browser.post(f"/comments/{number}/edit", data={"text": "Meins.", "version": 1}).status_code == status
        assert browser.post(f"/comments/{number}/delete").status_code == status
    assert ada.get("/comments/999/edit").status_code == 404
    assert "Meins." in ada.get(f"/proposals/FV-{proposal}/comments").text


def test_a_deleted_comment_leaves_a_trace_without_its_words(
    app: Flask, people: Cast, ben: Browser, gast: Browser, proposal: int
) -> None:
    with app.app_context():
        number = comment(people.ben.actor, "Unbedacht.", proposal_id=proposal)
    for _ in range(2):
        assert ben.post(f"/comments/{number}/delete").status_code == 303
    page = gast.get(f"/proposals/FV-{proposal}/comments", partial=True).text
    assert "Unbedacht" not in page
    assert "Kommentar von Aalen gelöscht" in page
    with app.app_context():
        assert verbs(number) == ["comment.write", "comment.delete"]
        assert count(proposal) == 0
        assert db.session.get_one(Comment, number).text == ""
        with pytest.raises(Conflict), transaction():
            queries.get(number, locked=True).edit("Doch.", 2, by=people.ben.actor)


def test_older_comments_come_by_key_and_stay_in_a_refresh(
    app: Flask, people: Cast, gast: Browser, proposal: int
) -> None:
    with app.app_context():
        ids = [comment(people.ben.actor, f"Nummer {n}.", proposal_id=proposal) for n in range(45)]
        on = queries.subject(proposal, None)
        newest = queries.thread(on, ANONYMOUS)
        assert [e.id for e in newest.entries] == ids[-20:]
        older = queries.thread(on, ANONYMOUS, before=newest.older)
        assert [e.id for e in older.entries] == ids[-40:]
        assert queries.thread(on, ANONYMOUS, start=older.start).entries == older.entries
        everything = queries.thread(on, ANONYMOUS, before=older.older)
        assert [e.id for e in everything.entries] == ids
        assert everything.older is None
    page = gast.get(f"/proposals/FV-{proposal}/comments").text
    assert f"?before={newest.older}" in page
    assert gast.get(f"/proposals/FV-{proposal}/comments?before=x&start=99999999999").status_code == 200


def test_comments_of_a_proposal_that_does_not_exist_are_missing(ben: Browser) -> None:
    assert ben.get("/proposals/FV-99/comments").status_code == 404
    assert ben.post("/proposals/FV-99/comments", data={"text": "Hallo."}).status_code == 404
    assert ben.get("/packages/AP-99/comments").status_code == 404


def test_many_comments_cost_as_many_queries_as_one(app: Flask, people: Cast, proposal: int) -> None:
    costs = []
    with app.app_context():
        comment(people.ben.actor, "Nummer 0.", proposal_id=proposal)
        for _ in range(2):
            with counting(app) as statements:
                queries.thread(queries.subject(proposal, None), people.ada.actor)
            costs.append(len(statements))
            db.session.rollback()
            for n in range(19):
                comment(people.ben.actor, f"Nummer {n} mehr.", proposal_id=proposal)
    assert costs[0] == costs[1]
