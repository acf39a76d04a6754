"""The invented part of the demo: each row of scenario.json becomes events in time, each done by its verb."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import select

from board.accounts import visits
from board.comments import queries as talk
from board.comments.models import Comment
from board.consent import verbs as consent
from board.db import db, now
from board.decisions import verbs as decisions
from board.demo import ordering
from board.demo.world import World, lines
from board.i18n import in_days
from board.learnings import verbs as learnings
from board.partners import verbs as partners
from board.partners.models import Partner
from board.policy import SYSTEM, Actor
from board.proposals.models import Proposal
from board.proposals.writing import Draft, propose
from board.variants import verbs as variants
from board.variants.models import Variant
from board.voting import ballots, offers, reuses
from board.voting.models import OfferKind, ReuseStatus
from board.work import bids, claims, dependencies, moves, packages
from board.work.models import Seat
from board.workshops import verbs as workshops
from board.workshops.models import AgendaItem, ItemKind

Row = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """Something that happens that many days before the demo is made."""

    days_ago: float
    do: Callable[[], object]


def events(world: World, scenario: Row) -> list[Event]:
    """Everything in the order in which it happened; at the same moment in the order of the data."""
    told = [
        event
        for tell, name in (
            (_proposed, "proposals"), (_worked, "packages"), (_waited, "packages"), (_voted, "ballots"),
            (_consented, "consents"), (_offered, "offers"), (_conditions, "conditions"), (_moved, "progress"),
            (_used, "reuse"), (_varied, "variants"), (_learned, "learnings"), (_met, "workshops"),
            (_said, "comments"), (_paused, "pauses"), (_visited, "people"),
        )
        for row in scenario[name]
        for event in tell(world, row if name != "proposals" else row | _opened(scenario, row["key"]))
    ]  # fmt: skip
    told += [Event(days_ago, do) for days_ago, do in ordering.events(world)]
    return sorted(told, key=lambda event: -event.days_ago)


def _opened(scenario: Row, key: str) -> Row:
    return next(row for row in scenario["progress"] if row["proposal"] == key)


def _proposed(world: World, row: Row) -> Iterator[Event]:
    def do() -> None:
        draft = Draft(
            title=row["title_de"], topic_id=world.topics[row["topic"]], text=row["text_de"],
            vote_by=world.day(row["vote_by_in_days"]), summary=row["summary_de"], title_en=row["title_en"],
            text_en=row["text_en"], summary_en=row["summary_en"],
        )  # fmt: skip
        world.proposals[row["key"]] = propose(world.actor(row["author"], row["proposed_by"]), draft).id

    yield Event(row["opened_days_ago"], do)


def _moved(world: World, row: Row) -> Iterator[Event]:
    def load() -> Proposal:
        return ballots.locked(world.proposals[row["proposal"]], SYSTEM)

    def decide() -> None:
        told = row["decision"]
        verb = {"accepted": Proposal.accept, "deferred": Proposal.defer, "declined": Proposal.decline}[told["outcome"]]
        decided_on = world.past(told["days_ago"])
        proposal = load()
        why = ordering.without_estimate(row["proposal"]) if told["outcome"] == "accepted" else {}
        words: dict[str, Any] = {"body": told["body"], "decided_on": decided_on, "reason": told["reason_de"], **why}
        verb(proposal, world.actor(told["by"]), **words)
        decisions.keep(proposal)

    if row["decision"]:
        yield Event(row["decision"]["days_ago"], decide)
    for name, verb in (("started_days_ago", Proposal.start), ("piloted_days_ago", Proposal.pilot)):
        if row[name] is not None:
            yield Event(row[name], partial(_step, world, row, verb))
    if row["withdrawn_days_ago"] is not None:
        yield Event(row["withdrawn_days_ago"], lambda: load().withdraw(world.actor(row["withdrawn_by"])))


def _step(world: World, row: Row, verb: Callable[[Proposal, Actor], None]) -> None:
    verb(ballots.locked(world.proposals[row["proposal"]], SYSTEM), world.actor(row["decision"]["by"]))


def _voted(world: World, row: Row) -> Iterator[Event]:
    def do() -> None:
        by = world.actor(row["by"], row["partner"])
        ballots.cast(ballots.locked(world.proposals[row["proposal"]], by), row["choice"], row["reason"] or "", by)

    yield Event(row["at_days_ago"], do)


def _consented(world: World, row: Row) -> Iterator[Event]:
    def do() -> None:
        by = world.actor(row["by"])
        last = in_days(row["days"])
        consent.begin(ballots.locked(world.proposals[row["proposal"]], SYSTEM), by, last=last)

    yield Event(row["at_days_ago"], do)


def _offered(world: World, row: Row) -> Iterator[Event]:
    kind, by = OfferKind(row["kind"]), world.actor(row["by"], row["partner"])

    def declare() -> None:
        offers.declare(ballots.locked(world.proposals[row["proposal"]], by), kind, row["days"], by)

    def confirm() -> None:
        on = world.past(row["confirmed_days_ago"])
        offers.confirm(ballots.locked(world.proposals[row["proposal"]], by), kind, row["body"], on, by)

    yield Event(row["at_days_ago"], declare)
    if row["status"] == "confirmed":
        yield Event(row["confirmed_days_ago"], confirm)


def _conditions(world: World, row: Row) -> Iterator[Event]:
    def do() -> None:
        by = world.actor(row["by"], row["partner"])
        wish = offers.Wish(
            condition=row["condition"] or "", reserved=row["reserved"], reserved_body=row["body"] or "",
            reserved_on=world.day(row["sitting_in_days"]),
        )  # fmt: skip
        offers.state(ballots.locked(world.proposals[row["proposal"]], by), wish, by)

    yield Event(row["at_days_ago"], do)


def _used(world: World, row: Row) -> Iterator[Event]:
    def do() -> None:
        by = world.delegate(row["partner"])
        record = reuses.Record(
            status=ReuseStatus(row["status"]), variant=row["variant"] or "", release=row["version"] or "",
            contact=row["contact"] or "", confirmed_on=world.past(row["confirmed_days_ago"]),
        )  # fmt: skip
        reuses.record(ballots.locked(world.proposals[row["proposal"]], by), record, by)

    if row["invented"]:  # Taken over within these months, even where it was confirmed before.
        yield Event(min(row["confirmed_days_ago"], 100), do)


def _varied(world: World, row: Row) -> Iterator[Event]:
    """A partner's own variant, the packages of its return, and its beginning."""

    def by() -> Actor:
        return world.delegate(row["partner"])

    def own() -> Variant:
        found = db.session.scalars(
            select(Variant).where(
                Variant.proposal_id == world.proposals[row["proposal"]],
                Variant.partner_id == world.partners[row["partner"]],
            )
        )
        return found.one()

    def record() -> None:
        said = variants.Said(row["differs"], row["repository"], row["branch"], row["willing"])
        variants.record(ballots.locked(world.proposals[row["proposal"]], by()), said, by())
        for piece in row["packages"]:
            draft = packages.Draft(piece["title"], Decimal(piece["effort_days"]), piece["description"])
            (made,) = variants.divide(own(), [draft], by())
            world.packages[piece["key"]] = made.id

    yield Event(row["at_days_ago"], record)
    if row["begun_days_ago"]:
        yield Event(row["begun_days_ago"], lambda: variants.begin_return(own(), by()))


