"""News of what people watch: which events are told, who hears of them, and whose answer-by date has passed.

A watch on a proposal or package hears every change of its state, one on a topic or partner hears new proposals in it or
by it and the decisions on those; who wrote the thing hears like one who watches it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, cast, literal, select

from board.accounts.models import Person
from board.activity.models import Activity
from board.db import db
from board.i18n import today
from board.notifications import watching
from board.notifications.models import Sort, Watch
from board.proposals.models import Proposal
from board.proposals.states import DECISIONS, MOVES, State
from board.work.models import Package, Seat

PROPOSED = frozenset({"proposal.propose", "proposal.import"})
DECIDED = frozenset({*(f"proposal.{verb}" for verb in DECISIONS), "consent.pass"})
MOVED = (
    DECIDED | {f"proposal.{verb}" for verb in (*MOVES, "merge")} | {"consent.begin", "consent.recall", "consent.object"}
)
WORKED = frozenset(
    f"package.{verb}"
    for verb in (
        "claim", "hand_back", "lapse", "free", "start", "submit", "finish", "return", "hold", "resume",
    )
)  # fmt: skip
TOLD = PROPOSED | MOVED | WORKED


@dataclass(frozen=True)
class Event:
    """One entry of the log that is told, with what decides who hears of it."""

    id: int
    verb: str
    person_id: int | None
    key: str
    wide: tuple[str, ...]
    author_id: int | None

    @property
    def keys(self) -> tuple[str, ...]:
        """Whoever watches one of these hears of it."""
        narrow = () if self.verb in PROPOSED else (self.key,)
        return narrow + (self.wide if self.verb in PROPOSED | DECIDED else ())


def events(ids: Sequence[int]) -> list[Event]:
    """These entries of the log as events, the oldest first; what ended a support seat is no news of the package."""
    rows = db.session.execute(
        select(
            Activity.id, Activity.verb, Activity.person_id, Activity.proposal_id, Activity.package_id, Activity.details,
            Proposal.partner_id, Proposal.topic_id, Proposal.author_id, Package.author_id.label("packager_id"),
        )
        .outerjoin(Proposal, Proposal.id == Activity.proposal_id)
        .outerjoin(Package, Package.id == Activity.package_id)
        .where(Activity.id.in_(ids), Activity.verb.in_(TOLD))
        .order_by(Activity.id)
    )  # fmt: skip
    found = []
    for row in rows:
        if (row.details or {}).get("seat") == Seat.SUPPORT:
            continue
        if row.package_id is not None:
            found.append(Event(row.id, row.verb, row.person_id, f"AP-{row.package_id}", (), row.packager_id))
        elif row.proposal_id is not None:
            wide = (f"TH-{row.topic_id}", *([f"PA-{row.partner_id}"] if row.partner_id else ()))
            found.append(Event(row.id, row.verb, row.person_id, f"FV-{row.proposal_id}", wide, row.author_id))
    return found


def hearers(found: Sequence[Event]) -> Iterator[tuple[Event, set[int]]]:
    """Each event with those who hear of it: not who did it, nobody who wants no such mail. Two statements in all."""
    by_key: dict[str, set[int]] = {}
    keys = {key for event in found for key in event.keys}
    for key, person_id in db.session.execute(select(Watch.key, Watch.person_id).where(Watch.key.in_(keys))):
        by_key.setdefault(key, set()).add(person_id)
    everybody = {
        event.id: set().union(*(by_key.get(key, set()) for key in event.keys), _author(event)) - {event.person_id}
        for event in found
    }
    no = watching.declined(set().union(*everybody.values()), Sort.DECISIONS)
    for event in found:
        yield event, everybody[event.id] - no


def _author(event: Event) -> set[int]:
    return {event.author_id} if event.author_id and event.verb not in PROPOSED else set()


def still_heard(person_id: int, ids: Sequence[int]) -> list[Event]:
    """Of these events those that this person is to hear of now: who has stopped watching meanwhile hears nothing."""
    return [event for event, people in hearers(events(ids)) if person_id in people]


def over(within: timedelta) -> list[tuple[int, int, date]]:
    """(person, proposal, answer-by date) of open proposals whose date passed within that time, for who watches them."""
    key = literal("FV-") + cast(Proposal.id, String)
    passed = (
        Proposal.state == State.OPEN,
        Proposal.consent_until.is_(None),
        Proposal.vote_by < today(),
        Proposal.vote_by >= today() - within,
    )
    watched = select(Watch.person_id, Proposal.id, Proposal.vote_by).join(Proposal, Watch.key == key).where(*passed)
    written = select(Proposal.author_id, Proposal.id, Proposal.vote_by).where(*passed, Proposal.author_id.is_not(None))
    found: set[Any] = {tuple(row) for query in (watched, written) for row in db.session.execute(query)}
    people = {person for person, _number, _day in found}
    people -= watching.declined(people, Sort.DECISIONS) | _closed(people)
    return sorted(row for row in found if row[0] in people)


def _closed(people: Iterable[int]) -> set[int]:
    """Those whose account is closed."""
    query = select(Person.id).where(Person.id.in_(list(people)), Person.disabled_at.is_not(None))
    return set(db.session.scalars(query))
