"""Taking a file in: first what would happen to each field, then the same for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from board.activity.models import act
from board.db import db, now, on_postgres
from board.modules import queries, schema
from board.modules.models import AppFile, ModuleFile
from board.policy import Actor, allowed
from board.proposals.models import Proposal, touch


@dataclass(frozen=True)
class Plan:
    """What happens to the fields of a file: `kept` (field → value), of these `unknown` to the schema.

    `own` stays as the board says it, `people` is left out. `missing`: partners named there without an entry.
    """

    kept: dict[str, Any]
    unknown: tuple[str, ...]
    own: tuple[str, ...]
    people: tuple[str, ...]
    missing: tuple[str, ...]


NEW = 0
"""In the place of a proposal's number: the one that the file would begin."""


def plan(given: Mapping[str, Any], proposal_id: int | None) -> Plan:
    """What would be kept of a file about a module (of a proposal or NEW), or (None) about the app."""
    known = schema.MODULE if proposal_id is not None else schema.APP
    ours = schema.OWN if proposal_id is not None else schema.OWN_OF_APP
    now_said = queries.module(proposal_id) if proposal_id else {}
    kept = {
        name: value for name, value in given.items()
        if name not in ours | schema.PEOPLE and not (name in known and value in queries.NOTHING)
        and not (name == "cost" and value == now_said.get("cost") and _is_estimate(str(value)))
    }  # fmt: skip
    return Plan(
        kept,
        tuple(name for name in kept if name not in known),
        tuple(name for name in given if name in ours and given[name] != now_said.get(name)),
        tuple(name for name in given if name in schema.PEOPLE),
        tuple(queries.without_entry(given, proposal_id)),
    )


def _is_estimate(cost: str) -> bool:
    return cost.endswith("Personentage (Schätzung)")


def take(proposal: Proposal, found: Plan, source: str, by: Actor) -> None:
    """Keep what a module's file says; what an earlier file said goes. The same again changes nothing.

    `proposal` is locked by the caller, so that two at once do not both begin.
    """
    row = db.session.get(ModuleFile, proposal.id) or ModuleFile(proposal_id=proposal.id, given={}, source="", version=0)
    if _written(row, found, source, "module.take", by):
        touch(proposal.id)


def take_app(found: Plan, source: str, by: Actor) -> None:
    """Keep what the app's file says; two at once wait for one another on its one row."""
    insert = (postgresql if on_postgres() else sqlite).insert(AppFile)
    first = insert.values(id=queries.ONLY, given={}, source="", changed_at=now(), version=0)
    db.session.execute(first.on_conflict_do_nothing())
    row = db.session.get_one(AppFile, queries.ONLY, with_for_update=True, populate_existing=True)
    _written(row, found, source, "module.take_app", by)


def _written(row: ModuleFile | AppFile, found: Plan, source: str, verb: str, by: Actor) -> bool:
    db.session.add(row)
    if allowed(by, verb, row) and row.version and (row.given, row.source) == (found.kept, source):
        return False
    act(by, verb, row)
    row.given, row.source, row.changed_at, row.version = found.kept, source, now(), row.version + 1
    return True
