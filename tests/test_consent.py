"""Consent: accepted after some days unless a voting partner objects with a reason; never early, never twice."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import i18n
from board.activity.models import Activity
from board.consent import jobs, verbs
from board.consent.models import Objection
from board.consent.queries import running
from board.db import at, db, now, transaction
from board.errors import Conflict, Denied
from board.estimates import verbs as estimates
from board.i18n import end_of, in_days, last_day, today
from board.mail.sending import send_due
from board.notifications import jobs as mailing
from board.notifications import queries as notifications
from board.policy import SYSTEM, Actor
from board.proposals import queries as proposals
from board.proposals.models import Decision, Proposal
from board.record.checks import everything
from board.voting import ballots
from board.voting.models import Ballot
from tests.conftest import Browser
from tests.factories import cast, estimate, make_proposal
from tests.people import Cast
from tests.postbox import Postbox

URL = "/proposals/FV-1/consent"


def begin(people: Cast, proposal_id: int, days: int = 14, why: str = "Klein") -> None:
    """Pia puts it into consent."""
    with transaction():
        verbs.begin(proposals.locked(proposal_id), people.pia.actor, last=in_days(days), without_estimate=why)


def object_(proposal_id: int, by: Actor, reason: str = "Zu teuer für uns.") -> None:
    """The partner of `by` objects."""
    with transaction():
        verbs.object_(ballots.locked(proposal_id, by), reason, by, vote_days=42)


def shown(proposal_id: int) -> Proposal:
    """The proposal as it stands now."""
    db.session.close()
    return db.session.get_one(Proposal, proposal_id)


def test_silence_accepts_at_the_end_of_the_day_never_a_moment_earlier(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people)
        cast(people, number, "for")
        begin(people, number)
        end = end_of(in_days(14))
        with at(end - timedelta(microseconds=1)):
            assert jobs.run_out() == 0
            with pytest.raises(Conflict, match="noch nicht"), transaction():
                verbs.pass_(proposals.locked(number), SYSTEM)
        assert shown(number).is_open
        with at(end):
            assert jobs.run_out() == 1
            assert jobs.run_out() == 0
        found = shown(number)
        assert (found.state, found.consent_until, found.electorate_size) == ("accepted", None, 3)
        decision = db.session.scalars(select(Decision)).one()
        assert (decision.n_for, decision.silent, decision.decided_on) == (1, 2, last_day(end))
        assert decision.recorded_by_id is None
        assert db.session.scalar(select(func.count(Ballot.id))) == 1, "silence is no ballot"
        assert [f.wrong for f in everything() if not f.ok] == []


def test_a_board_that_was_away_catches_up_and_an_objection_that_came_first_counts(app: Flask, people: Cast) -> None:
    with app.app_context():
        numbers, last = [make_proposal(people) for _ in range(3)], in_days(3)
        for number in numbers:
            begin(people, number, days=3)
        with at(now() + timedelta(days=30)):
            object_(numbers[1], people.cleo.actor)
            assert jobs.run_out() == 2
            assert [shown(n).state for n in numbers] == ["accepted", "open", "accepted"]
            days = set(db.session.scalars(select(Decision.decided_on)))
            assert days == {last}, "the day on which the time was over"


def test_an_objection_makes_it_an_ordinary_vote_with_time_to_answer(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people, vote_by=in_days(2))
        begin(people, number)
        with pytest.raises(Conflict, match="Einwandverfahren"):
            cast(people, number, "for")
        object_(number, people.cleo.actor)
        found = shown(number)
        assert (found.is_open, found.consent_until, found.vote_by) == (True, None, in_days(42))
        assert db.session.scalar(select(func.count(Ballot.id))) == 0, "an objection is no ballot"
        cast(people, number, "for")
        with pytest.raises(Conflict, match="abgestimmt"):
            object_(number, people.ada.actor)
        with at(now() + timedelta(days=60)):
            assert jobs.run_out() == 0
        assert db.session.scalars(select(Objection)).one().partner_id == people.celle


def test_only_an_open_proposal_that_nobody_is_against_goes_into_consent(app: Flask, people: Cast) -> None:
    with app.app_context():
        contested, decided, running_ = (
            make_proposal(people),
            make_proposal(people, state="accepted"),
            make_proposal(people),
        )
        cast(people, contested, "against")
        begin(people, running_)
        for number, why in ((contested, "dagegen"), (decided, "angenommen"), (running_, "läuft schon")):
            with pytest.raises(Conflict, match=why):
                begin(people, number)


def test_without_a_valid_estimate_a_product_owner_says_why_and_the_decision_keeps_it(
    app: Flask, people: Cast, pia: Browser, ada: Browser
) -> None:
    with app.app_context():
        make_proposal(people)
    day = in_days(10).isoformat()
    answer = pia.post(URL, data={"last": day, "without_estimate": "x" * 501}, partial=True)
    assert answer.status_code == 422
    assert f"{'x' * 501}</textarea>" in answer.text, "what was written stays"
    answer = pia.post(URL, data={"last": day}, partial=True)
    assert answer.status_code == 422
    assert 'id="consent-without_estimate-error"' in answer.text
    assert f'value="{day}"' in answer.text
    assert pia.post(URL, data={"last": day, "without_estimate": "Nur ein Text."}, partial=True).status_code == 200
    assert "Nur ein Text." in ada.get("/proposals/FV-1").text, "who could object reads it"
    with app.app_context(), at(now() + timedelta(days=20)):
        assert jobs.run_out() == 1
        assert db.session.scalars(select(Decision.without_estimate)).all() == ["Nur ein Text."]
        assert shown(1).without_estimate == ""
    assert "Nur ein Text." in ada.get("/proposals/FV-1").text


def test_an_estimate_must_be_valid_on_the_last_day_and_is_on_record_though_the_board_was_away(
    app: Flask, people: Cast
) -> None:
    with app.app_context():
        one, two = make_proposal(people), make_proposal(people)
        estimate(people, one, days=14)
        estimate(people, two, days=13)
        begin(people, one, why="")
        with pytest.raises(Conflict, match="keine Schätzung"):
            begin(people, two, why="")
        with at(now() + timedelta(days=60)):
            assert jobs.run_out() == 1
            made = db.session.scalars(select(Decision)).one()
            assert (made.effort_high > 0, made.without_estimate) == (True, "")


def test_a_consent_whose_estimate_was_withdrawn_waits_for_another_one(app: Flask, people: Cast, pia: Browser) -> None:
    with app.app_context():
        number = make_proposal(people)
        found = estimate(people, number, days=30)
        begin(people, number, why="")
        with transaction():
            estimates.withdraw(estimates.locked(found)[1], people.ada.actor)
        assert "Es fehlt eine gültige Schätzung" in pia.get(f"/proposals/FV-{number}").text
        with at(now() + timedelta(days=20)):
            assert jobs.run_out() == 0
            assert shown(number).consent_until is not None
            estimate(people, number, days=40)
            assert jobs.run_out() == 1


def test_who_may_not_vote_cannot_object(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people)
        begin(people, number)
        for who in (people.ben, people.rolf, people.pia, people.dora):
            with pytest.raises(Denied):
                object_(number, who.actor)
        with pytest.raises(Conflict, match="Begründung"):
            object_(number, people.ada.actor, reason="")
        assert shown(number).consent_until is not None


@pytest.mark.parametrize("verb", ["accept", "withdraw", "recall"])
def test_a_decision_a_withdrawal_or_a_recall_ends_the_consent(app: Flask, people: Cast, verb: str) -> None:
    with app.app_context():
        number = make_proposal(people)
        begin(people, number)
        with transaction():
            proposal = proposals.locked(number)
            if verb == "accept":
                words = {"body": "Rat", "reason": "Eilt.", "without_estimate": "Klein"}
                proposal.accept(people.pia.actor, decided_on=today(), **words)
            elif verb == "withdraw":
                proposal.withdraw(people.ada.actor)
            else:
                verbs.recall(proposal, people.pia.actor, vote_days=42)
        assert shown(number).consent_until is None
        with at(now() + timedelta(days=60)):
            assert jobs.run_out() == 0
        with pytest.raises(Conflict):
            object_(number, people.ada.actor)


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 10, 24), date(2026, 12, 31)])
def test_a_day_ends_at_midnight_in_germany_also_when_the_clock_changes(day: date) -> None:
    end = end_of(day)
    assert last_day(end) == day
    assert i18n.clock(end, "de") == "00:00"
    assert i18n.day_of(end) == day + timedelta(days=1)


def test_product_owners_begin_and_recall_on_the_page_and_a_bad_day_stays_in_the_form(
    app: Flask, people: Cast, pia: Browser
) -> None:
    with app.app_context():
        make_proposal(people)
    answer = pia.post(URL, data={"last": today().isoformat()}, partial=True)
    assert answer.status_code == 422
    assert "ab morgen" in answer.text
    answer = pia.post(URL, data={"last": in_days(10).isoformat()}, partial=True)
    assert answer.status_code == 422, "nobody has estimated it"
    answer = pia.post(URL, data={"last": in_days(10).isoformat(), "without_estimate": "Klein"}, partial=True)
    assert answer.status_code == 200
    assert "noch 10 Tage" in answer.text
    assert "Einwandverfahren beenden" in answer.text
    assert "noch 10 Tage" in pia.get("/proposals").text, "the countdown stands on the row"
    assert "noch 10 Tage" in pia.get("/").text
    assert pia.post(URL, data={"last": in_days(10).isoformat(), "without_estimate": "Klein"}).status_code == 409
    assert pia.post(f"{URL}/recall").status_code == 303
    assert "Ins Einwandverfahren geben" in pia.get("/proposals/FV-1").text
    assert pia.post(f"{URL}/recall").status_code == 409


def test_a_delegate_objects_in_the_ballots_place_and_strangers_learn_no_names(
    app: Flask, people: Cast, ada: Browser, gast: Browser
) -> None:
    with app.app_context():
        make_proposal(people)
        begin(people, 1)
    assert "kein Einwand" in ada.get("/proposals/FV-1").text
    answer = ada.post(f"{URL}/object", data={"reason": " "}, partial=True, target="ballot-1")
    assert answer.status_code == 422
    assert 'id="ballot-1-objection" open' in answer.text
    answer = ada.post(f"{URL}/object", data={"reason": "Der Betrieb ist ungeklärt."}, partial=True, target="ballot-1")
    assert answer.status_code == 200
    assert "Dafür" in answer.text, "now ballots are cast"
    assert "Der Betrieb ist ungeklärt." in ada.get("/proposals/FV-1").text
    public = gast.get("/proposals/FV-1").text + gast.get("/activity").text + gast.get("/activity.atom").text
    assert "ungeklärt" not in public
    assert "Ein Partner hat Einwand erhoben" in public
    assert "Aalen hat Einwand" not in public


def test_what_waits_for_a_partner_names_consents_and_a_reminder_comes_a_week_before(
    app: Flask, people: Cast, postbox: Postbox
) -> None:
    morning = end_of(today()) + timedelta(hours=9)
    with app.app_context(), at(morning):
        number = make_proposal(people, title="Kleine Sache", vote_by=in_days(40))
        begin(people, number, days=9)
        assert notifications.waiting(people.ada.person_id or 0) == [], "no ballot is missing, and there is time"
        assert mailing.remind() == 0
        with at(morning + timedelta(days=3)):
            (found,) = notifications.waiting(people.ada.person_id or 0)
            assert [c.id for c in found.consents] == [number]
            assert found.n_ballots == 0
            assert mailing.remind() == 2
            assert mailing.remind() == 0
            assert send_due() == 2
            assert "Kleine Sache" in postbox.text(0)
            assert "Einwand" in postbox.text(0)


def test_a_list_costs_the_same_whether_consents_run_or_not(app: Flask, people: Cast, statements: list[str]) -> None:
    numbers = [make_proposal(people) for _ in range(20)]
    begin(people, numbers[0])
    statements.clear()
    assert len(running()) == 1
    one = len(statements)
    for number in numbers[1:]:
        begin(people, number)
    statements.clear()
    assert len(running()) == 20
    assert len(statements) == one


def test_what_happens_is_told_in_the_log(app: Flask, people: Cast) -> None:
    with app.app_context():
        first, second = make_proposal(people), make_proposal(people)
        begin(people, first)
        begin(people, second)
        object_(second, people.cleo.actor)
        with at(now() + timedelta(days=20)):
            jobs.run_out()
        told: Any = (
            select(Activity.verb, Activity.source).where(Activity.verb.startswith("consent.")).order_by(Activity.id)
        )
        assert [tuple(row) for row in db.session.execute(told)] == [
            ("consent.begin", "person"), ("consent.begin", "person"), ("consent.object", "person"),
            ("consent.pass", "system"),
        ]  # fmt: skip
