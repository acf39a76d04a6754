"""Reuse: a delegate records how far the partner is with using a feature; everybody sees who runs it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from board import i18n
from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Denied
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting import ballots, queries, reuses, tallies
from board.voting.models import Reuse, ReuseStatus
from tests.conftest import Browser
from tests.factories import make_proposal
from tests.people import Cast

FULL = {
    "status": "live", "variant": "Aalener Fassung", "release": "2.4", "contact": "digital@aalen.example",
    "confirmed_on": "2026-11-03",
}  # fmt: skip


@pytest.fixture
def proposal_id(app: Flask, people: Cast) -> int:
    """A feature that is available."""
    with app.app_context():
        return make_proposal(people, state=State.AVAILABLE)


def send(client: Browser, proposal_id: int, **data: str) -> object:
    path = f"/proposals/FV-{proposal_id}/reuse"
    return client.post(path, data=data, partial=True, target=f"reuse-{proposal_id}")


def live(app: Flask, proposal_id: int) -> int:
    """How many run it, as kept on the proposal's row."""
    with app.app_context():
        assert tallies.check_tallies() == []
        return db.session.get_one(Proposal, proposal_id).n_live


def details(app: Flask) -> list[dict[str, object]]:
    with app.app_context():
        query = select(Activity.details).where(Activity.verb == "reuse.record").order_by(Activity.id)
        return list(db.session.scalars(query))


def test_a_delegate_records_the_use_and_everybody_sees_it(
    app: Flask, ada: Browser, gast: Browser, proposal_id: int
) -> None:
    answer = send(ada, proposal_id, **FULL)
    assert answer.status_code == 200
    assert "digital@aalen.example" in answer.text
    public = gast.get(f"/proposals/FV-{proposal_id}/reuse", partial=True).text
    for words in ("Aalen", "im Einsatz", "Aalener Fassung", "Version 2.4", "bestätigt am 3. November 2026"):
        assert words in public
    assert "digital@aalen.example" not in public
    assert live(app, proposal_id) == 1


def test_changes_are_logged_and_counted_once(app: Flask, ada: Browser, proposal_id: int) -> None:
    send(ada, proposal_id, status="examining")
    send(ada, proposal_id, status="live")
    send(ada, proposal_id, status="live")
    assert live(app, proposal_id) == 1
    answer = send(ada, proposal_id, status="ended")
    assert live(app, proposal_id) == 0
    assert '<input type="hidden" name="status" value="live">' in answer.text, "the undo puts it back"
    assert details(app) == [
        {"from": None, "to": "examining"},
        {"from": "examining", "to": "live"},
        {"from": "live", "to": "ended"},
    ]


def test_a_record_made_by_mistake_goes(app: Flask, ada: Browser, proposal_id: int) -> None:
    assert 'name="gone" value="1"' in send(ada, proposal_id, status="live").text
    assert send(ada, proposal_id, gone="1").status_code == 200
    assert send(ada, proposal_id, gone="1").status_code == 200
    assert live(app, proposal_id) == 0
    with app.app_context():
        assert db.session.scalar(select(Reuse.id)) is None
    assert details(app)[-1] == {"from": "live", "to": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "dreaming"),
        ("status", ""),
        ("variant", "v" * 161),
        ("release", "r" * 61),
        ("contact", "c" * 201),
        ("confirmed_on", "gestern"),
        ("confirmed_on", (i18n.today() + timedelta(days=2)).isoformat()),
    ],
)
def test_a_bad_form_keeps_what_was_typed(app: Flask, ada: Browser, proposal_id: int, field: str, value: str) -> None:
    answer = send(ada, proposal_id, **{**FULL, field: value})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    if field != "status":
        assert value in answer.text
    if field != "variant":
        assert "Aalener Fassung" in answer.text
    assert live(app, proposal_id) == 0


@pytest.mark.parametrize("who", ["ben", "rolf", "dora", "pia"])
def test_only_delegates_record_reuse(app: Flask, request: pytest.FixtureRequest, proposal_id: int, who: str) -> None:
    client: Browser = request.getfixturevalue(who)
    assert send(client, proposal_id, **FULL).status_code == 403
    assert 'name="status"' not in client.get(f"/proposals/FV-{proposal_id}/reuse", partial=True).text
    assert live(app, proposal_id) == 0


def test_the_verb_refuses_members_and_providers(app: Flask, people: Cast, proposal_id: int) -> None:
    for by in (people.ben.actor, people.rolf.actor):
        with app.app_context(), pytest.raises(Denied), transaction():
            reuses.record(ballots.locked(proposal_id, by), reuses.Record(ReuseStatus.LIVE), by)


def test_a_withdrawn_proposal_takes_no_record(app: Flask, ada: Browser, people: Cast) -> None:
    with app.app_context():
        id_ = make_proposal(people, state=State.WITHDRAWN)
    assert send(ada, id_, **FULL).status_code == 409
    assert live(app, id_) == 0


def test_a_partners_page_tells_what_it_runs(app: Flask, ada: Browser, people: Cast, proposal_id: int) -> None:
    send(ada, proposal_id, **FULL)
    with app.app_context():
        from board.partners.models import Partner

        shown = queries.for_partner(db.session.get_one(Partner, people.aalen), people.cleo.actor)
    assert [(run["key"], run["status"]) for run in shown["runs"]] == [(f"FV-{proposal_id}", "live")]


def test_without_javascript_it_leads_back(ada: Browser, proposal_id: int) -> None:
    answer = ada.post(f"/proposals/FV-{proposal_id}/reuse", data=FULL)
    assert answer.status_code == 303
    assert answer.location == f"/proposals/FV-{proposal_id}#reuse-{proposal_id}"
    assert 'id="flash-undo"' in ada.get(f"/proposals/FV-{proposal_id}").text
