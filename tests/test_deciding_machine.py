"""Deciding as a state machine, on top of voting: consent that runs out, is objected to, called off or overtaken."""

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import func, select

from board.consent import jobs, verbs
from board.consent.models import Objection
from board.db import at, now, run
from board.errors import Conflict, Denied, Refusal
from board.i18n import in_days
from board.proposals.models import Decision, Proposal
from board.record.checks import ballots as ballots_on_record
from board.record.checks import counters
from board.voting import ballots
from tests.long.trials import Trial
from tests.test_state_machine import PARTNERS, Voting, refused_as, run_machine

IN_CONSENT = select(Proposal.id).where(Proposal.consent_until.is_not(None))
OBJECTIONS = select(func.count(Objection.id))
PASSED = select(func.count(Decision.id)).where(Decision.silent.is_not(None))


class Deciding(Voting):
    """Voting, and consent beside it: the time that passes is a rule too."""

    @initialize()
    def begin_deciding(self) -> None:
        self.days = 0
        self.consents: dict[int, int] = {}
        self.objections = self.passed = 0

    def asks(self, proposal_id: int) -> bool:
        return super().asks(proposal_id) and proposal_id not in self.consents

    @rule(which=st.integers(0, 1), days=st.integers(1, 20))
    def put_into_consent(self, which: int, days: int) -> None:
        id_, pia = self.proposal(which), self.people.pia.actor
        against = any(p == id_ and c == "against" and self.counted[p, n] for (p, n), c in self.cast_.items())
        right = self.asks(id_) and not against
        with refused_as(None if right else Conflict), self.clock(), self.doing():
            verbs.begin(ballots.locked(id_, pia), pia, last=in_days(days), without_estimate="Klein")
        if right:
            self.consents[id_] = self.days + days

    @rule(which=st.integers(0, 1), name=PARTNERS)
    def object_to_it(self, which: int, name: str) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        expected: type[Refusal] | None = None if id_ in self.consents else Conflict
        if name in self.paused:
            expected = Denied
        with refused_as(expected), self.clock(), self.doing():
            verbs.object_(ballots.locked(id_, by), "Grund", by, vote_days=42)
        if expected is None:
            del self.consents[id_]
            self.objections += 1

    @rule(which=st.integers(0, 1))
    def call_off(self, which: int) -> None:
        id_, pia = self.proposal(which), self.people.pia.actor
        with refused_as(None if id_ in self.consents else Conflict), self.clock(), self.doing():
            verbs.recall(ballots.locked(id_, pia), pia, vote_days=42)
        self.consents.pop(id_, None)

    @rule(days=st.integers(1, 12))
    def time_passes(self, days: int) -> None:
        self.days += days

    @rule()
    def the_job_runs(self) -> None:
        over = [id_ for id_, last in self.consents.items() if last < self.days]
        with self.app.app_context(), self.clock():
            assert jobs.run_out() == len(over)
        self.commits += bool(over)
        for id_ in over:
            del self.consents[id_]
            self.states[id_] = "accepted"
            self.passed += 1

    def clock(self) -> AbstractContextManager[None]:
        """The moment to which time has passed."""
        return at(now() + timedelta(days=self.days))

    @invariant()
    def consent_agrees(self) -> None:
        if not hasattr(self, "consents") or not hasattr(self, "proposals"):
            return
        for id_, state in self.states.items():
            if state != "open":
                self.consents.pop(id_, None)
        if not self.moved("consent"):
            return
        with self.app.app_context():
            assert {row.id for row in run(IN_CONSENT)} == set(self.consents)
            assert run(OBJECTIONS).scalar() == self.objections
            assert run(PASSED).scalar() == self.passed
            assert ballots_on_record() == []
            assert counters() == []


@pytest.mark.trial("deciding", short=15, long=1_000)
def test_whatever_is_decided_in_whatever_order_the_board_agrees_with_the_model(app: Flask, trial: Trial) -> None:
    run_machine(app, Deciding, trial)
