"""Proposals: their verbs, their page, writing and editing them."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Denied
from board.i18n import today
from board.policy import SYSTEM, Actor
from board.proposals import queries
from board.proposals.counts import ProposalCount
from board.proposals.models import Decision, Proposal
from board.proposals.states import MOVES, State
from board.proposals.writing import Draft, Link, as_draft, edit, import_, mark, propose
from tests.conftest import Browser
from tests.factories import PATHS, make_draft, make_proposal
from tests.people import Cast

WORDS = {"body": "Lenkungskreis", "decided_on": today(), "reason": "Weil alle es brauchen."}


def do(verb: str, proposal: Proposal, by: Actor) -> None:
    """One verb of the state table."""
    words = WORDS if verb in {"accept", "defer", "decline"} else {}
    words = words | ({"without_estimate": "Klein"} if verb == "accept" else {})
    if verb == "reopen":
        words = {"vote_by": today() + timedelta(days=42)}
    getattr(proposal, verb)(by, **words)


def counted() -> dict[tuple[str, int], int]:
    """What really stands in the table, per state and topic."""
    rows = db.session.execute(select(Proposal.state, Proposal.topic_id, func.count()).group_by("state", "topic_id"))
    return {(state, topic): n for state, topic, n in rows}


def kept() -> dict[tuple[str, int], int]:
    """What the maintained totals say."""
    rows = db.session.execute(select(ProposalCount.state, ProposalCount.topic_id, ProposalCount.n))
    return {(state, topic): n for state, topic, n in rows if n}


def test_each_verb_leads_from_its_states_to_its_state_and_nowhere_else(app: Flask, people: Cast) -> None:
    with app.app_context():
        for state, verb in itertools.product(PATHS, MOVES):
            number = make_proposal(people, state=state)
            by = people.ada.actor if verb == "withdraw" else people.pia.actor
            with transaction():
                proposal = db.session.get_one(Proposal, number)
                if state in MOVES[verb][0]:
                    do(verb, proposal, by)
                    assert proposal.state == MOVES[verb][1]
                else:
                    with pytest.raises(Conflict, match=": "):
                        do(verb, proposal, by)
                    assert proposal.state == state
        assert kept() == counted()


def test_a_decision_keeps_the_tally_and_freezes_the_electorate(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people, state="deferred")
        with transaction():
            db.session.get_one(Proposal, number).accept(people.pia.actor, without_estimate="Klein", **WORDS)
        decisions = db.session.scalars(select(Decision).order_by(Decision.id)).all()
        proposal = db.session.get_one(Proposal, number)
        assert [d.outcome for d in decisions] == ["deferred", "accepted"]
        assert decisions[1].electorate_size == proposal.electorate_size == 3
        assert proposal.closed_at is not None


def test_reopening_unfreezes_the_electorate(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people, state="declined")
        with transaction():
            db.session.get_one(Proposal, number).reopen(people.pia.actor, vote_by=today())
        proposal = db.session.get_one(Proposal, number)
        assert (proposal.state, proposal.electorate_size, proposal.closed_at) == (State.OPEN, None, None)


def test_only_the_author_and_the_own_delegate_withdraw(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people, by=people.ben.actor)
        for who in (people.cleo, people.pia, people.dora, people.rolf):
            with pytest.raises(Denied), transaction():
                db.session.get_one(Proposal, number).withdraw(who.actor)
        with transaction():
            db.session.get_one(Proposal, number).withdraw(people.ada.actor)
        assert db.session.get_one(Proposal, number).state == State.WITHDRAWN


def test_a_provider_proposes_nothing(app: Flask, people: Cast) -> None:
    with app.app_context(), pytest.raises(Denied), transaction():
        propose(people.rolf.actor, Draft(title="Kaufen", topic_id=people.defects))
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Proposal)) == 0


def test_an_imported_proposal_has_sources_and_no_proposer(app: Flask, people: Cast) -> None:
    with app.app_context():
        with transaction():
            draft = Draft(
                title="Busse", topic_id=people.transport, links=(Link("Konzept", "https://a.example", source=True),)
            )
            number = import_(SYSTEM, draft, state=State.AVAILABLE, builders=[people.aalen]).id
        proposal = db.session.get_one(Proposal, number)
        assert (proposal.partner_id, proposal.author_id, proposal.imported) == (None, None, True)
        assert kept() == counted() == {("available", people.transport): 1}
        assert db.session.scalars(select(Activity.verb)).all()[-1] == "proposal.import"


def test_text_is_rendered_safely_and_found_folded(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people, title="Mängel", text="**Straße** <script>x</script>", title_en="Defects")
        proposal = db.session.get_one(Proposal, number)
        assert "<strong>Straße</strong>" in proposal.html
        assert "<script" not in proposal.html
        for words in (f"fv-{number}", "maengel", "strasse", "defects"):
            assert words in proposal.search


def test_only_title_and_text_renew_the_text_version(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people, title="A", text="B")
        for draft, version in (
            (Draft(title="A", text="B", topic_id=people.transport, links=(Link("x", "https://x.example"),)), 1),
            (Draft(title="A2", text="B", topic_id=people.transport), 2),
        ):
            with transaction():
                proposal = db.session.get_one(Proposal, number)
                db.session.refresh(proposal, ["links"])
                edit(proposal, people.ben.actor, draft, edition=mark(as_draft(proposal)))
            assert db.session.get_one(Proposal, number).text_version == version
        assert kept() == counted() == {("open", people.transport): 1}


@pytest.mark.parametrize(
    "first",
    [
        {"title": "Erste"}, {"text": "Anders."}, {"topic_id": 2}, {"vote_by": today() + timedelta(days=9)},
        {"links": (Link("Konzept", "https://k.example"),)}, {"summary": "Kurz."}, {"title_en": "First"},
        {"text_en": "Other."}, {"summary_en": "Short."},
    ],
    ids=lambda first: next(iter(first)),
)  # fmt: skip
def test_a_stale_edit_is_a_conflict_whichever_field_the_other_changed(
    app: Flask, people: Cast, first: dict[str, Any]
) -> None:
    with app.app_context():
        number = make_proposal(people)
        began = mark(make_draft(people))
        with transaction():
            edit(queries.locked(number), people.ada.actor, make_draft(people, **first), edition=began)
        with pytest.raises(Conflict) as conflict, transaction():
            edit(queries.locked(number), people.pia.actor, make_draft(people, title="Zweite"), edition=began)
        assert conflict.value.hints["stale"]
        assert as_draft(queries.locked(number)) == make_draft(people, **first)


def test_the_same_edit_again_is_harmless(app: Flask, people: Cast) -> None:
    with app.app_context():
        number, began = make_proposal(people), mark(make_draft(people))
        for _once in range(2):
            with transaction():
                edit(queries.locked(number), people.ada.actor, make_draft(people, title="Neu"), edition=began)
        assert len(list(db.session.scalars(select(Activity).where(Activity.verb == "proposal.edit")))) == 1


def test_strangers_do_not_edit(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people)
        for who in (people.cleo, people.rolf, people.dora):
            with pytest.raises(Denied), transaction():
                edit(db.session.get_one(Proposal, number), who.actor, Draft("X", people.defects), edition="")


# The page and its verbs


def decision(**changes: str) -> dict[str, str]:
    """A decision form as it is sent."""
    return {"body": "Lenkungskreis", "decided_on": today().isoformat(), "reason": "Weil alle es brauchen.",
            "without_estimate": "Klein"} | changes  # fmt: skip


def test_the_page_shows_need_links_and_who_proposed_it(app: Flask, people: Cast, gast: Browser, ada: Browser) -> None:
    with app.app_context():
        make_proposal(people, links=(Link("Konzept", "https://a.example/k"),))
    for client in (gast, ada):
        text = client.get("/proposals/FV-1").text
        assert "<strong>einfach</strong>" in text
        assert '<a href="https://a.example/k"' in text
        assert "eingebracht von" in text
        assert "Aalen" in text
    assert "Ada" not in gast.get("/proposals/FV-1").text


def test_an_imported_page_names_its_source_and_who_built_it(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context(), transaction():
        source = Link("Konzeptpapier", "https://a.example/k", source=True)
        import_(SYSTEM, Draft("Busse", people.transport, links=(source,)), builders=[people.celle])
    text = gast.get("/proposals/FV-1").text
    assert text.count(">Quelle: <a href=") == 1
    assert "eingebracht von" not in text
    assert "Wer es gebaut hat" in text


def test_english_readers_get_english_where_there_is_some(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        make_proposal(people, title_en="Report defects", text_en="Report *damage*.")
        make_proposal(people)
    english = {"Accept-Language": "en"}
    assert "<em>damage</em>" in gast.get("/proposals/FV-1", headers=english).text
    assert '<div class="prose" lang="de">' in gast.get("/proposals/FV-2", headers=english).text


def test_unknown_proposals_are_missing(app: Flask, people: Cast, ada: Browser, pia: Browser) -> None:
    for url in ("/proposals/FV-9", "/proposals/FV-9/state", "/proposals/FV-9/counts", "/proposals/FV-9/edit"):
        assert ada.get(url).status_code == 404
    assert pia.post("/proposals/FV-9/start", partial=True).status_code == 404


@pytest.mark.parametrize("verb", ["accept", "defer", "decline"])
def test_a_product_owner_records_a_decision(app: Flask, people: Cast, pia: Browser, gast: Browser, verb: str) -> None:
    with app.app_context():
        make_proposal(people)
    answer = pia.post(f"/proposals/FV-1/{verb}", data=decision())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/proposals/FV-1#state-1")
    text = gast.get("/proposals/FV-1").text
    assert "Lenkungskreis" in text
    assert "Weil alle es brauchen." in text


def test_others_record_no_decision(
    app: Flask, people: Cast, ada: Browser, dora: Browser, rolf: Browser, gast: Browser
) -> None:
    with app.app_context():
        make_proposal(people)
    for client, status in ((ada, 403), (dora, 403), (rolf, 403), (gast, 401)):
        assert client.post("/proposals/FV-1/accept", data=decision()).status_code == status
    with app.app_context():
        assert db.session.get_one(Proposal, 1).state == State.OPEN


@pytest.mark.parametrize(
    "bad",
    [{"body": ""}, {"reason": "x" * 2001}, {"decided_on": "gestern"}, {"decided_on": "2999-01-01"}],
)
def test_a_bad_decision_keeps_what_was_typed(app: Flask, people: Cast, pia: Browser, bad: dict[str, str]) -> None:
    with app.app_context():
        make_proposal(people)
    for partial in (True, False):
        answer = pia.post("/proposals/FV-1/accept", data=decision(**bad), partial=partial, target="state-1")
        assert answer.status_code == 422
        assert (bad.get("reason") or "Weil alle es brauchen.") in answer.text
        assert 'hx-get="/proposals/FV-1/state"' not in answer.text


def test_a_second_decision_is_told_in_place(app: Flask, people: Cast, pia: Browser) -> None:
    with app.app_context():
        make_proposal(people, state="declined")
    answer = pia.post("/proposals/FV-1/accept", data=decision(reason="Mein Grund"), partial=True, target="state-1")
    assert answer.status_code == 409
    assert "dieser ist jetzt: abgelehnt" in answer.text


def test_building_piloting_and_publishing_follow(app: Flask, people: Cast, pia: Browser) -> None:
    with app.app_context():
        make_proposal(people, state="accepted")
    for verb, state in (("start", "building"), ("pilot", "piloting"), ("publish", "available")):
        assert pia.post(f"/proposals/FV-1/{verb}", partial=True, target="state-1").status_code == 200
        with app.app_context():
            assert db.session.get_one(Proposal, 1).state == state


def test_reopening_asks_for_a_day_to_come(app: Flask, people: Cast, pia: Browser) -> None:
    with app.app_context():
        make_proposal(people, state="declined")
    assert pia.post("/proposals/FV-1/reopen", data={"vote_by": "2001-01-01"}, partial=True).status_code == 422
    assert pia.post("/proposals/FV-1/reopen", data={"vote_by": today().isoformat()}).status_code == 303
    with app.app_context():
        assert db.session.get_one(Proposal, 1).state == State.OPEN


def test_the_own_delegate_withdraws_and_others_do_not(
    app: Flask, people: Cast, ada: Browser, cleo: Browser, gast: Browser
) -> None:
    with app.app_context():
        make_proposal(people, by=people.ben.actor)
    assert gast.post("/proposals/FV-1/withdraw").status_code == 401
    assert cleo.post("/proposals/FV-1/withdraw", partial=True).status_code == 403
    assert "zurückziehen?" not in cleo.get("/proposals/FV-1").text
    assert "zurückziehen?" in ada.get("/proposals/FV-1").text
    assert ada.post("/proposals/FV-1/withdraw").status_code == 303
    assert ada.post("/proposals/FV-1/withdraw", partial=True).status_code == 409


def test_an_unchanged_page_is_not_sent_twice(app: Flask, people: Cast, gast: Browser, pia: Browser) -> None:
    with app.app_context():
        make_proposal(people)
    tag = gast.get("/proposals/FV-1").headers["ETag"]
    assert gast.get("/proposals/FV-1", headers={"If-None-Match": tag}).status_code == 304
    pia.post("/proposals/FV-1/decline", data=decision())
    assert gast.get("/proposals/FV-1", headers={"If-None-Match": tag}).status_code == 200
