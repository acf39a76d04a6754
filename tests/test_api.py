"""What programs do with the API: read in pages, change with editions and keys, and understand refusals."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import i18n, problems
from board.api import sayings
from board.api.models import KeptAnswer
from board.api.views import OPERATIONS
from board.db import at, db, now, transaction
from board.i18n import today
from board.privacy import periods
from board.proposals.models import Proposal
from board.tokens.words import SCOPES as SCOPE_WORDS
from tests.conftest import Browser, counting
from tests.factories import cast, comment, make_package, make_proposal, make_world
from tests.people import Cast
from tests.programs import Program, program, token
from tests.test_api_rights import bodies


@pytest.fixture
def adas(app: Flask, people: Cast) -> Program:
    """Ada's program."""
    return program(app, token(app, people.ada))


def kind(answer: Any) -> str:
    """The last part of a problem's type."""
    assert answer.mimetype == "application/problem+json"
    return str(answer.json["type"].rpartition("#")[2])


# Reading


def walk(client: Program, path: str) -> Iterator[dict[str, Any]]:
    """All items of a list, page by page."""
    following: str | None = path
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.text
        yield from answer.json["items"]
        following = answer.json["next"]
        assert ("Link" in answer.headers) == (following is not None)
        if following:
            assert answer.headers["Link"] == f'<{following}>; rel="next"'


def test_lists_are_read_in_pages_to_the_end_and_nothing_comes_twice(app: Flask, people: Cast, adas: Program) -> None:
    with app.app_context():
        for n in range(7):
            proposal_id = make_proposal(people, title=f"Vorschlag {n}")
            comment(people.ben.actor, f"Wort {n}", proposal_id=1)
            make_package(people, 1, title=f"Paket {n}")
            if n:
                cast(people, proposal_id, "for")
    for path, wanted in (
        ("/proposals?limit=3", 7), ("/proposals?limit=2&sort=support", 7), ("/proposals?limit=3&sort=due", 7),
        ("/packages?limit=3", 7), ("/proposals/FV-1/comments?limit=2", 7), ("/activity?limit=5", 27),
        ("/proposals?limit=2&missing=true", 1),
    ):  # fmt: skip
        found = [item.get("key") or item["id"] for item in walk(adas, path)]
        assert len(found) == len(set(found)) == wanted, path


def test_a_list_costs_as_many_statements_for_twenty_as_for_one(app: Flask, people: Cast, adas: Program) -> None:
    with app.app_context():
        make_world(people)
    paths = [op.path for op in OPERATIONS if op.method == "GET" and not op.parts and op.path != "/search"]
    adas.get("/me")

    def cost() -> dict[str, int]:
        found = {}
        for path in paths:
            with counting(app) as seen:
                assert adas.get(path).status_code == 200
            found[path] = len(seen)
        return found

    before = cost()
    with app.app_context():
        for n in range(8):
            proposal_id = make_proposal(people, title=f"Vorschlag {n}")
            make_package(people, proposal_id, title=f"Paket {n}")
    after = cost()
    assert {path: (before[path], after[path]) for path in paths if after[path] > before[path]} == {}


def test_an_unchanged_answer_is_not_sent_again(app: Flask, people: Cast, adas: Program) -> None:
    with app.app_context():
        make_world(people)
    for path in ("/proposals", "/proposals/FV-1", "/packages/AP-1", "/partners", "/openapi.json"):
        tag = adas.get(path).headers["ETag"]
        again = adas.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
    tag = adas.get("/proposals/FV-1").headers["ETag"]
    adas.put("/proposals/FV-1/ballot", json={"choice": "abstain"})
    assert adas.get("/proposals/FV-1", headers={"If-None-Match": tag}).status_code == 200


def test_strangers_read_what_strangers_see_and_a_closed_board_asks_for_a_token(
    app: Flask, people: Cast, other: Any
) -> None:
    with app.app_context():
        make_world(people)
    stranger = program(app)
    assert stranger.get("/proposals/FV-1").json["own_ballot"] is None
    for path in ("/proposals/FV-1/comments", "/packages/AP-1", "/proposals/FV-1/estimates", "/activity"):
        answer = stranger.get(path).text
        assert not [name for name in ("Ada", "Ben", "Cleo", "Pia") if f'"{name}"' in answer], path
    closed = other(BOARD_PUBLIC="0")
    for operation in OPERATIONS:
        if operation.method == "GET" and not operation.parts:
            assert program(closed).get(operation.path, query_string={"q": "x"}).status_code == 401, operation.path
    assert program(closed, token(app, people.ada)).get("/proposals").status_code == 200


def test_a_misspelt_filter_is_no_filter(adas: Program) -> None:
    for path in ("/proposals?stat=open", "/proposals?limit=0", "/proposals?limit=x", "/proposals?state=open&state=all",
                 "/proposals?missing=1", "/me?x=1"):  # fmt: skip
        answer = adas.get(path)
        assert (answer.status_code, kind(answer)) == (422, "invalid"), path


