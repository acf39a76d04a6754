"""Workshops: an agenda that assembles itself, drafts that only the own delegate confirms, minutes that never change."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError

from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.errors import Conflict, Denied
from board.i18n import speaking, today
from board.policy import FORGE, Actor
from board.proposals import queries as proposals
from board.proposals.states import State
from board.proposals.writing import withhold
from board.voting.models import Ballot
from board.voting.tallies import check_tallies
from board.withheld import Taken, Withheld
from board.work.claims import hand_back
from board.work.packages import locked
from board.workshops import drafts, jobs, minutes, queries, verbs, writing
from board.workshops.models import AgendaItem, Draft, Minutes, Workshop
from tests import factories
from tests.conftest import Browser
from tests.people import Cast
from tests.test_matrix import OLD, use


@pytest.fixture
def held(app: Flask, people: Cast) -> Flask:
    """Workshop 1 runs; FV-1 is open and on its agenda, on the screen."""
    with app.app_context():
        factories.make_proposal(people, title="Mängel melden")
        factories.meet(people)
    return app


def post(client: Browser, url: str, **data: Any) -> Any:
    return client.post(url, data=data, partial=True, target="now-1")


def agenda() -> list[tuple[str, str]]:
    with db.session.no_autoflush:
        items = verbs.items(1)
    return [(i.kind, f"AP-{i.package_id}" if i.package_id else f"FV-{i.proposal_id}") for i in items]


def test_the_agenda_holds_contested_and_due_ballots_orphans_and_old_entries(app: Flask, people: Cast) -> None:
    with app.app_context():
        later = today() + timedelta(days=90)
        factories.make_proposal(people, title="Später", vote_by=later)
        factories.make_proposal(people, title="Fällig", vote_by=today() + timedelta(days=3))
        factories.make_proposal(people, title="Umstritten", vote_by=later)
        factories.cast(people, 3, "for")
        factories.cast(people, 3, "against", by=people.cleo.actor)
        factories.make_proposal(people, title="Läuft", state=State.AVAILABLE)
        use(4, people.ada, **OLD)
        factories.make_package(people, 1, title="Neu und frei")
        with at(now() - timedelta(days=40)):
            factories.make_package(people, 1, title="Lange frei")
        factories.make_package(people, 1, title="Zurückgegeben")
        factories.claim(3, people.ada.actor)
        with transaction():
            hand_back(locked(3), people.ada.actor)
        factories.meet(people)
        assert agenda() == [
            ("vote", "FV-3"), ("vote", "FV-2"), ("vote", "FV-1"), ("package", "AP-3"), ("package", "AP-2"),
            ("stale", "FV-4"),
        ]  # fmt: skip
        with transaction():
            assert verbs.assemble(verbs.locked(1), people.pia.actor) == 0
            verbs.arrange(verbs.locked(1), 2, "up", people.pia.actor)
            verbs.arrange(verbs.locked(1), 6, "remove", people.pia.actor)
        assert [key for _kind, key in agenda()] == ["FV-2", "FV-3", "FV-1", "AP-3", "AP-2"]


def test_ballots_without_a_date_come_after_those_with_one(app: Flask, people: Cast) -> None:
    with app.app_context():
        factories.make_proposal(people, vote_by=None)
        factories.make_proposal(people, vote_by=today() + timedelta(days=90))
        factories.meet(people)
        assert agenda() == [("vote", "FV-2"), ("vote", "FV-1")]


def test_hosting_is_a_right_of_its_own(held: Flask, people: Cast, dora: Browser) -> None:
    with held.app_context():
        for who in (people.ada, people.dora, people.rolf):
            with pytest.raises(Denied), transaction():
                verbs.plan(verbs.Plan("Meiner", today()), who.actor)
        with transaction():
            verbs.plan(verbs.Plan("Von der Moderation", today()), Actor(person_id=people.ben.person_id, is_host=True))
    page = f"/admin/people/{people.ben.person_id}"
    assert dora.post(f"{page}/appoint", data={"is_host": "y"}).status_code == 303
    assert "Moderation" in dora.get(page).text


def test_a_delegate_votes_on_the_item_on_the_screen(held: Flask, ada: Browser, pia: Browser) -> None:
    page = ada.get("/workshops/1").text
    assert "Mängel melden" in page
    assert 'id="ballot-1-for"' in page
    assert "Sind Sie dabei?" in page
    assert post(ada, "/workshops/1/join").status_code == 200
    assert post(ada, "/workshops/1/join").status_code == 200
    assert "Sind Sie dabei?" not in ada.get("/workshops/1").text
    ada.post("/proposals/FV-1/ballot", data={"choice": "for"}, partial=True, target="ballot-1")
    stage = pia.get("/workshops/1/items/1", partial=True).text
    assert "<dd>1</dd>" in stage
    assert "Aalen" in stage


def test_a_talk_without_a_partner_is_offered_in_words_that_fit(held: Flask, pia: Browser) -> None:
    assert '<option value="">kein Partner</option>' in pia.get("/workshops/1").text


def test_the_host_turns_the_agenda_and_its_ends_hold(held: Flask, people: Cast, pia: Browser) -> None:
    with held.app_context():
        factories.make_proposal(people, title="Bäder")
    pia.post("/workshops/1/assemble")
    for to, shown in (("next", 2), ("next", 2), ("back", 1), ("back", 1), ("2", 2)):
        pia.post("/workshops/1/turn", data={"to": to})
        with held.app_context():
            assert db.session.scalar(select(Workshop.item_id)) == shown
    assert "Bäder" in pia.get("/workshops/1/stage", partial=True).text


def test_what_is_said_becomes_a_ballot_only_by_its_own_delegate(
    held: Flask, people: Cast, pia: Browser, ada: Browser, ben: Browser, cleo: Browser
) -> None:
    said = {"partner": people.aalen, "choice": "against", "reason": "Zu teuer."}
    assert post(pia, "/workshops/1/drafts", **said).status_code == 200
    with held.app_context():
        assert db.session.scalar(select(Ballot.id)) is None, "a draft is no ballot"
    assert "Zu teuer." in ada.get("/workshops/1").text
    assert "Im Workshop gesagt" in ada.get("/").text
    assert "Zu teuer." not in cleo.get("/workshops/1").text
    for other in (pia, ben, cleo):
        assert post(other, "/workshops/drafts/1/confirm").status_code == 403
    with held.app_context():
        assert db.session.scalar(select(Ballot.id)) is None
    assert post(ada, "/workshops/drafts/1/confirm").status_code == 200
    assert post(ada, "/workshops/drafts/1/confirm").status_code == 409
    with held.app_context():
        ballot = db.session.scalars(select(Ballot)).one()
        assert (ballot.partner_id, ballot.choice, ballot.reason) == (people.aalen, "against", "Zu teuer.")
        assert ballot.person_id == people.ada.person_id
        assert check_tallies() == []
        told = select(Activity.verb).where(Activity.verb.in_(("draft.confirm", "ballot.cast"))).order_by(Activity.id)
        assert db.session.scalars(told).all() == ["draft.confirm", "ballot.cast"]


def test_a_newer_word_replaces_the_draft_that_waits_and_it_can_be_discarded(
    held: Flask, people: Cast, pia: Browser, ada: Browser
) -> None:
    for choice in ("for", "abstain"):
        post(pia, "/workshops/1/drafts", partner=people.aalen, choice=choice)
    with held.app_context():
        assert db.session.scalars(select(Draft.choice)).all() == ["abstain"]
    assert post(ada, "/workshops/drafts/1/discard").status_code == 200
    with held.app_context():
        assert queries.drafts(people.ada.actor) == []


@pytest.mark.parametrize(
    ("said", "status"),
    [({"choice": "against"}, 409), ({"choice": "maybe"}, 422), ({"partner": "999", "choice": "for"}, 422),
     ({"partner": "x", "choice": "for"}, 422)],
)  # fmt: skip
def test_a_bad_draft_is_told_in_place(
    held: Flask, people: Cast, pia: Browser, said: dict[str, str], status: int
) -> None:
    assert post(pia, "/workshops/1/drafts", **({"partner": people.aalen} | said)).status_code == status
    with held.app_context():
        assert db.session.scalar(select(Draft.id)) is None


def close(app: Flask, people: Cast, hours: int = 24) -> None:
    with app.app_context(), transaction():
        verbs.close(verbs.locked(1), now() + timedelta(hours=hours), people.pia.actor)


def test_closing_freezes_question_ballots_offers_reasons_and_absentees(
    held: Flask, people: Cast, ada: Browser, pia: Browser
) -> None:
    post(ada, "/workshops/1/join")
    with held.app_context():
        factories.cast(people, 1, "against", reason="Zu teuer.")
        factories.offer(people, 1, "days", days=5)
    post(pia, "/workshops/1/drafts", partner=people.celle, choice="for")
    answer = pia.post("/workshops/1/close", data={"late_until": ""})
    assert answer.location == "/workshops/1/minutes"
    with held.app_context():
        factories.cast(people, 1, "for")  # Whatever happens later changes nothing in them.
    page = ada.get("/workshops/1/minutes").text
    for words in (
        "Mängel melden",
        "0 dafür",
        "1 dagegen",
        "Zu teuer.",
        "5 PT (angekündigt)",
        "gesagt, nicht bestätigt",
    ):
        assert words in page
    with held.app_context():
        data, _late, _complete = minutes.kept(1)
    assert [p["name"] for p in data["present"]] == ["Aalen"]
    assert [p["name"] for p in data["absent"]] == ["Celle", "Dorsten"]
    assert [p["name"] for p in data["items"][0]["silent"]] == ["Celle", "Dorsten"]
    file = ada.get("/workshops/1/minutes.md")
    assert file.mimetype == "text/markdown"
    assert "# Transfer-Workshop" in file.text
    assert "- Aalen: dagegen: Zu teuer." in file.text
    for name in ("Ada", "Pia"):
        assert name not in file.text, "no person's name stands in the minutes"


def test_the_database_refuses_to_change_minutes(held: Flask, people: Cast) -> None:
    close(held, people)
    for statement in (update(Minutes).values(part="late"), delete(Minutes)):
        with held.app_context(), pytest.raises(DatabaseError, match="append-only"), transaction():
            db.session.execute(statement)
    with held.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM minutes")) == 1


def test_late_answers_are_marked_until_their_hour_and_then_frozen_once(held: Flask, people: Cast, ada: Browser) -> None:
    with held.app_context():
        factories.cast(people, 1, "for")
    close(held, people)
    with held.app_context():
        with at(now() + timedelta(hours=1)):
            factories.cast(people, 1, "against", by=people.cleo.actor, reason="Erst im Ausschuss.")
        jobs.complete_due()
        assert "Bisher keine" not in ada.get("/workshops/1/minutes").text
        assert minutes.kept(1)[2] is False
        with at(now() + timedelta(hours=25)):
            factories.cast(people, 1, "abstain", by=people.cleo.actor)
            jobs.complete_due()
            jobs.complete_due()
        _data, late, complete = minutes.kept(1)
        assert complete
        assert [(a["partner"], a["choice"]) for a in late] == [("Celle", "against")]
        assert db.session.scalar(text("SELECT count(*) FROM minutes")) == 2
    page = ada.get("/workshops/1/minutes").text
    assert "Späte Antworten" in page
    assert page.count('<span class="due">spät</span>') == 1


def test_a_ready_text_says_what_was_offered_what_is_needed_and_whom_to_call(
    held: Flask, people: Cast, cleo: Browser, ada: Browser, pia: Browser
) -> None:
    with held.app_context():
        factories.cast(people, 1, "for")
        factories.offer(people, 1, "lead")
        factories.offer(people, 1, "days", by=people.cleo.actor, days=3)
    with held.app_context(), transaction():
        db.session.execute(text("UPDATE partner SET contact = 'digital@aalen.example' WHERE slug = 'aalen'"))
    close(held, people)
    mine = cleo.get("/workshops/1/minutes/celle").text
    for words in (
        "FV-1 Mängel melden: 3 PT (angekündigt)",
        "Votum abgeben: FV-1",
        "federführend",
        "digital@aalen.example",
    ):
        assert words in mine
    assert ada.get("/workshops/1/minutes/celle").status_code == 403
    assert pia.get("/workshops/1/minutes/celle").status_code == 200
    assert cleo.get("/workshops/1/minutes/nirgends").status_code == 404


def test_a_closed_workshop_takes_nothing_more(held: Flask, people: Cast) -> None:
    close(held, people)
    pia = people.pia.actor
    with held.app_context():
        for verb in (
            lambda w: verbs.assemble(w, pia),
            lambda w: verbs.turn(w, "next", pia),
            lambda w: verbs.open_(w, pia),
            lambda w: verbs.join(w, people.ada.actor),
            lambda w: verbs.close(w, None, pia),
            lambda w: drafts.enter(w, 1, people.aalen, "for", "", pia),
        ):
            with pytest.raises(Conflict), transaction():
                verb(verbs.locked(1))


def test_talks_and_keys_are_added_by_hand(held: Flask, people: Cast, pia: Browser, cleo: Browser) -> None:
    with held.app_context():
        factories.make_proposal(people, state=State.ACCEPTED)
        factories.make_package(people, 1)
    talk = {"title": "Wie Celle anfing", "partner": people.celle, "url": "https://celle.example/folien"}
    for _ in range(2):
        assert pia.post("/workshops/1/items", data=talk).status_code == 303
    for key in ("fv-2", "AP-1"):
        assert pia.post("/workshops/1/items", data={"key": key}).status_code == 303
    assert pia.post("/workshops/1/items", data={"key": "FV-99"}).status_code == 404
    assert pia.post("/workshops/1/items", data={"key": "X"}).status_code == 422
    assert pia.post("/workshops/1/items", data={"title": "", "url": "javascript:x"}).status_code == 422
    page = cleo.get("/workshops/1").text
    assert "Wie Celle anfing" in page
    assert "https://celle.example/folien" in page
    with held.app_context():
        assert [kind for kind, _key in agenda()] == ["vote", "talk", "vote", "package"]


def test_announcing_twice_is_once_and_a_bad_form_keeps_what_was_typed(held: Flask, pia: Browser) -> None:
    plan = {"title": "Herbst", "held_on": "2027-10-01", "begins": "9:30", "place": "Ulm"}
    assert pia.post("/workshops", data=plan).location == pia.post("/workshops", data=plan).location
    for bad in ({"title": ""}, {"held_on": "bald"}, {"begins": "25:00"}):
        answer = pia.post("/workshops", data=plan | bad)
        assert answer.status_code == 422
        assert 'value="Ulm"' in answer.text
    assert pia.post("/workshops/2/edit", data=plan | {"title": "Winter"}).status_code == 303
    assert "Winter" in pia.get("/workshops").text


def test_strangers_see_and_hear_nothing_of_workshops(held: Flask, gast: Browser, ben: Browser) -> None:
    for path in ("/workshops", "/workshops/1", "/workshops/1/screen"):
        assert gast.get(path).status_code == 401
    assert "Workshop" not in gast.get("/activity").text
    assert "Ein Workshop hat begonnen" in ben.get("/activity").text


def test_the_minutes_read_alike_in_english(held: Flask, people: Cast) -> None:
    with held.app_context():
        factories.cast(people, 1, "against")
        with transaction():
            verbs.add(
                verbs.locked(1), AgendaItem(kind="talk", title="Impulse", url="https://x.example"), people.pia.actor
            )
    close(held, people)
    with held.app_context(), speaking("en"):
        data, late, _complete = minutes.kept(1)
        assert "0 for · 1 against" in writing.markdown(data, late).replace("\N{NO-BREAK SPACE}", " ")


def test_words_of_an_issue_that_became_confidential_leave_the_minutes_too(
    held: Flask, people: Cast, ada: Browser
) -> None:
    close(held, people)
    with held.app_context(), transaction():
        gone = Withheld([Taken("Mängel melden", "")], "private")
        withhold(proposals.locked(1), FORGE, gone, "")
    assert "Mängel melden" not in ada.get("/workshops/1/minutes").text
    assert "Mängel melden" not in ada.get("/workshops/1/minutes.md").text
