"""Clocks that are wrong by minutes, hours or days: nothing is lost, nothing is taken early, order goes by number.

A node is its clock here: what it does, it does inside `at(…)`. PostgreSQL has a clock of its own, which is moved by a
function that its search path finds first.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from board import create_app
from board.accounts import throttle
from board.accounts.models import LoginSession
from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.errors import Refusal
from board.i18n import today
from board.jobs import due
from board.record import chain
from board.record.checks import everything
from board.work import leases
from board.work.models import Claim
from tests.conftest import Browser, settings
from tests.factories import cast, claim, make_package, make_proposal
from tests.long import test_ballot_race as ballots
from tests.long.trials import Trial
from tests.people import Cast

AHEAD = (timedelta(), timedelta(minutes=20), timedelta(days=-2), timedelta(days=40))
"""By how much the clocks of four nodes are wrong."""


def attempt(url: str, number: int, *rest: Any) -> None:
    """What `test_ballot_race` does, by a node with a wrong clock."""
    with at(now() + AHEAD[number]):
        ballots.attempt(url, number, *rest)


@pytest.mark.trial("clock", short=120, long=5_000)
def test_nodes_with_wrong_clocks_lose_nothing_and_agree(
    app: Flask, database_url: str, people: Cast, trial: Trial
) -> None:
    ballots.found_partners(app)
    for part in trial.parts(ballots.PART):
        trial.count(**ballots.race(app, database_url, people, part, attempt), errors=0)
        with app.app_context():
            chain.seal_due()
            assert [finding.wrong for finding in everything() if not finding.ok] == []
            assert chain.verify().unsealed == 0
            trial.most(days_between_two_entries=_widest(), faults=len(chain.verify().faults))


def _widest() -> int:
    oldest, newest = db.session.execute(select(func.min(Activity.at), func.max(Activity.at))).one()
    return int((newest - oldest).days)


def test_a_node_that_is_ahead_does_not_let_the_throttle_forget(app: Flask) -> None:
    with app.app_context():
        for n in range(throttle.PER_ADDRESS):
            with at(now() + AHEAD[n % len(AHEAD)]):
                throttle.attempt("s" * 40, "198.51.100.7", f"{n}@example.org")
        for _ in range(throttle.PER_ADDRESS * 3 // 4):
            throttle.attempt("s" * 40, "198.51.100.7", "ada@example.org")
        with at(now() + AHEAD[3]):
            throttle.attempt("s" * 40, "203.0.113.9", "somebody@example.org")
        with pytest.raises(Refusal):
            throttle.attempt("s" * 40, "198.51.100.7", "ada@example.org")


def test_a_session_that_a_node_ahead_takes_for_asleep_is_alive_at_the_others(app: Flask, ada: Browser) -> None:
    with at(now() + AHEAD[3]):
        assert ada.get("/account").status_code == 401
    assert ada.get("/account").status_code == 200
    with at(now() + AHEAD[2]):
        assert ada.get("/account").status_code == 200, "seen in two days, as far as this node knows"
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(LoginSession.ended_at.is_(None))) == 1


def test_news_and_history_go_by_number_not_by_time(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        proposal = make_proposal(people)
        for n, choice in enumerate(("for", "abstain", "for", "abstain")):
            with at(now() + AHEAD[n]):
                cast(people, proposal, choice)
        assert db.session.scalars(select(Activity.id)).all() == sorted(db.session.scalars(select(Activity.id)))
    page = ada.get(f"/proposals/FV-{proposal}").text
    assert page.index("Enthaltung") > 0
    told = ada.get("/activity?kind=ballots").text
    assert told.count("FV-1") >= 4


def test_a_job_runs_again_when_a_clock_that_was_ahead_is_set_right(app: Flask) -> None:
    ran: list[int] = []
    with app.app_context():
        with at(now() + AHEAD[3]):
            assert due.run_every("sweep", 300, lambda: ran.append(1))
        assert due.run_every("sweep", 300, lambda: ran.append(2)), "not after forty days only"
        assert not due.run_every("sweep", 300, lambda: ran.append(3))
    assert ran == [1, 2]


@pytest.fixture
def node(database_url: str, app: Flask, tmp_path: Path) -> Any:
    """A node on PostgreSQL whose database thinks it is so much later."""
    made: list[Flask] = []
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no other clock")

    def one(later: timedelta) -> Flask:
        with app.app_context(), transaction():
            db.session.execute(text("CREATE SCHEMA IF NOT EXISTS wrong"))
            db.session.execute(text(
                "CREATE OR REPLACE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                f"$$ SELECT pg_catalog.clock_timestamp() + interval '{int(later.total_seconds())} seconds' $$"
            ))  # fmt: skip
        made.append(create_app(settings(tmp_path, f"{database_url}&options=-csearch_path%3Dwrong,pg_catalog,public")))
        return made[-1]

    yield one
    for board in made:
        board.extensions["pages"].close()
        with board.app_context():
            db.engine.dispose()
    with app.app_context(), transaction():
        db.session.execute(text("DROP SCHEMA wrong CASCADE"))


@pytest.mark.parametrize("later", [timedelta(minutes=-20), timedelta(hours=3), timedelta(days=-100)])
def test_a_node_that_disagrees_with_the_database_about_the_time_runs_no_jobs_and_frees_no_lease(
    app: Flask, people: Cast, node: Callable[[timedelta], Flask], later: timedelta
) -> None:
    with app.app_context():
        claim(make_package(people), people.ada.actor)
        with transaction():
            (held,) = db.session.scalars(select(Claim))
            held.lease_until = today() - timedelta(days=99)  # Due, if the clock of this node were right.
    ran: list[int] = []
    jobs = [due.Job("leases", 300, leases.sweep_due), due.Job("other", 60, lambda: ran.append(1))]
    with node(later).app_context():
        due.run_due(jobs)
        assert ran == []
        assert db.session.scalars(select(Claim.ended_at)).all() == [None]
    with node(timedelta(minutes=2)).app_context():
        due.run_due(jobs)
        assert ran == [1], "a little is no harm"
        assert None not in db.session.scalars(select(Claim.ended_at)).all()
