"""How the demo's product owner orders: estimates, milestones; each row of ordering.json is done by its verb."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

from board.demo.world import World, read
from board.duplicates import verbs as duplicates
from board.estimates import verbs
from board.milestones.models import Milestone
from board.ordering import verbs as placing
from board.policy import SYSTEM
from board.voting import ballots

PLACED = 1.5
"""How many days ago the product owner rated and planned."""

Row = dict[str, Any]
Told = tuple[float, Callable[[], object]]
"""How many days ago, and what happens then."""


@cache
def _data() -> Row:
    data: Row = read("ordering")
    return data


def without_estimate(proposal: str) -> dict[str, str]:
    """Why that proposal was accepted without an estimate, as `accept` takes it."""
    return {"without_estimate": _data()["without_estimate"].get(proposal, "")}


def events(world: World) -> Iterator[Told]:
    """Everything in the order of the data."""
    for row in _data()["milestones"]:
        yield row["created_days_ago"], _milestone(world, row)
    for row in _data()["estimates"]:
        yield row["days_ago"], _estimate(world, row)
    for proposal in sorted(_data()["values"] | _data()["planned"]):
        yield PLACED, _place(world, proposal)
    for row in _data()["duplicates"]:
        yield row["days_ago"], _suggest(world, row)
        if row["merged_days_ago"] is not None:
            yield row["merged_days_ago"], _merge(world, row)


def _suggest(world: World, row: Row) -> Callable[[], object]:
    def do() -> None:
        one, other = duplicates.locked(world.proposals[row["proposal"]], world.proposals[row["of"]])
        duplicates.suggest(one, other, row["note"], world.actor(row["by"], row["partner"]))

    return do


def _merge(world: World, row: Row) -> Callable[[], object]:
    def do() -> None:
        one, other = duplicates.locked(world.proposals[row["proposal"]], world.proposals[row["of"]])
        duplicates.merge(one, other, world.actor("po@demo.example"))

    return do


def _place(world: World, proposal: str) -> Callable[[], object]:
    def do() -> None:
        by, data = world.actor("po@demo.example"), _data()
        found = ballots.locked(world.proposals[proposal], SYSTEM)
        placing.rate(found, by, data["values"].get(proposal, 0))
        if proposal in data["planned"]:
            placing.plan(found, by, world.milestones[data["planned"][proposal]])

    return do


def _milestone(world: World, row: Row) -> Callable[[], object]:
    def do() -> None:
        by, due = world.actor(row["by"]), world.day(row["due_in_days"])
        world.milestones[row["key"]] = Milestone.create(by, name=row["name"], due_on=due).id

    return do


def _estimate(world: World, row: Row) -> Callable[[], object]:
    def do() -> None:
        by = world.actor(row["by"], row.get("partner"))
        until = world.base.date() + timedelta(days=row["valid_in_days"])
        figures = verbs.Figures(row["low"], row["high"], until, row["text"])
        proposal = ballots.locked(world.proposals[row["proposal"]], SYSTEM)
        verbs.make(proposal, by, figures, provider=row.get("provider", ""))

    return do
