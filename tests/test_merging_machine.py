"""Merging as a state machine: whatever is merged and taken back between ballots and decisions, all counts are right."""

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import func, select

from board.db import db, now, run, transaction
from board.duplicates import verbs
from board.errors import Refusal
from board.i18n import in_days, today
from board.partners.models import Electorate, Partner
from board.proposals.models import Proposal
from board.record.checks import everything
from board.voting import ballots, offers, tallies
from board.voting.models import Ballot, OfferKind
from tests.factories import make_proposal
from tests.long.trials import Trial
from tests.people import Cast, populate
from tests.test_state_machine import CHOICES, DECISIONS, PARTNERS, Board, run_machine
from tests.worlds import begun

WHICH = st.integers(0, 2)
MERGED = select(Proposal.id, Proposal.merged_into_id)
BALLOTS_EACH = select(func.count()).select_from(Ballot).group_by(Ballot.proposal_id, Ballot.partner_id)


def three_proposals() -> tuple[Cast, tuple[int, ...]]:
    """Everybody, and three proposals of Ada's that say the same."""
    with transaction():
        people = populate()
    return people, tuple(make_proposal(people, title=f"Mängel melden {n}") for n in range(3))


class Merging(Board):
    """What people do beside is refused or not, as other machines know; here only what comes of it must be right."""

    @initialize()
    def begin(self) -> None:
        self.people, self.proposals = begun(self.app, "three proposals", three_proposals)
        self.ids = {"aalen": self.people.aalen, "celle": self.people.celle, "dorsten": self.people.dorsten}
        self.commits, self.looked = 0, {}
        self.parts: dict[int, int] = {}

    def tries(self, do: Callable[[], object]) -> bool:
        """Do it in one transaction; whether it was not refused."""
        try:
            with self.doing():
                do()
        except Refusal:
            return False
        return True

    @rule(which=WHICH, name=PARTNERS, choice=CHOICES)
    def cast(self, which: int, name: str, choice: str) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        done = self.tries(lambda: ballots.cast(ballots.locked(id_, by), choice, "Grund", by))
        assert not (done and id_ in self.parts), "nobody votes on what was merged"

    @rule(which=WHICH, name=PARTNERS)
    def withdraw(self, which: int, name: str) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        self.tries(lambda: ballots.withdraw(ballots.locked(id_, by), by))

    @rule(which=WHICH, name=PARTNERS, days=st.integers(1, 99))
    def declare(self, which: int, name: str, days: int) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        self.tries(lambda: offers.declare(ballots.locked(id_, by), OfferKind.DAYS, days, by))

    @rule(which=WHICH, verb=st.sampled_from([*sorted(DECISIONS), "reopen"]))
    def decide_or_reopen(self, which: int, verb: str) -> None:
        id_, pia = self.proposal(which), self.people.pia.actor
        words = {"body": "Rat", "reason": "Beschluss", "decided_on": today()}
        words |= {"without_estimate": "Klein"} if verb == "accept" else {}

        def do() -> None:
            getattr(ballots.locked(id_, pia), verb)(pia, **({"vote_by": in_days(42)} if verb == "reopen" else words))
            db.session.flush()
            if verb == "reopen":
                tallies.recount(id_)

        self.tries(do)

    @rule(name=PARTNERS)
    def pause_or_resume(self, name: str) -> None:
        with self.doing():
            partner = db.session.get_one(Partner, self.ids[name])
            partner.paused_at = None if partner.paused_at else now()
            db.session.get_one(Electorate, Electorate.ONLY).size += -1 if partner.paused_at else 1
            db.session.flush()
            tallies.recount_open_ballots_of(partner.id)

    @rule(which=WHICH, into=WHICH)
    def merge(self, which: int, into: int) -> None:
        old, new = self.proposal(which), self.proposal(into)
        if self.tries(lambda: verbs.merge(*verbs.locked(old, new), self.people.pia.actor)):
            assert old != new
            assert not {old, new} & self.parts.keys(), "neither was part of another"
            self.parts[old] = new

    @rule(which=WHICH)
    def take_back(self, which: int) -> None:
        id_ = self.proposal(which)
        done = self.tries(lambda: verbs.unmerge(*verbs.locked(id_), self.people.pia.actor))
        assert done == (id_ in self.parts and self.parts[id_] not in self.parts)
        if done:
            del self.parts[id_]

    @invariant()
    def the_board_agrees(self) -> None:
        if not hasattr(self, "parts") or not self.moved("merging"):
            return
        with self.app.app_context():
            assert {row.id: row[1] for row in run(MERGED) if row[1]} == self.parts
            assert {row[0] for row in run(BALLOTS_EACH)} <= {1}, "one ballot per partner"
            assert [(found.name, found.wrong) for found in everything() if not found.ok] == []


@pytest.mark.trial("merging", short=12, long=1_000)
def test_whatever_is_merged_and_taken_back_the_board_counts_right(app: Flask, trial: Trial) -> None:
    run_machine(app, Merging, trial)
