"""A large demo for measuring: invented proposals in bulk, with ballots, packages, comments and their log.

Not through the verbs (a million would take days), but with the same counters: what is counted is what is there.
Its decisions carry no kept sheet: nobody reads them, and a page without a record does not link to one.
All of it is one transaction (`bulk`): an interrupted one leaves the demo as it was. Up to `DENSE` proposals have as
many ballots as on a lively board (about 19 each); of more, every sixth is cast, so that a million fits on a small disk.
Rule 11 holds here too: proposers, votes against, reasons and comments belong to fictional partners only.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select, text, update

from board import text as texts
from board.accounts.models import Person
from board.activity.models import Activity
from board.comments.models import Comment
from board.db import Base, db, on_postgres, transaction
from board.demo import bulk
from board.demo.seed import Tick, silent
from board.demo.world import World
from board.estimates.models import Estimate
from board.i18n import BERLIN
from board.partners.models import Electorate, Partner
from board.proposals import recount, turns
from board.proposals.counts import count
from board.proposals.models import Decision, Proposal, Topic
from board.proposals.slips import Key, add
from board.proposals.states import MOVES, State
from board.voting.models import Ballot
from board.work.models import Package

BATCH = 1000
DAYS = 900
VOTE = 42
DENSE = 20_000
THIN = 1 / 6
ESTIMATED = 0.6
STATES = {
    State.OPEN: 50, State.AVAILABLE: 18, State.ACCEPTED: 7, State.BUILDING: 7, State.PILOTING: 4,
    State.DEFERRED: 6, State.DECLINED: 5, State.WITHDRAWN: 3,
}  # fmt: skip
OUTCOMES = {State.DEFERRED: "deferred", State.DECLINED: "declined"}
STEPS = {
    State.OPEN: (), State.WITHDRAWN: ("withdraw",), State.DEFERRED: ("defer",), State.DECLINED: ("decline",),
    State.ACCEPTED: ("accept",), State.BUILDING: ("accept", "start"), State.PILOTING: ("accept", "start", "pilot"),
    State.AVAILABLE: ("accept", "start", "publish"),
}  # fmt: skip
WHAT = (
    "Erinnerung an Fristen", "Ansicht auf der Karte", "Filter nach Stadtteil", "Vorlesen der Inhalte",
    "Merkliste", "Rückmeldung zum Stand", "Anmeldung ohne Konto", "Übersicht für Verwaltungen",
    "Export als offene Daten", "Hinweis bei Störungen", "Leichte Sprache", "Nutzung ohne Netz",
)  # fmt: skip
WHOM = ("für Familien", "für Vereine", "für Pendelnde", "für Gäste", "für Ältere", "für Betriebe", "für Schulen", "")
REASON = "Der Aufwand steht für uns nicht im Verhältnis zum Nutzen."
SAID = "Bei uns wird das häufig nachgefragt."


TABLES = (Proposal, Package, Comment, Decision, Ballot, Estimate, Activity)


@dataclass
class Added:
    """How much was added."""

    proposals: int = 0
    ballots: int = 0


@dataclass
class Ground:
    """What stands already: (partner id, person id) pairs, topics as id → label with their weights, next free ids."""

    real: list[tuple[int, int]]
    fictional: list[tuple[int, int]]
    topics: dict[int, str]
    favour: list[float]
    electorate: int
    owner: int
    next_proposal: int
    next_package: int
    next_comment: int
    valid_until: date
    share: float = 1
    """How much of the ballots is cast."""


@dataclass
class Rows:
    """One batch, table by table, in the order in which it is written."""

    tables: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: {table: [] for table in TABLES})
    totals: Counter[tuple[str, int]] = field(default_factory=Counter)
    slips: Counter[Key] = field(default_factory=Counter)

    def log(self, at: datetime, verb: str, who: tuple[int | None, int], proposal_id: int, **more: Any) -> None:
        """An activity row; `who` is (partner, person)."""
        values = {"package_id": None, "comment_id": None, "about_id": None, "details": {}} | more
        self.tables[Activity].append(
            {"at": at, "verb": verb, "source": "person", "partner_id": who[0], "person_id": who[1],
             "proposal_id": proposal_id} | values
        )  # fmt: skip


def fill(world: World, number: int, tick: Tick = silent, *, seed: int = 1, share: float | None = None) -> Added:
    """Add that many proposals to a demo, all or nothing; the same seed makes the same ones.

    `share` of the ballots is cast; unless it is given, all of them up to `DENSE` proposals, else `THIN`.
    """
    chance, added = random.Random(seed), Added()  # noqa: S311 # nosec - nothing here is secret
    ground, totals, sums = _ground(world), Counter[tuple[str, int]](), Counter[Key]()
    ground.share = share if share is not None else 1 if number <= DENSE else THIN
    with transaction():
        connection = db.session.connection()
        with bulk.set_aside(connection, [bulk.table(model) for model in TABLES]):
            for size in _batches(number):
                rows = Rows()
                for place in range(added.proposals, added.proposals + size):
                    _invent(rows, ground, world.base, DAYS * (1 - place / number), chance)
                rows.tables[Activity].sort(key=itemgetter("at"))  # The log is in the order of time.
                for model, values in rows.tables.items():
                    bulk.write(connection, bulk.table(model), values)
                totals += rows.totals
                sums.update(rows.slips)
                added.proposals += size
                added.ballots += len(rows.tables[Ballot])
                tick(added.proposals, number)
        count(dict(totals))
        add(sums)
        recount.renew_ahead()
        _seen()
        if on_postgres():
            _catch_up()
    return added


def _batches(number: int) -> Iterator[int]:
    for start in range(0, number, BATCH):
        yield min(BATCH, number - start)


def _ground(world: World) -> Ground:
    fictional = set(db.session.scalars(select(Partner.slug).where(Partner.fictional)))
    voters = sorted(
        (slug, (actor.partner_id, actor.person_id))
        for (_, slug), actor in world.actors.items()
        if slug and actor.is_delegate and actor.partner_id and actor.person_id
    )
    paused = set(db.session.scalars(select(Partner.slug).where(Partner.paused_at.is_not(None))))
    voters = [voter for voter in voters if voter[0] not in paused]
    topics = {row.id: row.label_de for row in db.session.scalars(select(Topic))}
    following = [(db.session.scalar(select(func.max(table.id))) or 0) + 1 for table in (Proposal, Package, Comment)]
    ground = Ground(
        [pair for slug, pair in voters if slug not in fictional],
        [pair for slug, pair in voters if slug in fictional],
        topics,
        [1 / rank for rank in range(1, len(topics) + 1)],
        db.session.get_one(Electorate, Electorate.ONLY).size,
        db.session.scalars(select(Person.id).where(Person.is_product_owner)).first() or 0,
        following[0],
        following[1],
        following[2],
        world.base.date() + timedelta(days=180),
    )
    db.session.close()
    return ground


def _invent(rows: Rows, ground: Ground, base: datetime, age: float, chance: random.Random) -> None:
    """One proposal, that many days old, with everything that hangs on it."""
    id_, ground.next_proposal = ground.next_proposal, ground.next_proposal + 1
    state = chance.choices(list(STATES), list(STATES.values()))[0] if age > VOTE else State.OPEN
    made = base - timedelta(days=age)
    by, topic_id = chance.choice(ground.fictional), chance.choices(list(ground.topics), ground.favour)[0]
    words = f"{chance.choice(WHAT)} {chance.choice(WHOM)}".strip()
    name = f"{ground.topics[topic_id]}: {words}"
    body = f"{words} im Bereich {ground.topics[topic_id]}. Erfunden, um zu messen."
    rows.log(made, "proposal.propose", by, id_)
    tally = _vote(rows, ground, id_, made, min(age, VOTE), chance)
    work, effort = _work(rows, ground, id_, made, chance) if chance.random() < 0.2 else (0, 0)
    said = _talk(rows, ground, id_, made, chance) if chance.random() < 0.2 else 0
    closed = None if state is State.OPEN else made + timedelta(days=VOTE)
    steps = _decide(rows, ground, id_, state, closed, tally, by)
    rows.slips.update(turns.of(made, state, steps))
    if closed and state is not State.WITHDRAWN:
        rows.slips.update(turns.took(made, False, closed.astimezone(BERLIN).date()))
    sides = sorted((tally["for"], tally["against"]))
    rows.tables[Proposal].append({
        "id": id_, "title": f"{name} ({id_})"[:120], "summary": body, "text": body, "html": _html(body),
        "title_en": "", "summary_en": "", "text_en": "", "html_en": "",
        "search": f"fv-{id_} {_folded(name)} ({id_}) {_folded(body)}",
        "topic_id": topic_id, "state": state.value, "partner_id": by[0], "author_id": by[1], "imported": False,
        "vote_by": (made + timedelta(days=VOTE)).astimezone(BERLIN).date(), "created_at": made,
        "active_at": closed or made + timedelta(days=chance.uniform(0, min(age, VOTE))),
        "electorate_size": ground.electorate if closed else None, "closed_at": closed,
        "version": 1, "text_version": 1, "n_for": tally["for"], "n_against": tally["against"],
        "n_abstain": tally["abstain"], "contest": 1001 * sides[0] - sides[1] if sides[0] else 0,
        "n_comments": said, "n_packages": work, "n_free": work, "n_live": 0, "coalition": "",
        "work_effort": 10 * effort,
    })  # fmt: skip
    rows.tables[Proposal][-1] |= _order(rows, ground, id_, by, made, chance)
    rows.totals[state.value, topic_id] += 1


@cache
def _html(markdown: str) -> str:
    return texts.markdown(markdown)


@cache
def _folded(words: str) -> str:
    return texts.fold(words)


def _order(
    rows: Rows, ground: Ground, id_: int, by: tuple[int, int], made: datetime, chance: random.Random
) -> dict[str, Any]:
    """A value for most, an estimate for many; nobody offers days here, so no coalition has any strength."""
    value = chance.choice((0, 1, 2, 3, 3, 4, 5))
    none: dict[str, Any] = {"value": value, "effort_low": 0, "effort_high": 0, "effort_until": None}
    if chance.random() > ESTIMATED:
        return none
    low = int(chance.lognormvariate(2.5, 1)) + 1
    high, until = low + int(low * chance.random() * 1.5), ground.valid_until
    rows.tables[Estimate].append({
        "proposal_id": id_, "partner_id": by[0], "provider": "", "person_id": by[1], "low": low, "high": high,
        "text": "", "html": "", "valid_until": until, "made_at": made, "changed_at": made, "version": 1,
    })  # fmt: skip
    rows.log(made, "estimate.make", by, id_, about_id=by[0])
    return none | {"effort_low": low, "effort_high": high, "effort_until": until}


def _vote(rows: Rows, ground: Ground, id_: int, made: datetime, days: float, chance: random.Random) -> Counter[str]:
    """Between none and all real partners in favour; the fictional ones as chance has it."""
    liked = chance.betavariate(1.5, 2.5)
    voters = [(pair, "for") for pair in ground.real if chance.random() < liked * ground.share]
    voters += [
        (pair, chance.choice(("for", "against", "abstain")))
        for pair in ground.fictional
        if chance.random() < 0.7 * ground.share
    ]
    tally: Counter[str] = Counter()
    for pair, choice in voters:
        at = made + timedelta(days=chance.uniform(0, days))
        rows.tables[Ballot].append({
            "proposal_id": id_, "partner_id": pair[0], "person_id": pair[1], "choice": choice, "cast_at": at,
            "reason": REASON if choice == "against" else "", "text_version": 1, "counted": True, "version": 1,
        })  # fmt: skip
        rows.log(at, "ballot.cast", pair, id_, about_id=pair[0], details={"from": None, "to": choice})
        tally[choice] += 1
    return tally


def _work(rows: Rows, ground: Ground, id_: int, made: datetime, chance: random.Random) -> tuple[int, int]:
    """Some packages; how many, and their effort in person-days."""
    number = chance.randint(1, 3)
    for place in range(number):
        key, ground.next_package = ground.next_package, ground.next_package + 1
        title = f"Teil {place + 1}: {chance.choice(WHAT)}"
        rows.tables[Package].append({
            "id": key, "proposal_id": id_, "title": title, "text": "", "html": "", "deliverables": "", "acceptance": "",
            "search": _folded(title), "effort": chance.randint(1, 20), "owner": "", "funder": "", "state": "open",
            "held_reason": "", "commissioned": "", "author_id": ground.owner, "created_at": made, "active_at": made,
            "n_comments": 0, "version": 1, "text_version": 1,
        })  # fmt: skip
        rows.log(made, "package.create", (None, ground.owner), id_, package_id=key)
    return number, sum(row["effort"] for row in rows.tables[Package][-number:])


def _talk(rows: Rows, ground: Ground, id_: int, made: datetime, chance: random.Random) -> int:
    number = chance.randint(1, 3)
    for _ in range(number):
        key, ground.next_comment = ground.next_comment, ground.next_comment + 1
        by = chance.choice(ground.fictional)
        rows.tables[Comment].append({
            "id": key, "proposal_id": id_, "partner_id": by[0], "person_id": by[1], "text": SAID,
            "html": _html(SAID), "search": _folded(SAID), "written_at": made, "version": 1,
        })  # fmt: skip
        rows.log(made, "comment.write", by, id_, comment_id=key)
    return number


def _decide(
    rows: Rows, ground: Ground, id_: int, state: State, closed: datetime | None, tally: Counter[str], by: Any
) -> list[turns.Step]:
    """How the proposal came to its state: the log's rows (returned as steps), and the decision if there was one."""
    steps: list[turns.Step] = []
    if closed is None:
        return steps
    for place, verb in enumerate(STEPS[state]):
        who = by if verb == "withdraw" else (None, ground.owner)
        step = turns.Step(f"proposal.{verb}", closed + timedelta(seconds=place), MOVES[verb][1].value)
        rows.log(step.at, step.verb, who, id_, details={"to": step.to})
        steps.append(step)
    if state is not State.WITHDRAWN:
        rows.tables[Decision].append({
            "proposal_id": id_, "outcome": OUTCOMES.get(state, "accepted"), "body": "Lenkungskreis (Demo)",
            "decided_on": closed.astimezone(BERLIN).date(), "reason": "Erfunden, um zu messen.",
            "n_for": tally["for"], "n_against": tally["against"], "n_abstain": tally["abstain"],
            "electorate_size": ground.electorate, "recorded_by_id": ground.owner, "recorded_at": closed,
        })  # fmt: skip
    return steps


def _seen() -> None:
    """Nothing in bulk is news to anybody."""
    newest = select(func.max(Activity.id)).scalar_subquery()
    db.session.execute(
        update(Person)
        .values(seen_activity=newest, visit_activity=newest)
        .where(Person.visited_at.is_not(None))
        .execution_options(synchronize_session=False)
    )


def _catch_up() -> None:
    """PostgreSQL's sequences do not see ids that were given; SQLite's do."""
    for name in ("proposal", "package", "comment"):
        db.session.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")  # noqa: S608 # nosec
        )