# Changing


def test_a_proposal_is_made_edited_voted_on_and_withdrawn(app: Flask, people: Cast, adas: Program) -> None:
    made = adas.post("/proposals", json={"title": " Bäder ", "text": "Zeiten **zeigen**.", "topic": "maengelmelder"})
    assert made.status_code == 201
    key, tag = made.json["key"], made.headers["ETag"]
    assert (made.json["title"], made.json["proposed_by"], made.json["state"]) == ("Bäder", "aalen", "open")
    assert made.json["own_ballot"]["may_cast"] is True
    voted = adas.put(f"/proposals/{key}/ballot", json={"choice": "for", "reason": "Gut."})
    assert (voted.json["tally"]["for"], voted.json["own_ballot"]["choice"]) == (1, "for")
    refused = adas.put(f"/proposals/{key}/ballot", json={"choice": "against"})
    assert (refused.status_code, kind(refused)) == (409, "conflict")
    assert "Begründung" in refused.json["detail"]
    changed = adas.patch(f"/proposals/{key}", json={"summary": "Kurz."}, headers={"If-Match": tag})
    assert changed.status_code == 200, "a ballot in between is no other text"
    assert (changed.json["summary"], changed.json["text"]) == ("Kurz.", "Zeiten **zeigen**.")
    stale = adas.patch(f"/proposals/{key}", json={"summary": "Anders."}, headers={"If-Match": tag})
    assert (stale.status_code, kind(stale)) == (412, "edited-meanwhile")
    nothing = adas.patch(f"/proposals/{key}", json={"summary": "Anders."})
    assert (nothing.status_code, kind(nothing)) == (428, "edition-required")
    assert adas.delete(f"/proposals/{key}/ballot").json["tally"]["for"] == 0
    assert adas.post(f"/proposals/{key}/withdraw").json["state"] == "withdrawn"
    with app.app_context():
        assert db.session.scalar(select(Proposal.author_id)) == people.ada.person_id


def test_two_that_claim_the_lead_are_told_who_has_it(app: Flask, people: Cast, adas: Program) -> None:
    with app.app_context():
        make_package(people, make_proposal(people))
    cleos = program(app, token(app, people.cleo))
    assert adas.post("/packages/AP-1/claim", json={"seat": "lead", "days": 2.5}).json["lead"]["days"] == 2.5
    late = cleos.post("/packages/AP-1/claim", json={})
    assert (late.status_code, kind(late)) == (409, "conflict")
    assert "Aalen" in late.json["detail"]
    assert cleos.post("/packages/AP-1/claim", json={"seat": "support"}).json["support"][0]["partner"]["slug"] == "celle"
    for step, state in (("start", "in_progress"), ("submit", "review"), ("return", "in_progress")):
        assert adas.post(f"/packages/AP-1/{step}").json["state"] == state


def test_an_objection_ends_a_consent(app: Flask, people: Cast, adas: Program, pia: Browser) -> None:
    with app.app_context():
        make_proposal(people)
    form = {"last": (today() + timedelta(days=14)).isoformat(), "without_estimate": "Klein"}
    assert pia.post("/proposals/FV-1/consent", data=form).status_code == 303
    assert adas.get("/proposals/FV-1").json["objections_until"]
    answer = adas.post("/proposals/FV-1/objection", json={"reason": "Der Betrieb ist ungeklärt."})
    assert (answer.status_code, answer.json["objections_until"]) == (200, None)


def test_what_cannot_be_read_is_told_where_and_changes_nothing(app: Flask, people: Cast, adas: Program) -> None:
    answer = adas.post("/proposals", json={"title": "x" * 200, "text": "T", "topic": "maengelmelder", "colour": 1})
    assert {error["pointer"] for error in answer.json["errors"]} == {"/title", "/colour"}
    assert {error["detail"] for error in answer.json["errors"]} == {
        "Höchstens 120 Zeichen.",
        "Dieses Feld gibt es nicht.",
    }
    topic = adas.post("/proposals", json={"title": "B", "text": "T", "topic": "nichts"})
    assert topic.json["errors"][0]["pointer"] == "/topic"
    past = {"title": "B", "text": "T", "topic": "maengelmelder", "vote_by": (today() - timedelta(days=1)).isoformat()}
    assert adas.post("/proposals", json=past).json["errors"][0]["pointer"] == "/vote_by"
    assert adas.post("/proposals", data="{", content_type="application/json").status_code == 400
    assert adas.post("/proposals", data="a=b", content_type="application/x-www-form-urlencoded").status_code == 415
    assert adas.put("/proposals").status_code == 405
    assert "POST" in adas.put("/proposals").headers["Allow"]
    assert kind(adas.get("/nothing")) == "not-found"
    assert kind(adas.get("/proposals/FV-99")) == "not-found"
    huge = adas.post("/proposals", data=b'"' + b"x" * 1_100_000 + b'"', content_type="application/json")
    assert (huge.status_code, kind(huge)) == (413, "too-large")
    with app.app_context():
        assert not db.session.scalar(select(func.count(Proposal.id)))


