"""`seed()`: fill an empty board with the demo, in one transaction, through the verbs."""

from collections.abc import Callable

from board.db import at, db, now, transaction
from board.demo import facts, reported, script
from board.demo.models import Installation
from board.demo.world import World, read
from board.i18n import speaking

Tick = Callable[[int, int], None]
JOINED_BEFORE = 1


def silent(_done: int, _total: int) -> None:
    """Shows no progress."""


def seed(tick: Tick = silent) -> World:
    """Fill an empty, migrated database; needs an application context. Returns what came about.

    All times are relative to this moment. All or nothing: when it is interrupted, the database stays empty.
    """
    scenario = read("scenario")
    world = World(now())
    with speaking("de"), transaction():
        imported = scenario["imported_days_ago"]
        with at(world.moment(imported + JOINED_BEFORE)):
            facts.join(world)
            facts.name_topics(world)
            facts.enrol(world, scenario)
        with at(world.moment(imported)):
            brought = sum(1 for _ in facts.bring_in(world, scenario))
            reported.report()
        _replay(world, script.events(world, scenario), brought, tick)
        db.session.add(Installation(id=Installation.ONLY, kind=Installation.DEMO))
    return world


def _replay(world: World, events: list[script.Event], brought: int, tick: Tick) -> None:
    total = brought + len(events)
    tick(brought, total)
    for done, event in enumerate(events, brought + 1):
        with at(world.moment(event.days_ago)):
            event.do()
            db.session.flush()
            db.session.expunge_all()  # Counters move in SQL: the next event reads again.
        tick(done, total)
