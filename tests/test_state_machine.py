"""Rules 1 and 2 as a state machine: whatever people do in whatever order, the board agrees with a simple model.

`Voting` knows ballots, offers, decisions and pauses. Further features extend it with rules of their own: subclass it,
add `@rule`s and `@invariant`s, and `run_machine` it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, ClassVar

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from board import i18n
from board.activity.models import Activity
from board.db import db, now, run, transaction
from board.errors import Conflict, Denied, Refusal
from board.partners.models import Electorate, Partner
from board.policy import Acting, Actor
from board.voting import ballots, offers, queries, tallies
from board.voting.models import Ballot, Offer, OfferKind
from tests.factories import make_proposal
from tests.long.trials import Trial
from tests.people import Cast, populate
from tests.worlds import begun

LIKE = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
STEPS = {False: 25, True: 50}
PART = 50
"""So many runs at once: the first few of each part try the shortest ones, of which a few are enough."""

PARTNERS = st.sampled_from(["aalen", "celle", "dorsten"])
CHOICES = st.sampled_from(["for", "against", "abstain"])
KINDS = st.sampled_from(list(OfferKind))
DECISIONS = {"accept": "accepted", "defer": "deferred", "decline": "declined"}
MAY_DECIDE = {"accept": {"open", "deferred"}, "defer": {"open"}, "decline": {"open"}}
REOPENS = {"accepted", "deferred", "declined"}

THEIR_BALLOTS = select(Ballot.proposal_id, Partner.slug, Ballot.choice).join(Ballot.partner)
THEIR_OFFERS = (
    select(Offer.proposal_id, Partner.slug, Offer.kind, Offer.days)
    .join(Offer.partner)
    .where(Offer.withdrawn_at.is_(None))
)
LOGGED = select(func.count()).where(Activity.verb == "ballot.cast")


def two_proposals() -> tuple[Cast, tuple[int, int]]:
    """Everybody, and two proposals of Ada's."""
    with transaction():
        people = populate()
    return people, (make_proposal(people), make_proposal(people, title="Zweiter Vorschlag"))


class Board(RuleBasedStateMachine):
    """The ground for machines: an empty board with two proposals and three voting partners."""

    app: Flask
    steps: ClassVar[int]

    @invariant()
    def a_step_is_done(self) -> None:
        type(self).steps += 1

    @initialize()
    def begin(self) -> None:
        self.people, self.proposals = begun(self.app, "two proposals", two_proposals)
        self.ids = {"aalen": self.people.aalen, "celle": self.people.celle, "dorsten": self.people.dorsten}
        self.paused: set[str] = set()
        self.commits = 0
        self.looked: dict[str, int] = {}

    @contextmanager
    def doing(self) -> Iterator[None]:
        """One transaction on the board."""
        with self.app.app_context(), transaction():
            yield
        self.commits += 1

    def moved(self, whose: str) -> bool:
        """Whether anything was committed since this was asked last: what was refused, nobody need count again."""
        before, self.looked[whose] = self.looked.get(whose, -1), self.commits
        return before != self.commits

    def delegate(self, name: str, role: str = "delegate") -> Actor:
        """Somebody who acts for the partner, with a session from before any pause."""
        partner = Acting(self.ids[name], name, name.title(), name[:2].upper(), 0, "municipality", True)
        return Actor(person_id=self.people.ada.person_id, role=role, partner=partner)

    def proposal(self, which: int) -> int:
        """One of the proposals."""
        return self.proposals[which % len(self.proposals)]


