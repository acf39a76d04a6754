"""Ballots: one per partner, cast by its delegate while the proposal is open; the tally is always what they say."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from board import i18n
from board.activity.models import Activity
from board.db import db, now, transaction
from board.errors import Conflict, Denied
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal
from board.voting import ballots, queries, tallies
from board.voting.models import Ballot
from tests.conftest import Browser, counting
from tests.factories import cast, make_proposal
from tests.people import Cast


@pytest.fixture
def proposal_id(app: Flask, people: Cast) -> int:
    """An open proposal."""
    with app.app_context():
        return make_proposal(people)


def counts(app: Flask, proposal_id: int) -> tuple[int, int, int]:
    """For, against, abstain on the proposal's row; asserts that nothing on the board is out of step."""
    with app.app_context():
        assert tallies.check_tallies() == []
        p = db.session.get_one(Proposal, proposal_id)
        return p.n_for, p.n_against, p.n_abstain


def logged(app: Flask, verb: str = "ballot.cast") -> list[dict[str, object]]:
    """The details of the activity rows of a verb, oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(Activity.details).where(Activity.verb == verb).order_by(Activity.id)))


def url(proposal_id: int, rest: str = "ballot") -> str:
    return f"/proposals/FV-{proposal_id}/{rest}"


def vote(client: Browser, proposal_id: int, partial: bool = True, **data: object) -> object:
    target = f"ballot-{proposal_id}"
    return client.post(url(proposal_id), data=data, partial=partial, target=target if partial else "")


# One tap


def test_one_tap_records_the_ballot_and_answers_with_component_and_tally(
    app: Flask, ada: Browser, proposal_id: int
) -> None:
    answer = vote(ada, proposal_id, choice="for")
    assert answer.status_code == 200
    assert f'id="ballot-{proposal_id}"' in answer.text
    assert f'id="tally-{proposal_id}"' in answer.text
    assert f'id="ballot-{proposal_id}-for" name="choice" value="for" aria-pressed="true"' in answer.text
    assert "Erfasst im Namen von Aalen von Ada" in answer.text
    assert "änderbar bis zur Entscheidung" in answer.text
    assert counts(app, proposal_id) == (1, 0, 0)


def test_without_javascript_it_leads_back_to_the_page_one_was_on(ada: Browser, proposal_id: int) -> None:
    answer = ada.post(
        url(proposal_id), data={"choice": "for"}, headers={"Referer": "http://localhost/proposals?state=open"}
    )
    assert answer.status_code == 303
    assert answer.location == f"/proposals?state=open#ballot-{proposal_id}"


BUTTON = re.compile(
    r'<form method="post" action="([^"]+)">((?:<input[^>]+>)+)<button class="button small" id="flash-undo">'
)


def undo_by_the_message(client: Browser, page: str) -> None:
    """Press the button beside the message, as without JavaScript; it is offered once."""
    text = client.get(page).text
    found = BUTTON.search(text)
    assert found, "no undo beside the message"
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', found[2]))
    assert client.post(found[1], data=fields).status_code == 303


def test_without_javascript_each_tap_has_its_undo_beside_the_message(
    app: Flask, ada: Browser, proposal_id: int
) -> None:
    page = f"/proposals/FV-{proposal_id}"
    ada.post(url(proposal_id), data={"choice": "against", "reason": "Zu teuer."})
    undo_by_the_message(ada, page)
    assert counts(app, proposal_id) == (0, 0, 0), "the first ballot is taken back"
    undo_by_the_message(ada, page)
    assert counts(app, proposal_id) == (0, 1, 0), "and the withdrawal too"
    ada.post(url(proposal_id), data={"choice": "for"})
    undo_by_the_message(ada, page)  # Two messages wait by now: only the newest can be taken back.
    assert counts(app, proposal_id) == (0, 1, 0), "a change of mind"
    assert "Zu teuer." in ada.get(url(proposal_id) + "?face=card").text, "with the reason it had"
    ada.get(page)
    assert "flash-undo" not in ada.get(page).text, "a message is told once"


def test_a_change_of_mind_moves_the_tally_and_is_logged_from_to(app: Flask, ada: Browser, proposal_id: int) -> None:
    vote(ada, proposal_id, choice="for")
    vote(ada, proposal_id, choice="abstain")
    assert counts(app, proposal_id) == (0, 0, 1)
    assert logged(app) == [{"from": None, "to": "for"}, {"from": "for", "to": "abstain"}]


def test_the_same_tap_again_is_harmless_and_not_logged(app: Flask, ada: Browser, proposal_id: int) -> None:
    for _ in range(3):
        assert vote(ada, proposal_id, choice="for").status_code == 200
    assert counts(app, proposal_id) == (1, 0, 0)
    assert len(logged(app)) == 1


def test_a_withdrawn_ballot_is_gone_and_its_reason_offered_back(app: Flask, ada: Browser, proposal_id: int) -> None:
    vote(ada, proposal_id, choice="against", reason="Zu teuer für uns.")
    answer = ada.post(url(proposal_id, "ballot/withdraw"), partial=True, target=f"ballot-{proposal_id}")
    assert answer.status_code == 200
    assert "Votum von Aalen steht aus" in answer.text
    assert 'name="reason" value="Zu teuer für uns."' in answer.text
    assert counts(app, proposal_id) == (0, 0, 0)
    assert logged(app, "ballot.withdraw") == [{"from": "against", "to": None}]
    again = ada.post(url(proposal_id, "ballot/withdraw"), partial=True)
    assert again.status_code == 200
    assert len(logged(app, "ballot.withdraw")) == 1


# Against needs a reason


def test_a_tap_on_against_opens_the_field_and_records_nothing(app: Flask, ada: Browser, proposal_id: int) -> None:
    vote(ada, proposal_id, choice="for")
    answer = vote(ada, proposal_id, choice="against")
    assert answer.status_code == 422
    assert f'<textarea id="ballot-{proposal_id}-reason" name="reason"' in answer.text
    assert "data-focus" in answer.text
    assert "hx-trigger" not in answer.text
    assert 'value="for" aria-pressed="true"' in answer.text
    assert counts(app, proposal_id) == (1, 0, 0)


def test_without_javascript_against_asks_on_a_page_of_its_own(ada: Browser, proposal_id: int) -> None:
    answer = vote(ada, proposal_id, partial=False, choice="against")
    assert answer.status_code == 422
    assert "<html" in answer.text
    assert 'name="reason"' in answer.text
    assert 'name="choice" value="against"' in answer.text


def test_an_empty_reason_is_told_as_an_error(app: Flask, ada: Browser, proposal_id: int) -> None:
    answer = vote(ada, proposal_id, choice="against", reason="   ")
    assert answer.status_code == 422
    assert "Ein Votum dagegen braucht eine Begründung." in answer.text
    assert counts(app, proposal_id) == (0, 0, 0)


def test_an_overlong_reason_keeps_what_was_typed(app: Flask, ada: Browser, proposal_id: int) -> None:
    answer = vote(ada, proposal_id, choice="for", reason="x" * 2001)
    assert answer.status_code == 422
    assert "x" * 2001 in answer.text
    assert "Höchstens 2000 Zeichen." in answer.text
    assert counts(app, proposal_id) == (0, 0, 0)


def test_a_reason_is_kept_with_its_choice_and_goes_with_it(app: Flask, ada: Browser, proposal_id: int) -> None:
    vote(ada, proposal_id, choice="against", reason="Zu teuer.")
    assert vote(ada, proposal_id, choice="against").status_code == 200
    with app.app_context():
        assert db.session.scalar(select(Ballot.reason)) == "Zu teuer."
    answer = vote(ada, proposal_id, choice="for")
    assert 'name="reason" value="Zu teuer."' in answer.text, "the lost reason is offered back"
    with app.app_context():
        assert db.session.scalar(select(Ballot.reason)) == ""


@pytest.mark.parametrize("data", [{}, {"choice": "maybe"}, {"choice": ""}, {"x": "y"}])
def test_a_strange_choice_is_refused_and_records_nothing(
    app: Flask, ada: Browser, proposal_id: int, data: dict[str, str]
) -> None:
    assert vote(ada, proposal_id, **data).status_code == 422
    assert counts(app, proposal_id) == (0, 0, 0)


def test_a_missing_proposal_is_404(ada: Browser, people: Cast) -> None:
    assert ada.get("/proposals/FV-999/ballot", partial=True).status_code == 404
    assert vote(ada, 999, choice="for").status_code == 404


# Who may


@pytest.mark.parametrize("who", ["ben", "rolf", "dora", "pia"])
def test_members_providers_admins_and_owners_cast_nothing(
    app: Flask, request: pytest.FixtureRequest, proposal_id: int, who: str
) -> None:
    client: Browser = request.getfixturevalue(who)
    for path in ("ballot", "ballot/withdraw", "offers/confirm", "reuse"):
        assert client.post(url(proposal_id, path), data={"choice": "for"}, partial=True).status_code == 403
    assert counts(app, proposal_id) == (0, 0, 0)


def test_a_stranger_is_asked_to_sign_in(app: Flask, gast: Browser, proposal_id: int) -> None:
    assert vote(gast, proposal_id, choice="for").status_code == 401
    assert counts(app, proposal_id) == (0, 0, 0)


def test_the_partner_in_the_form_is_compared_never_obeyed(
    app: Flask, ada: Browser, people: Cast, proposal_id: int
) -> None:
    assert vote(ada, proposal_id, choice="for", acting_for=people.celle).status_code == 409
    assert counts(app, proposal_id) == (0, 0, 0)
    vote(ada, proposal_id, choice="for", acting_for=people.aalen, partner_id=people.celle)
    with app.app_context():
        assert db.session.scalars(select(Ballot.partner_id)).all() == [people.aalen]


def test_the_verbs_refuse_whoever_is_no_delegate_of_a_voting_partner(
    app: Flask, people: Cast, proposal_id: int
) -> None:
    from dataclasses import replace

    admin = replace(people.ada.actor, is_admin=True)
    for by in (people.ben.actor, people.rolf.actor, people.dora.actor, people.pia.actor, Actor(), admin):
        with app.app_context(), pytest.raises(Denied), transaction():
            ballots.cast(ballots.locked(proposal_id, by), "for", None, by)
        with app.app_context(), pytest.raises(Denied), transaction():
            ballots.withdraw(ballots.locked(proposal_id, by), by)


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("ben", "Nur stimmführende Personen geben das Votum von Aalen ab."),
        ("rolf", "Dienstleister stimmen nicht ab."),
        ("dora", "Sie handeln für keinen Partner."),
        ("gast", "Stimmführende Personen geben das Votum ihres Partners nach der Anmeldung ab."),
    ],
)
def test_who_may_not_vote_reads_why_and_sees_no_buttons(
    request: pytest.FixtureRequest, proposal_id: int, who: str, sentence: str
) -> None:
    answer = request.getfixturevalue(who).get(url(proposal_id), partial=True)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert 'name="choice"' not in answer.text


def test_a_member_sees_what_their_partner_said(app: Flask, ben: Browser, people: Cast, proposal_id: int) -> None:
    assert "Votum von Aalen steht aus" in ben.get(url(proposal_id), partial=True).text
    with app.app_context():
        cast(people, proposal_id, "for")
    assert "Aalen: dafür" in ben.get(url(proposal_id), partial=True).text


# Open, closed, changed


def test_after_the_decision_nothing_changes_and_the_answer_says_so_in_place(
    app: Flask, ada: Browser, people: Cast
) -> None:
    with app.app_context():
        open_id = make_proposal(people)
        cast(people, open_id, "for")
        with transaction():
            db.session.get_one(Proposal, open_id).accept(
                people.pia.actor,
                body="Lenkungskreis",
                decided_on=i18n.today(),
                reason="Beschluss",
                without_estimate="Klein",
            )
    answer = vote(ada, open_id, choice="against", reason="Doch nicht.")
    assert answer.status_code == 409
    assert "Abstimmung beendet am" in answer.text
    assert "Doch nicht." in answer.text, "what was typed can be copied"
    assert "Aalen: dafür" in answer.text
    assert 'aria-pressed="true"' not in answer.text
    assert ada.post(url(open_id, "ballot/withdraw"), partial=True).status_code == 409
    assert counts(app, open_id) == (1, 0, 0)


def test_a_changed_text_is_told_and_the_same_tap_confirms_the_new_one(
    app: Flask, ada: Browser, people: Cast, proposal_id: int
) -> None:
    vote(ada, proposal_id, choice="for")
    with app.app_context(), transaction():
        db.session.get_one(Proposal, proposal_id).text_version += 1
    assert "Text seit dem Votum geändert" in ada.get(url(proposal_id), partial=True).text
    vote(ada, proposal_id, choice="for")
    assert "Text seit dem Votum geändert" not in ada.get(url(proposal_id), partial=True).text
    assert logged(app)[-1] == {"from": "for", "to": "for"}
    assert counts(app, proposal_id) == (1, 0, 0)


# Pausing


def pause(app: Flask, partner_id: int, paused: bool) -> None:
    """What `partner.pause` and `partner.resume` do to the row, and their second half."""
    with app.app_context(), transaction():
        db.session.get_one(Partner, partner_id).paused_at = now() if paused else None
        db.session.flush()
        tallies.recount_open_ballots_of(partner_id)


def test_a_paused_partner_does_not_count_until_it_resumes(
    app: Flask, ada: Browser, people: Cast, proposal_id: int
) -> None:
    with app.app_context():
        cast(people, proposal_id, "against", people.cleo.actor)
    vote(ada, proposal_id, choice="for")
    pause(app, people.aalen, True)
    assert counts(app, proposal_id) == (0, 1, 0)
    assert vote(ada, proposal_id, choice="abstain").status_code == 403
    assert "Aalen pausiert" in ada.get(url(proposal_id), partial=True).text
    pause(app, people.aalen, False)
    assert counts(app, proposal_id) == (1, 1, 0)


def test_a_session_that_began_before_the_pause_does_not_vote(app: Flask, people: Cast, proposal_id: int) -> None:
    pause(app, people.aalen, True)
    with app.app_context(), pytest.raises(Denied, match="pausiert"):
        cast(people, proposal_id, "for")


def test_pausing_leaves_what_is_decided_as_it_was(app: Flask, people: Cast) -> None:
    with app.app_context():
        decided = make_proposal(people)
        cast(people, decided, "for")
        with transaction():
            db.session.get_one(Proposal, decided).decline(
                people.pia.actor, body="Lenkungskreis", decided_on=i18n.today(), reason="Beschluss"
            )
    pause(app, people.aalen, True)
    assert counts(app, decided) == (1, 0, 0)
    with app.app_context(), transaction():
        proposal = ballots.locked(decided, people.pia.actor)
        proposal.reopen(people.pia.actor, vote_by=i18n.in_days(42))
        tallies.recount(decided)
    assert counts(app, decided) == (0, 0, 0)


# What is shown to whom


def test_strangers_see_numbers_but_neither_votes_nor_names(
    app: Flask, gast: Browser, people: Cast, proposal_id: int
) -> None:
    with app.app_context():
        cast(people, proposal_id, "for", reason="Unsere Begründung")
        cast(people, proposal_id, "against", people.cleo.actor)
    tally = gast.get(url(proposal_id, "tally"), partial=True)
    assert tally.status_code == 200
    for words in ("1 dafür", "1 dagegen", "1 ohne Votum"):
        assert words in tally.text
    for part in ("ballot", "tally", "offers", "coalition", "reuse"):
        text = gast.get(url(proposal_id, part)).text
        assert not any(secret in text for secret in ("Ada", "Cleo", "Unsere Begründung", "Zu teuer")), part
    assert gast.get(url(proposal_id, "ballots"), partial=True).status_code == 401
    with app.app_context():
        shown = queries.for_proposal(queries.get(proposal_id), Actor())
        assert "Ada" not in repr(shown)
        assert shown["ballots"].voices == ()
        assert queries.for_partner(db.session.get_one(Partner, people.aalen), Actor())["votes"] is None


def test_partners_see_who_voted_how_with_reason_and_history(
    app: Flask, ben: Browser, people: Cast, proposal_id: int
) -> None:
    with app.app_context():
        cast(people, proposal_id, "for")
        cast(people, proposal_id, "abstain")
        cast(people, proposal_id, "against", people.cleo.actor, reason="Haben wir <b>schon</b>.")
    text = ben.get(url(proposal_id, "ballots"), partial=True).text
    assert "Haben wir &lt;b&gt;schon&lt;/b&gt;." in text
    assert "dafür → <b>Enthaltung</b>" in text
    assert "1 Partner ohne Votum" in text
    assert "Cleo" in text


def test_the_numbers_add_up_and_a_frozen_electorate_stays(app: Flask, people: Cast) -> None:
    with app.app_context():
        id_ = make_proposal(people)
        cast(people, id_, "for")
        tally = queries.tallies([queries.get(id_)])[id_]
        assert (tally.n_for, tally.missing, tally.total) == (1, 2, 3)
        assert tally.lacking(50) == 1
        assert tally.lacking(30) == 0


def test_contested_are_those_with_two_strong_sides(app: Flask, people: Cast) -> None:
    """Three against three, then twenty against three, then one against forty; unopposed is not contested."""
    with app.app_context():
        order = [(3, 3), (20, 3), (1, 40), (40, 0)]
        values = [db.session.scalar(select(tallies.contested(*map(_number, pair)))) for pair in order]
    assert values == sorted(values, reverse=True)
    assert values[-1] == 0


def _number(n: int) -> object:
    from sqlalchemy import literal

    return literal(n)


def test_a_list_costs_the_same_queries_for_one_row_and_for_twenty(app: Flask, people: Cast) -> None:
    with app.app_context():
        ids = [make_proposal(people, title=f"Vorschlag {n}") for n in range(20)]
        for id_ in ids:
            cast(people, id_, "for")
        rows = [queries.get(id_) for id_ in ids]
        assert _statements(app, rows[:1], people) == _statements(app, rows, people) == 2


def _statements(app: Flask, rows: list[Proposal], people: Cast) -> int:
    with counting(app) as seen:
        queries.tallies(rows)
        boxes = queries.boxes(rows, people.ada.actor)
    assert all(box.choice == "for" and box.person == "Ada" for box in boxes.values())
    return len(seen)


def test_the_database_itself_refuses_a_second_ballot_and_one_against_without_reason(
    app: Flask, people: Cast, proposal_id: int
) -> None:
    from sqlalchemy.exc import IntegrityError

    with app.app_context():
        cast(people, proposal_id, "for")
    for choice, partner_id in (("for", people.aalen), ("against", people.celle)):
        with app.app_context(), pytest.raises(IntegrityError), transaction():
            db.session.add(Ballot(proposal_id=proposal_id, partner_id=partner_id, choice=choice, text_version=1))
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Ballot)) == 1
        with pytest.raises(Conflict), transaction():
            ballots.cast(ballots.locked(proposal_id, people.cleo.actor), "against", None, people.cleo.actor)


def test_the_receipt_says_when(app: Flask, ada: Browser, people: Cast, proposal_id: int) -> None:
    with app.app_context():
        from board.db import at

        with at(datetime(2026, 11, 3, 13, 2, tzinfo=UTC)):
            cast(people, proposal_id, "for")
    assert "3. November 2026" in ada.get(url(proposal_id, "ballot?face=card"), partial=True).text
