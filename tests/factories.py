"""Factories: what tests need on the board, made by the verbs. Call them in an app context, outside a transaction."""

from datetime import timedelta
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy import select

from board.comments import queries as comments
from board.comments.models import Comment
from board.db import db, now, transaction
from board.estimates import verbs as estimates
from board.i18n import today
from board.learnings import verbs as learnings
from board.milestones.models import Milestone
from board.outgoing import endpoints
from board.outgoing.models import OutgoingDelivery, Standing
from board.policy import SYSTEM, Actor
from board.proposals import queries as proposals
from board.proposals.states import State
from board.proposals.writing import Draft, propose
from board.saved.models import SavedView
from board.variants import verbs as variants
from board.variants.models import Variant
from board.voting import ballots, offers, reuses
from board.voting.models import OfferKind, ReuseStatus
from board.work import bids, claims
from board.work.models import Seat
from board.work.packages import Draft as PackageDraft
from board.work.packages import create, locked
from board.workshops import drafts as heard
from board.workshops import verbs as workshops
from tests.people import Cast
from tests.worlds import made


def make_proposal(people: Cast, by: Actor | None = None, state: str = State.OPEN, **words: Any) -> int:
    """A proposal of Ada's (or `by`), led by Pia to `state`; `words` go into the draft. Returns its id."""
    with transaction():
        proposal = propose(by or people.ada.actor, make_draft(people, **words))
        for verb in PATHS[State(state)]:
            if verb in {"accept", "defer", "decline"}:
                words = {"without_estimate": "Klein"} if verb == "accept" else {}
                words |= {"body": "Lenkungskreis", "reason": "Beschluss"}
                getattr(proposal, verb)(people.pia.actor, decided_on=today(), **words)
            else:
                getattr(proposal, verb)(people.ada.actor if verb == "withdraw" else people.pia.actor)
        return proposal.id


def make_draft(people: Cast, **words: Any) -> Draft:
    """What a proposal of the tests says."""
    words = {"title": "Mängel melden", "text": "Schäden **einfach** melden.", "topic_id": people.defects} | words
    words.setdefault("vote_by", today() + timedelta(days=42))
    return Draft(**words)


def cast(people: Cast, proposal_id: int, choice: str, by: Actor | None = None, reason: str = "") -> None:
    """Ada's ballot (or that of `by`); one against gets a reason when none is given."""
    reason = reason or ("Zu teuer." if choice == "against" else "")
    by = by or people.ada.actor
    with transaction():
        ballots.cast(ballots.locked(proposal_id, by), choice, reason or None, by)


def offer(people: Cast, proposal_id: int, kind: str, by: Actor | None = None, days: int | None = None) -> None:
    """An offer of Aalen (or of the partner of `by`), declared."""
    by = by or people.ada.actor
    with transaction():
        offers.declare(ballots.locked(proposal_id, by), OfferKind(kind), days, by)


def estimate(
    people: Cast, proposal_id: int, low: int = 5, high: int = 8, by: Actor | None = None, days: int = 90
) -> int:
    """An estimate of Aalen (or of the partner of `by`), valid for so many days; returns its id."""
    by = by or people.ada.actor
    with transaction():
        figures = estimates.Figures(low, high, today() + timedelta(days=days), "Ohne **Betrieb**.")
        return estimates.make(proposals.locked(proposal_id), by, figures).id


def milestone(people: Cast, name: str = "Stadt-App 2.0", due: int | None = 60) -> int:
    """A milestone of Pia's; returns its id."""
    with transaction():
        due_on = today() + timedelta(days=due) if due is not None else None
        return Milestone.create(people.pia.actor, name=name, due_on=due_on).id


def view(people: Cast, by: Actor | None = None, query: str = "state=open", audience: str = "partner") -> int:
    """A saved view of Ada's (or `by`); returns its id."""
    with transaction():
        saved = SavedView.save(by or people.ada.actor, name="Offene", face="list", query=query, audience=audience)
        return saved.id


PATHS = {
    State.OPEN: (),
    State.WITHDRAWN: ("withdraw",),
    State.ACCEPTED: ("accept",),
    State.DEFERRED: ("defer",),
    State.DECLINED: ("decline",),
    State.BUILDING: ("accept", "start"),
    State.PILOTING: ("accept", "start", "pilot"),
    State.AVAILABLE: ("accept", "start", "publish"),
}


def comment(by: Actor, text: str, proposal_id: int | None = None, package_id: int | None = None) -> int:
    """A comment under a proposal or a package; returns its id."""
    with transaction():
        return Comment.write(comments.subject(proposal_id, package_id, locked=True), text, by=by).id