class Voting(Board):
    """Casting, withdrawing, offering, deciding, reopening and pausing."""

    @initialize()
    def begin_voting(self) -> None:
        self.states: dict[int, str] = {}
        self.cast_: dict[tuple[int, str], str] = {}
        self.counted: dict[tuple[int, str], bool] = {}
        self.offered: dict[tuple[int, str, OfferKind], int | None] = {}
        self.changes = 0

    def state(self, proposal_id: int) -> str:
        return self.states.get(proposal_id, "open")

    def asks(self, proposal_id: int) -> bool:
        """Whether ballots can be cast."""
        return self.state(proposal_id) == "open"

    @rule(which=st.integers(0, 1), name=PARTNERS, choice=CHOICES, role=st.sampled_from(["delegate"] * 4 + ["member"]))
    def cast(self, which: int, name: str, choice: str, role: str) -> None:
        id_, by = self.proposal(which), self.delegate(name, role)
        expected: type[Refusal] | None = None
        if role == "member" or name in self.paused:
            expected = Denied
        elif not self.asks(id_):
            expected = Conflict
        with refused_as(expected), self.doing():
            ballots.cast(ballots.locked(id_, by), choice, "Grund" if choice == "against" else None, by)
        if expected is None:
            self.changes += self.cast_.get((id_, name)) != choice
            self.cast_[id_, name] = choice
            self.counted[id_, name] = True

    @rule(which=st.integers(0, 1), name=PARTNERS)
    def withdraw(self, which: int, name: str) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        with refused_as(None if self.asks(id_) else Conflict), self.doing():
            ballots.withdraw(ballots.locked(id_, by), by)
        if self.asks(id_):
            self.cast_.pop((id_, name), None)

    @rule(which=st.integers(0, 1), name=PARTNERS, kind=KINDS, days=st.integers(1, 99))
    def declare(self, which: int, name: str, kind: OfferKind, days: int) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        given = days if kind == OfferKind.DAYS else None
        with self.doing():
            offers.declare(ballots.locked(id_, by), kind, given, by)
        self.offered[id_, name, kind] = given

    @rule(which=st.integers(0, 1), name=PARTNERS, kind=KINDS)
    def withdraw_offer(self, which: int, name: str, kind: OfferKind) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        with self.doing():
            offers.withdraw(ballots.locked(id_, by), kind, by)
        self.offered.pop((id_, name, kind), None)

    @rule(which=st.integers(0, 1), name=PARTNERS, kind=KINDS)
    def confirm(self, which: int, name: str, kind: OfferKind) -> None:
        id_, by = self.proposal(which), self.delegate(name)
        expected = None if (id_, name, kind) in self.offered else Conflict
        with refused_as(expected), self.doing():
            offers.confirm(ballots.locked(id_, by), kind, "Rat", date(2026, 11, 3), by)

    @rule(which=st.integers(0, 1), verb=st.sampled_from(sorted(DECISIONS)))
    def decide(self, which: int, verb: str) -> None:
        id_ = self.proposal(which)
        right = self.state(id_) in MAY_DECIDE[verb]
        pia = self.people.pia.actor
        with refused_as(None if right else Conflict), self.doing():
            proposal = ballots.locked(id_, pia)
            words = {"without_estimate": "Klein"} if verb == "accept" else {}
            words |= {"body": "Lenkungskreis", "reason": "Beschluss"}
            getattr(proposal, verb)(pia, decided_on=i18n.today(), **words)
        if right:
            self.states[id_] = DECISIONS[verb]

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        id_ = self.proposal(which)
        right = self.state(id_) in REOPENS
        pia = self.people.pia.actor
        with refused_as(None if right else Conflict), self.doing():
            ballots.locked(id_, pia).reopen(pia, vote_by=i18n.in_days(42))
            db.session.flush()
            tallies.recount(id_)
        if right:
            self.states[id_] = "open"
            self._count_again()

    @rule(name=PARTNERS)
    def pause_or_resume(self, name: str) -> None:
        with self.doing():
            partner = db.session.get_one(Partner, self.ids[name])
            partner.paused_at = None if partner.paused_at else now()
            db.session.get_one(Electorate, Electorate.ONLY).size += -1 if partner.paused_at else 1
            db.session.flush()
            tallies.recount_open_ballots_of(partner.id)
        self.paused ^= {name}
        self._count_again()

    def _count_again(self) -> None:
        for id_, name in self.cast_:
            if self.state(id_) == "open":
                self.counted[id_, name] = name not in self.paused

    @invariant()
    def the_board_agrees(self) -> None:
        if not hasattr(self, "cast_") or not hasattr(self, "proposals") or not self.moved("voting"):
            return
        with self.app.app_context():
            assert tallies.check_tallies() == []
            assert {(r[0], r[1]): r[2] for r in run(THEIR_BALLOTS)} == self.cast_
            assert {(r[0], r[1], OfferKind(r[2])): r[3] for r in run(THEIR_OFFERS)} == self.offered
            shown = queries.tallies([queries.get(id_) for id_ in self.proposals])
            for id_ in self.proposals:
                self._tally_agrees(shown[id_])
            assert run(LOGGED).scalar() == self.changes, "a change is logged, a repetition is not"

    def _tally_agrees(self, tally: Any) -> None:
        expected = dict.fromkeys(("for", "against", "abstain"), 0)
        for (id_, name), choice in self.cast_.items():
            if id_ == tally.id and self.counted[id_, name]:
                expected[choice] += 1
        assert (tally.n_for, tally.n_against, tally.n_abstain) == tuple(expected.values())
        assert tally.answered <= tally.total
        assert tally.answered + tally.missing == tally.total


@contextmanager
def refused_as(expected: type[Refusal] | None) -> Iterator[None]:
    """The block is refused in this way, or not at all."""
    if expected is None:
        yield
    else:
        with pytest.raises(expected):
            yield


def run_machine(app: Flask, machine: type[Board], trial: Trial) -> None:
    """As many runs as the trial is large; each of at most so many steps."""
    for part in trial.parts(PART):
        like = settings(LIKE, max_examples=part, stateful_step_count=STEPS[trial.long])
        on = type(machine.__name__, (machine,), {"app": app, "steps": 0})
        run_state_machine_as_test(on, settings=like)
        trial.count(steps=on.steps, disagreements=0)


@pytest.mark.trial("voting", short=15, long=1_000)
def test_whatever_people_do_the_board_agrees_with_the_model(app: Flask, trial: Trial) -> None:
    run_machine(app, Voting, trial)
