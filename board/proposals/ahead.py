"""What is still to come, added up by milestone and state: slips that the database itself writes, by triggers.

What counts stands on the proposal's row (`state`, `milestone_id`, `days_offered`, `effort_high` and `work_effort`, the
effort of its work packages in tenths of person-days), and many things change it. So each change of one of these columns
writes what the row adds now, less what it added before, whoever makes it. Triggers on packages keep `work_effort`.
Recreating a table drops its triggers: the environment of migrations lowers them before and raises them afterwards.
"""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, case, func, inspect, select, text

from board.db import Base
from board.proposals.slips import AHEAD, Key
from board.proposals.states import State

STATES = (State.BUILDING, State.PILOTING, State.ACCEPTED, State.OPEN)
"""The states in which something is still to come, the furthest first."""

_STATES = ", ".join(f"'{state}'" for state in STATES)
_SLIP = f"""INSERT INTO slip (kind, place, state, n, days, effort)
    SELECT '{AHEAD}', COALESCE({{row}}.milestone_id, 0), {{row}}.state, {{sign}}1, {{sign}}{{row}}.days_offered,
        {{sign}}CASE WHEN {{row}}.work_effort > 0 THEN {{row}}.work_effort ELSE 10 * {{row}}.effort_high END
    WHERE {{row}}.state IN ({_STATES})"""  # nosec - constants of this module
_EFFORT = """UPDATE proposal SET work_effort = work_effort {sign} CAST(ROUND({row}.effort * 10) AS INTEGER)
    WHERE id = {row}.proposal_id AND {row}.effort IS NOT NULL AND {row}.merged_into_id IS NULL"""
TABLES = {
    "proposal": ("ahead", _SLIP, ("state", "milestone_id", "days_offered", "effort_high", "work_effort")),
    "package": ("effort", _EFFORT, ("effort", "merged_into_id", "proposal_id")),
}
"""Table → name of its triggers, what they do for a row, which columns it depends on."""


def raise_(connection: Connection) -> None:
    """Create the triggers, where there is something to write into."""
    lower(connection)
    if not inspect(connection).has_table("slip"):
        return
    for table, (name, act, columns) in TABLES.items():
        less, more = (act.format(row=row, sign=sign) for row, sign in (("OLD", "-"), ("NEW", "+")))
        make = _on_postgres if connection.dialect.name == "postgresql" else _on_sqlite
        for statement in make(table, f"{table}_{name}", less, more, columns):
            connection.execute(text(statement))


def lower(connection: Connection) -> None:
    """Remove the triggers, for a migration."""
    there = inspect(connection)
    postgres = connection.dialect.name == "postgresql"
    for table, (name, *_more) in TABLES.items():
        if there.has_table(table):
            for event in ("insert", "update", "delete"):
                on = f" ON {table}" if postgres else ""
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_{name}_{event}{on}"))
        if postgres:
            connection.execute(text(f"DROP FUNCTION IF EXISTS {table}_{name}()"))


def _on_sqlite(table: str, name: str, less: str, more: str, columns: tuple[str, ...]) -> list[str]:
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    update = f"UPDATE OF {', '.join(columns)} ON {table} WHEN {changed}"
    return [
        f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {more}; END",
        f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} BEGIN {less}; END",
        f"CREATE TRIGGER {name}_update AFTER {update} BEGIN {less}; {more}; END",
    ]


def _on_postgres(table: str, name: str, less: str, more: str, columns: tuple[str, ...]) -> list[str]:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    run = f"ON {table} FOR EACH ROW {{when}}EXECUTE FUNCTION {name}()"
    return [
        f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP <> 'INSERT' THEN {less}; END IF;
            IF TG_OP <> 'DELETE' THEN {more}; END IF;
            RETURN NULL; END $$""",
        f"CREATE TRIGGER {name}_insert AFTER INSERT {run.format(when='')}",
        f"CREATE TRIGGER {name}_delete AFTER DELETE {run.format(when='')}",
        f"CREATE TRIGGER {name}_update AFTER UPDATE OF {', '.join(columns)} "
        + run.format(when=f"WHEN (({old}) IS DISTINCT FROM ({new})) "),
    ]


@cache
def added_up() -> Select[Any]:
    """Milestone (0: none), state, how many, days on offer, effort: from the proposals themselves."""
    p = Base.metadata.tables["proposal"].c
    effort = case((p.work_effort > 0, p.work_effort), else_=10 * p.effort_high)
    place = func.coalesce(p.milestone_id, 0)
    return (
        select(place, p.state, func.count(), func.sum(p.days_offered), func.sum(effort))
        .where(p.state.in_(STATES))
        .group_by(place, p.state)
    )


def keyed(rows: Any) -> dict[Key, tuple[int, int, int]]:
    """What `added_up` found, as slips are keyed."""
    return {(AHEAD, place, state): (int(n), int(days), int(effort)) for place, state, n, days, effort in rows}