def _learned(world: World, row: Row) -> Iterator[Event]:
    """A learning, and a day later the partners to whom it was useful."""
    made: list[int] = []

    def write() -> None:
        on = learnings.Subject()
        if row["on"]:
            on = learnings.place("FV", world.proposals[row["on"]], row["occasion"])
        told = learnings.Told(
            effort=Decimal(row["effort"]) if row["effort"] else None,
            **{name: row[name] for name in ("title", *learnings.TEXTS, "contact")},
        )
        made.append(learnings.write(told, on, world.actor(row["by"], row["partner"])).id)

    yield Event(row["at_days_ago"], write)
    for slug in row["useful"]:
        yield Event(row["at_days_ago"] - 1, partial(_thanked, world, made, slug))


def _thanked(world: World, made: list[int], slug: str) -> None:
    learnings.thank(learnings.locked(made[0]), True, world.delegate(slug))


def _met(world: World, row: Row) -> Iterator[Event]:
    """A workshop: announced with its impulse talks, joined, and, where it lies behind us, held and closed."""
    made: list[int] = []
    host = world.actor
    begins = row["held_days_ago"]

    def announce() -> None:
        held_on = world.day(-begins) or in_days(0)
        said = workshops.Plan(row["title"], held_on, row["begins"], row["place"], row["text"])
        workshop = workshops.plan(said, host(row["host"]))
        for told in row["talks"]:
            partner = world.partners[told["partner"]]
            item = AgendaItem(kind=ItemKind.TALK, title=told["title"], url=told["url"], partner_id=partner)
            workshops.add(workshop, item, host(row["host"]))
        made.append(workshop.id)

    def join() -> None:
        for slug in row["present"]:
            workshops.join(workshops.locked(made[0]), world.delegate(slug))

    def hold() -> None:
        workshop = workshops.locked(made[0])
        workshops.open_(workshop, host(row["host"]))
        workshops.close(workshop, now() + timedelta(hours=row["late_hours"]), host(row["host"]))

    yield Event(row["announced_days_ago"], announce)
    yield Event(max(begins, row["announced_days_ago"] - 1) if begins < 0 else begins + 0.1, join)
    if begins > 0:
        yield Event(begins, hold)
        yield Event(begins - 1.5, lambda: workshops.complete(workshops.locked(made[0])))


