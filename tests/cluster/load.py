"""Browsers and a forge that work through nginx without pause, and remember what they were told.

Each ballot, each claim, each delivery that was answered with success is checked afterwards in the database. What was
cut off may have happened or not.
"""

import http.client
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

from board.accounts.models import Membership, Person
from board.db import db, transaction
from board.issues.models import Delivery
from board.partners.models import Electorate, Partner
from board.record.checks import everything
from board.voting.models import Ballot
from board.work.models import Claim
from tests.cluster.place import HTMX, Answer, Listener, Place
from tests.factories import make_package, make_proposal
from tests.people import Who
from tests.webhooks.forge import Forge, github_issue, sign

VOTERS, PROPOSALS, PACKAGES = 3, 3, 40
CHOICES = ("for", "against", "abstain")
PAUSE_SECONDS = 0.03
"""Between two requests of one browser: what is looked for is lost writes, not the limits of the machine."""


@dataclass
class Voter:
    """A delegate's browser; `known` is what was acknowledged, `perhaps` what was sent since without an answer."""

    partner_id: int
    token: str
    known: dict[int, str] = field(default_factory=dict)
    perhaps: dict[int, set[str]] = field(default_factory=dict)


@dataclass
class Load:
    """All who work, and what they were told. `failed`: answers that are no success, by what they were."""

    place: Place
    forge: Forge
    voters: list[Voter]
    proposals: list[int]
    seed: int = 4
    packages: list[int] = field(default_factory=list)
    claimed: dict[int, float] = field(default_factory=dict)
    delivered: set[str] = field(default_factory=set)
    voted: int = 0
    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    _minutes: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        """Let them work until `end`; there are packages enough to claim."""
        self._over.clear()
        with self.place.app.app_context():
            while len(self.packages) < PACKAGES:
                title = f"Baustein {next(self._numbers)}"
                self.packages.append(make_package(self.place.people, self.proposals[0], title=title))
            db.session.remove()
        work = [*(lambda v=v: self._vote(v) for v in self.voters), self._claim, self._deliver, self._read]
        self._threads = [threading.Thread(target=self._go_on, args=(one,), daemon=True) for one in work]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop them, and wait for their last answers."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "somebody waits for an answer for a minute"

    def until(self, more: int, seconds: float = 60) -> float:
        """Wait for so many further answers; returns how long that took."""
        begun, goal = time.monotonic(), self.answered + more
        while self.answered < goal:
            assert time.monotonic() - begun < seconds, f"nothing is answered any more: {self.failed}"
            time.sleep(0.01)
        return time.monotonic() - begun

    def _go_on(self, work: Callable[[], tuple[str, bool]]) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            try:
                what, good = work()
            except (OSError, http.client.HTTPException) as why:
                what, good = type(why).__name__, False
            if good:
                self.answered += 1
            else:
                self.failed[what] += 1

    def _vote(self, voter: Voter) -> tuple[str, bool]:
        proposal, choice = random.choice(self.proposals), random.choice(CHOICES)
        voter.perhaps.setdefault(proposal, set()).add(choice)
        form = {"choice": choice, "reason": "Grund"}
        answer = self.place.ask(f"/proposals/FV-{proposal}/ballot", voter.token, form, **HTMX)
        if answer.status == 200:
            voter.known[proposal] = choice
            self.voted += 1
            voter.perhaps[proposal] = set()
        return _said("ballot", answer)

    def _claim(self) -> tuple[str, bool]:
        if not self.packages:
            return self._read()
        package = self.packages.pop()
        answer = self.place.ask(f"/packages/AP-{package}/claim", self.voters[0].token, {"seat": "lead"}, **HTMX)
        if answer.status == 200:
            self.claimed[package] = time.monotonic()
        return _said("claim", answer)

    def _deliver(self) -> tuple[str, bool]:
        minute = next(self._minutes)
        id_ = f"id-{self.seed}-{minute}"
        at = f"2026-{minute // 40_000 + 1:02}-01T{minute // 3600 % 24:02}:{minute // 60 % 60:02}:{minute % 60:02}Z"
        raw = json.dumps(github_issue(minute % 10 + 1, title=f"Stand {minute}", updated_at=at)).encode()
        signed = sign("github", self.forge.secret, raw, raw, "issues", id_, "")
        answer = self.place.post(self.forge.url, raw, {**signed, "Content-Type": "application/json"})
        if answer.status == 200:
            self.delivered.add(id_)
        return _said("delivery", answer)

    def _read(self) -> tuple[str, bool]:
        path = random.choice(("/proposals", "/", "/partners", f"/proposals/FV-{self.proposals[0]}", "/work"))
        return _said("page", self.place.ask(path, random.choice(("", self.voters[0].token))))

    def look(self, listeners: list[Listener]) -> dict[str, int]:
        """Assert that whatever was acknowledged is there and was told to every listener; returns how much that was."""
        with self.place.app.app_context():
            rows = db.session.execute(select(Ballot.partner_id, Ballot.proposal_id, Ballot.choice)).all()
            stored = {(row.partner_id, row.proposal_id): str(row.choice) for row in rows}
            assert len(stored) == len(rows), "one ballot for each partner"
            led = set(db.session.scalars(select(Claim.package_id)))
            taken = set(db.session.scalars(select(Delivery.external_id)))
            wrong = [finding.wrong for finding in everything() if not finding.ok]
            db.session.remove()
        for voter in self.voters:
            for proposal, known in voter.known.items():
                found = stored.get((voter.partner_id, proposal))
                assert found in {known, *voter.perhaps.get(proposal, ())}, "an acknowledged ballot is lost"
        assert self.claimed.keys() <= led, "an acknowledged claim is lost"
        assert self.delivered <= taken, "an acknowledged delivery is lost"
        assert wrong == [], "tallies, counters and the record agree"
        missed = [listener.missed(self.claimed) for listener in listeners]
        assert missed == [[] for _listener in listeners], "a stream missed something"
        return {"ballots": self.voted, "claims": len(self.claimed), "deliveries": len(self.delivered)}


def _said(what: str, answer: Answer) -> tuple[str, bool]:
    if answer.status == 200 and 'id="away"' in answer.text:
        return f"{what} 200 as it was", False
    return f"{what} {answer.status}", answer.status == 200


def put_to_work(place: Place, seed: int) -> Load:
    """Delegates of partners of their own, proposals that they vote on, and a forge."""
    with place.app.app_context():
        with transaction():
            voters = [_voter(f"{seed}-{number}") for number in range(VOTERS)]
            db.session.get_one(Electorate, Electorate.ONLY).size += VOTERS
        proposals = [make_proposal(place.people, title=f"Vorschlag {seed}-{n}") for n in range(PROPOSALS)]
        assert db.session.scalar(select(func.count()).select_from(Partner))
        db.session.remove()
    browsers = [Voter(who.partner_id or 0, place.token(who)) for who in voters]
    return Load(place, Forge(place.app, "github"), browsers, proposals, seed)


def _voter(name: str) -> Who:
    partner = Partner(slug=f"stadt-{name}", name=f"Stadt {name}", sign="ST", kind="municipality", votes=True)
    person = Person(email=f"{name}@example.org", name=f"Person {name}")
    db.session.add_all([partner, person])
    db.session.flush()
    seat = Membership(person_id=person.id, partner_id=partner.id, role="delegate")
    db.session.add(seat)
    db.session.flush()
    return Who(person.id, seat.id, partner.id, None)  # type: ignore[arg-type]
