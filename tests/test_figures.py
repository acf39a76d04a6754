"""The partnership in pictures: what is drawn, tabled and given as a file is what the record says."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from board.activity.models import Activity
from board.consent import jobs
from board.consent import verbs as consent
from board.db import at, db, now, transaction
from board.figures import queries
from board.ordering import together
from board.proposals.models import Proposal
from board.voting import ballots
from board.work import moves
from board.work.models import Seat
from board.work.packages import locked
from tests.conftest import Browser
from tests.factories import PATHS, claim, make_package, make_proposal, offer
from tests.people import Cast

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture
def history(app: Flask, people: Cast) -> None:
    """FV-1 proposed in December and accepted in January, FV-2 proposed and declined in January, FV-3 in March."""
    with app.app_context():
        with at(datetime(2025, 12, 20, 12, tzinfo=UTC)):
            make_proposal(people)
        with at(datetime(2026, 1, 10, 12, tzinfo=UTC)):
            lead_to("accept", 1, people)
            make_proposal(people, title="Zweiter")
        with at(datetime(2026, 1, 31, 12, tzinfo=UTC)):
            lead_to("decline", 2, people)
        with at(NOON):
            make_proposal(people, title="Dritter", state="building")


def lead_to(verb: str, proposal_id: int, people: Cast) -> None:
    with transaction():
        proposal = db.session.get_one(Proposal, proposal_id)
        day = date(2026, 1, 10) if verb == "accept" else date(2026, 1, 31)
        why = {"without_estimate": "Klein"} if verb == "accept" else {}
        getattr(proposal, verb)(people.pia.actor, body="Rat", decided_on=day, reason="Beschluss", **why)


def test_each_month_shows_how_many_stood_in_each_state_at_its_end(history: None, app: Flask) -> None:
    with app.app_context(), at(NOON + timedelta(days=20)):
        rows = {f"{row.name:%Y-%m}": {k: n for k, n in row.parts.items() if n} for row in queries.by_state(6)}
    assert rows == {
        "2025-11": {}, "2025-12": {"open": 1}, "2026-01": {"accepted": 1, "declined": 1},
        "2026-02": {"accepted": 1, "declined": 1}, "2026-03": {"accepted": 1, "declined": 1, "building": 1},
        "2026-04": {"accepted": 1, "declined": 1, "building": 1},
    }  # fmt: skip


def test_a_consent_that_ran_out_and_a_step_taken_back_stand_in_the_month_in_which_they_happened(
    app: Flask, people: Cast
) -> None:
    with app.app_context():
        with at(datetime(2026, 1, 5, 12, tzinfo=UTC)):
            make_proposal(people)
            make_proposal(people)
            with transaction():
                last, pia = date(2026, 2, 2), people.pia.actor
                consent.begin(ballots.locked(1, pia), pia, last=last, without_estimate="Klein")
        with at(datetime(2026, 2, 10, 12, tzinfo=UTC)):
            assert jobs.run_out() == 1
            with transaction():
                words = {"body": "Rat", "decided_on": date(2026, 2, 10), "reason": "Nein."}
                batch = together.move([2], people.pia.actor, "decline", **words).batch
        with at(NOON):
            with transaction():
                together.undo(batch or 0, people.pia.actor)
            shown = [{k: n for k, n in row.parts.items() if n} for row in queries.by_state(3)]
            assert queries.decided().n == 1, "a decision taken back is none"
    assert shown == [{"open": 2}, {"accepted": 1, "declined": 1}, {"accepted": 1, "open": 1}]


def test_months_begin_at_midnight_in_germany(app: Flask, people: Cast) -> None:
    with app.app_context():
        with at(datetime(2025, 12, 31, 22, 59, tzinfo=UTC)):
            make_proposal(people)
        with at(datetime(2025, 12, 31, 23, 1, tzinfo=UTC)):
            make_proposal(people, title="Schon im Januar")
        with at(NOON):
            assert [row.parts["open"] for row in queries.by_state(4)] == [1, 2, 2, 2]


@pytest.mark.parametrize("state", PATHS)
def test_the_last_month_is_what_stands_there_now(app: Flask, people: Cast, state: str) -> None:
    with app.app_context():
        make_proposal(people, state=state)
        first, *_others, last = queries.by_state(12)
        assert {name: n for name, n in last.parts.items() if n} == {str(state): 1}
        assert first.total == 0


def test_decisions_are_counted_by_the_time_they_took(history: None, app: Flask) -> None:
    with app.app_context():
        found = queries.decided()
        assert found.n == 3
        assert [(span.weeks, span.n) for span in found.spans if span.n] == [(2, 1), (4, 2)]
        assert found.median == 21


def test_without_any_decision_there_is_no_median(app: Flask, people: Cast) -> None:
    with app.app_context():
        make_proposal(people)
        assert queries.decided().median is None


def test_person_days_are_offered_claimed_and_done_and_counted_once(app: Flask, people: Cast) -> None:
    with app.app_context():
        make_proposal(people)
        offer(people, 1, "days", days=30)
        for n, title in enumerate(("Formular", "Karte"), 1):
            make_package(people, 1, title=title, effort=Decimal(10))
            claim(n, people.ada.actor)
            claim(n, people.cleo.actor, Seat.SUPPORT, days=Decimal("2.5"))
        for verb in (moves.start, moves.submit, moves.finish):
            with transaction():
                verb(locked(2), people.ada.actor)
        rows = {row.name[0]: row.parts for row in queries.by_partner()}
    assert rows == {
        "Aalen": {"offered": 30, "claimed": Decimal("7.5"), "done": Decimal("7.5")},
        "Celle": {"offered": 0, "claimed": Decimal("2.5"), "done": Decimal("2.5")},
    }


def test_issues_count_once_a_month_in_and_out(app: Flask, people: Cast) -> None:
    with app.app_context(), at(NOON):
        with transaction():
            for verb, issue, details in (
                ("issue.appear", 1, {}), ("issue.appear", 2, {}), ("issue.appear", 1, {}), ("issue.dismiss", 1, {}),
                ("issue.sort", 2, {}), ("issue.sort", 3, {"to": "dismissed"}), ("issue.update", 4, {}),
            ):  # fmt: skip
                db.session.add(Activity(verb=verb, at=NOON, details={"issue": issue, **details}))
        assert queries.issues(2)[1].parts == {"came": 2, "went": 2}


def test_what_came_in_each_month_is_summed_up_below_the_picture(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context(), transaction():
        for months in (2, 2, 1):
            db.session.add(Activity(verb="issue.appear", at=now() - timedelta(days=31 * months), details={"issue": 7}))
            db.session.add(Activity(verb="issue.appear", at=now() - timedelta(days=31 * months), details={"issue": 8}))
    legend = gast.get("/figures").text.split('class="swatch part-came"></i>')[1]
    assert legend.startswith(" eingegangen: 4<"), "each issue once a month, over all months shown"


def test_the_page_shows_pictures_tables_and_files_to_everybody(history: None, gast: Browser, ada: Browser) -> None:
    for client in (gast, ada):
        html = client.get("/figures").text
        assert html.count("<svg viewBox") >= 2
        assert html.count('<table class="table">') >= 2
        for name in ("proposals", "decisions"):
            assert f'href="/figures/{name}.csv' in html
    assert "Noch keine Personentage" in gast.get("/figures").text
    tag = gast.get("/figures").headers["ETag"]
    assert gast.get("/figures", headers={"If-None-Match": tag}).status_code == 304


def test_each_picture_comes_as_a_file(history: None, app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        make_package(people, 1, effort=Decimal(3))
        claim(1, people.ada.actor)
    headers = {"proposals": "Monat", "decisions": "Wochen", "person-days": "Partner", "issues": "Monat"}
    for name, header in headers.items():
        answer = gast.get(f"/figures/{name}.csv?months=24")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="stadtrunde-{name}.csv"'
        rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
        assert rows[0][0].startswith(header), name
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
    assert gast.get("/figures/secrets.csv").status_code == 404


@pytest.mark.parametrize("query", ["months=0", "months=99999999", "months=x", "months=24&months=12"])
def test_nonsense_in_the_address_is_ignored(history: None, gast: Browser, query: str) -> None:
    assert gast.get(f"/figures?{query}").status_code == 200


def test_the_cost_does_not_grow(history: None, app: Flask, people: Cast, gast: Browser, statements: list[str]) -> None:
    app.extensions["pages"].forget()
    statements.clear()
    gast.get("/figures")
    few = len(statements)
    with app.app_context():
        for n in range(10):
            make_proposal(people, title=f"Noch einer {n}")
    app.extensions["pages"].forget()
    statements.clear()
    gast.get("/figures")
    assert len(statements) <= few


def test_the_overview_shows_the_first_picture(history: None, gast: Browser) -> None:
    html = gast.get("/").text
    assert "Vorschläge nach Stand am Ende jedes Monats" in html
    assert 'href="/figures"' in html