def _worked(world: World, row: Row) -> Iterator[Event]:
    """A package's whole life: its seats, moves, pause, bids and whom its lead commissioned."""

    def create() -> None:
        draft = packages.Draft(
            title=row["title"], effort=Decimal(row["effort_days"]), text=row["description"],
            deliverables=lines(row["deliverables"]), acceptance=lines(row["acceptance"]), owner=row["owner"] or "",
            funder=row["funder"] or "", due_on=world.day(row["due_in_days"]),
            skills=tuple(row["skills"]), links=tuple((link["title"], link["url"]) for link in row["links"]),
        )  # fmt: skip
        (made,) = packages.create(world.proposals[row["proposal"]], world.actor(row["created_by"]), [draft])
        world.packages[row["key"]] = made.id

    yield Event(row["created_days_ago"], create)
    for past in row["past_claims"]:
        yield _seat(world, row, past, Seat(past["seat"]))
        yield Event(past["ended_days_ago"], _verb(world, row, claims.hand_back, past))
    for seat, held in ((Seat.LEAD, row["lead"]), *((Seat.SUPPORT, support) for support in row["supports"])):
        if held:
            yield _seat(world, row, held, seat)
    for name, verb in (
        ("started_days_ago", moves.start), ("submitted_days_ago", moves.submit), ("done_days_ago", moves.finish),
    ):  # fmt: skip
        if row[name] is not None:
            yield Event(row[name], _verb(world, row, verb, row["lead"]))
    if row["hold"]:
        yield Event(
            row["hold"]["since_days_ago"], _verb(world, row, moves.hold, row["lead"], reason=row["hold"]["reason"])
        )
    for bid in row["carry_out_offers"]:
        days = Decimal(bid["days"])
        yield Event(bid["at_days_ago"], _verb(world, row, bids.bid, bid, words=bid["text"], days=days))
    if row["commissioned"]:
        yield Event(row["commissioned"]["at_days_ago"], partial(_commission, world, row))


def _waited(world: World, row: Row) -> Iterator[Event]:
    """What it waits for was said as soon as both were there."""
    for other in row["waits_for"]:
        yield Event(other["since_days_ago"], partial(_depend, world, row["key"], other["package"]))


def _depend(world: World, key: str, other: str) -> None:
    dependencies.depend(world.packages[key], world.packages[other], world.actor("po@demo.example"))


def _seat(world: World, row: Row, held: Row, seat: Seat) -> Event:
    given = Decimal(held["days"]) if held.get("days") else None
    return Event(held["claimed_days_ago"], _verb(world, row, claims.claim, held, seat=seat, days=given))


def _verb(world: World, row: Row, verb: Callable[..., object], who: Row, **values: Any) -> Callable[[], object]:
    """The verb on the package as it stands then, by the person and for the partner that `who` names."""
    return lambda: verb(
        packages.locked(world.packages[row["key"]]), by=world.actor(who["by"], who["partner"]), **values
    )


def _commission(world: World, row: Row) -> None:
    whom = db.session.get_one(Partner, world.partners[row["commissioned"]["partner"]]).name
    by = world.actor(row["commissioned"]["by"])
    packages.commission(packages.locked(world.packages[row["key"]]), by, whom)


def _said(world: World, row: Row) -> Iterator[Event]:
    def write() -> None:
        key = row["on"]
        on = talk.subject(world.proposals.get(key), world.packages.get(key), locked=True)
        world.comments[row["id"]] = Comment.write(on, row["before"] or row["text"], by=by()).id

    def edit() -> None:
        comment = db.session.get_one(Comment, world.comments[row["id"]])
        comment.edit(row["text"], comment.version, by=by())

    def by() -> Any:
        return world.actor(row["by"], row["acting_for"])

    yield Event(row["at_days_ago"], write)
    if row["before"]:
        yield Event(row["at_days_ago"] - 0.1, edit)
    if row["deleted"]:
        yield Event(
            row["at_days_ago"] - 0.1,
            lambda: db.session.get_one(Comment, world.comments[row["id"]]).delete(by=by()),
        )


def _paused(world: World, row: Row) -> Iterator[Event]:
    yield Event(
        row["days_ago"],
        lambda: partners.pause(db.session.get_one(Partner, world.partners[row["partner"]]), world.actor(row["by"])),
    )


def _visited(world: World, row: Row) -> Iterator[Event]:
    """Who was here lately sees at the next visit what has happened since."""
    if row["last_visit_days_ago"] is not None:
        person_id = world.actor(row["email"]).person_id or 0
        yield Event(row["last_visit_days_ago"], lambda: visits.note(person_id))