def make_package(people: Cast, proposal_id: int | None = None, by: Actor | None = None, **words: Any) -> int:
    """An open package of Ada's (or `by`) under that proposal, or under a new one; `words` go into the draft."""
    proposal_id = proposal_id or make_proposal(people)
    with transaction():
        (package,) = create(proposal_id, by or people.ada.actor, [PackageDraft(**{"title": "Formular bauen"} | words)])
        return package.id


def claim(package_id: int, by: Actor, seat: str = Seat.LEAD, **terms: Any) -> int:
    """A seat for the partner that `by` acts for; returns the claim's id."""
    with transaction():
        return claims.claim(locked(package_id), by, Seat(seat), **terms).id


def vary(by: Actor, proposal_id: int, **said: str) -> int:
    """A variant of the partner acted for that it would bring back; returns its id."""
    with transaction():
        proposal = ballots.locked(proposal_id, by)
        variants.record(proposal, variants.Said(**{"differs": "Eigene Karte.", "willing": "yes"} | said), by)
        db.session.flush()
        return db.session.scalars(select(Variant.id).order_by(Variant.id.desc())).first() or 0


def learn(by: Actor, on: str = "FV-1", occasion: str = "free", **told: Any) -> int:
    """A learning of the partner acted for about a proposal or package; returns its id."""
    kind, _dash, number = on.partition("-")
    with transaction():
        words = learnings.Told(**{"title": "Karten kosten Zeit", "text": "Mehr Zeit einplanen."} | told)
        return learnings.write(words, learnings.place(kind, int(number), occasion), by).id


def meet(people: Cast, title: str = "Transfer-Workshop") -> int:
    """A workshop of Pia's that has begun, with the agenda that the board assembles; returns its id."""
    with transaction():
        workshop = workshops.plan(workshops.Plan(title, today()), people.pia.actor)
        workshops.open_(workshop, people.pia.actor)
        return workshop.id


NOWHERE = "http://127.0.0.1:9"
"""A host that outgoing webhooks of tests may call, and where nobody answers, at once."""


def webhook() -> int:
    """An outgoing webhook with a message that was not taken, within a transaction; returns its id."""
    made, _secret = endpoints.create(SYSTEM, endpoints.Wishes(f"{NOWHERE}/board", ("partners",)))
    db.session.add(
        OutgoingDelivery(
            endpoint_id=made.id, webhook_id=f"msg_{made.id}", event="proposal.propose", subject="FV-1", code=500,
            payload='{"type":"proposal.propose","timestamp":"2026-11-26T20:00:00Z","data":{}}', attempts=10, ms=41.5,
            status=Standing.FAILED, reason="refused", tried_at=now(), done_at=now(),
            tries=[[now().isoformat(), 500, 41.5, "refused"]],
        )
    )  # fmt: skip
    return made.id


def make_world(people: Cast, state: str = State.OPEN) -> None:
    """One of everything, all with number 1: Ben's FV-1 with Aalen's ballot, offer (use), reuse, variant, a learning
    and a comment of his; AP-1 led by Aalen with an offer of Rolf's; AP-2 is free. Workshop 1 runs, with a draft for
    Aalen; workshop 2 is closed. FV-1 is led to `state` last."""
    made(current_app, ("world", people, state), partial(_make_world, people, state))


def _make_world(people: Cast, state: str) -> None:
    make_proposal(people, by=people.ben.actor)
    cast(people, 1, "for")
    offer(people, 1, "use")
    with transaction():
        reuses.record(ballots.locked(1, people.ada.actor), reuses.Record(ReuseStatus.PLANNED), people.ada.actor)
    vary(people.ada.actor, 1)
    learn(people.ada.actor)
    comment(people.ben.actor, "Wir brauchen das.", proposal_id=1)
    make_package(people, 1)
    make_package(people, 1, title="Texte schreiben")
    claim(1, people.ada.actor)
    with transaction():
        bids.bid(locked(1), people.rolf.actor, "Wir bauen es.")
    meet(people)
    with transaction():
        heard.enter(workshops.locked(1), 1, people.aalen, "abstain", "", people.pia.actor)
    meet(people, "Vergangener Workshop")
    with transaction():
        workshops.close(workshops.locked(2), None, people.pia.actor)
    for verb in PATHS[State(state)]:
        words = {"body": "Rat", "decided_on": today(), "reason": "Beschluss", "without_estimate": "Klein"}
        words = words if verb == "accept" else {}
        with transaction():
            getattr(proposals.locked(1), verb)(people.pia.actor, **words)