@pytest.mark.parametrize(("wish", "said"), [("de", "gibt es nicht"), ("en", "no such"), ("fr", "gibt es nicht")])
def test_refusals_speak_the_language_that_is_wished(adas: Program, wish: str, said: str) -> None:
    assert said in adas.get("/proposals/FV-99", headers={"Accept-Language": wish}).json["detail"]


def test_a_ballot_that_waits_is_called_in_the_language_that_is_wished(app: Flask, people: Cast, adas: Program) -> None:
    with app.app_context():
        one = make_proposal(people, title="Mängel melden")
        with transaction():
            db.session.get_one(Proposal, one).title_en = "Report defects"
    for wish, title in (("de", "Mängel melden"), ("en", "Report defects")):
        (waits,) = adas.get("/me/waiting", headers={"Accept-Language": wish}).json["ballots"]
        assert waits["title"] == title


# Keys


def test_a_change_sent_twice_with_a_key_is_done_once_and_answered_alike(
    app: Flask, people: Cast, adas: Program
) -> None:
    with app.app_context():
        make_proposal(people)
    body, key = {"low": 2, "high": 3, "valid_until": today().isoformat()}, {"Idempotency-Key": "a1"}
    first = adas.post("/proposals/FV-1/estimates", json=body, headers=key)
    again = adas.post("/proposals/FV-1/estimates", json=body, headers=key)
    assert (first.status_code, first.data, first.headers["Content-Type"]) == (
        again.status_code, again.data, again.headers["Content-Type"])  # fmt: skip
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    other = adas.post("/proposals/FV-1/estimates", json=body | {"high": 4}, headers=key)
    assert (other.status_code, kind(other)) == (422, "key-reused")
    cleos = program(app, token(app, people.cleo))
    assert cleos.post("/proposals/FV-1/estimates", json=body, headers=key).status_code == 201, "keys are one's own"
    for none in ("ä b", "", " "):  # Whoever sends one that is none would take it for protection.
        assert adas.post("/proposals/FV-1/estimates", json=body, headers={"Idempotency-Key": none}).status_code == 422


def test_what_was_refused_keeps_no_answer_and_may_be_tried_again(app: Flask, people: Cast, adas: Program) -> None:
    key = {"Idempotency-Key": "later"}
    assert adas.post("/proposals/FV-1/comments", json={"text": "Ja."}, headers=key).status_code == 404
    with app.app_context():
        make_proposal(people)
    assert adas.post("/proposals/FV-1/comments", json={"text": "Ja."}, headers=key).status_code == 201


def test_a_key_is_kept_for_a_day(app: Flask, people: Cast, adas: Program) -> None:
    with app.app_context():
        make_proposal(people)
    key = {"Idempotency-Key": "day"}
    first = adas.post("/proposals/FV-1/comments", json={"text": "Ja."}, headers=key).json["id"]
    with at(now() + timedelta(hours=25)):
        later = adas.post("/proposals/FV-1/comments", json={"text": "Ja."}, headers=key).json["id"]
    assert later != first
    with app.app_context(), at(now() + timedelta(hours=50)):
        periods.clear()
        assert not db.session.scalar(select(func.count(KeptAnswer.id)))


def test_eight_at_once_with_one_key_do_it_once(app: Flask, people: Cast) -> None:
    with app.app_context():
        make_proposal(people)
    secret, answers, ready = token(app, people.ada), [], threading.Barrier(8)

    def send() -> None:
        client = program(app, secret)
        ready.wait()
        answer = client.post("/proposals/FV-1/packages", json={"title": "Karte"}, headers={"Idempotency-Key": "race"})
        answers.append((answer.status_code, answer.json.get("key")))
        with app.app_context():
            db.session.remove()

    threads = [threading.Thread(target=send) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(201, "AP-1")] * 8
    with app.app_context():
        assert db.session.scalar(select(func.count(KeptAnswer.id))) == 1
        assert db.session.scalar(select(Proposal.n_packages)) == 1


def test_examples_in_the_document_are_valid_bodies() -> None:
    for operation in OPERATIONS:
        if operation.body:
            operation.body.model_validate_json(json.dumps(bodies().get(operation.name, operation.example)))
            if operation.example:
                operation.body.model_validate_json(json.dumps(operation.example))


def test_every_word_of_every_operation_is_there_in_german() -> None:
    german = i18n.catalogue("de")
    words = {word for operation in OPERATIONS for word in (operation.tag, *operation.words)}
    words |= set(sayings.SAID.values())
    words |= {title for _status, title in problems.TITLES.values()} | set(SCOPE_WORDS.values())
    assert words <= german.keys(), words - german.keys()
