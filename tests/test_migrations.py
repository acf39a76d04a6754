"""Migrations go forward and back with data in the tables, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, event, inspect, make_url, text

from board import create_app
from board.db import db, transaction
from board.proposals import recount
from board.proposals.slips import AHEAD
from board.search.index import INDEXED
from tests import factories
from tests.conftest import settings
from tests.long.trials import Trial
from tests.people import populate

FIRST = "0002"  # What was on main when boards began to be used; earlier ones cannot hold everything that is compared.


@pytest.fixture(params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """A board of its own with one of everything; in the long trial the demo with so many proposals more."""
    url = f"sqlite:///{tmp_path / 'board.sqlite'}"
    if request.param == "postgresql":
        url = _empty_database(request.getfixturevalue("postgres"))
    trial = request.getfixturevalue("trial") if "trial" in request.fixturenames else None
    long = trial is not None and trial.long
    app = create_app(settings(tmp_path, url, **({"BOARD_DEMO": "1"} if long else {})))
    runner = app.test_cli_runner()
    assert runner.invoke(args=["init"]).exit_code == 0
    if long:
        assert runner.invoke(args=["demo", "--proposals", str(trial.size)]).exit_code == 0
    with app.app_context():
        if not long:
            with transaction():
                people = populate()
            factories.make_world(people)
            factories.make_proposal(people, title="Bäder", state="piloting")
        yield app
        db.session.remove()
        db.engine.dispose()


def _empty_database(server: str) -> str:
    """An empty database beside the tests' one; its address."""
    name = "moved_" + (make_url(server).database or "")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def columns() -> dict[str, set[str]]:
    """Every table of ours with its columns, as the database has them now."""
    tables = [t for t in inspect(db.engine).get_table_names() if "_fts" not in t and not t.startswith("huey")]
    with db.engine.connect() as connection:
        found = {t: set(connection.execute(text(f"SELECT * FROM {t} LIMIT 0")).keys()) for t in tables}
    return {t: names for t, names in found.items() if t not in {"alembic_version", "task_lock"}}


def quoted(names: set[str]) -> str:
    """Columns as they stand between quotes: `window` is a word of SQL."""
    return '", "'.join(sorted(names))


def rows(there: dict[str, set[str]]) -> dict[str, list[Any]]:
    """What stands in these columns, row by row, in one order."""
    with db.engine.connect() as connection:
        return {
            table: sorted(map(repr, connection.execute(text(f'SELECT "{quoted(names)}" FROM {table}'))))
            for table, names in there.items()
        }


def from_both(sums: dict[Any, Any], trial: Trial) -> dict[Any, Any]:
    """Without what is still to come, where there are estimates and dates in it that the first version did not know."""
    return {key: n for key, n in sums.items() if not trial.long or key[0] != AHEAD}


@pytest.mark.trial("migrations", short=1, long=10_000)
def test_down_to_the_first_and_up_again_keeps_every_row(full: Flask, trial: Trial) -> None:
    db.session.remove()
    newest = columns()
    before, sums = rows(newest), recount.kept()
    db.session.remove()
    assert sum(map(len, before.values())) > 30
    assert len(sums) > 3
    downgrade(revision=FIRST)
    old = columns()
    kept = {table: names & newest[table] for table, names in old.items() if table in newest}
    assert {"proposal", "ballot", "offer", "package", "claim", "comment", "activity", "person"} <= kept.keys()
    middle = rows(kept)
    upgrade()
    assert columns() == newest
    assert rows(kept) == middle
    trial.count(proposals=trial.whole(), rows_compared=sum(map(len, middle.values())), rows_that_differ=0)
    db.session.remove()
    again = rows(newest)
    assert recount.wrong() == [], "the sums are counted again on the way up"
    assert from_both(recount.kept(), trial) == from_both(sums, trial), "and are what they were"
    for table in ("ballot", "offer", "claim", "person", "membership", "activity", "proposal_count"):
        assert again[table] == before[table], table


def test_a_way_up_and_down_leaves_the_text_index_right(full: Flask) -> None:
    downgrade(revision=FIRST)
    upgrade()
    if db.engine.dialect.name != "sqlite":
        return
    with db.engine.connect() as connection:
        for table in INDEXED:
            connection.execute(text(f"INSERT INTO {table}_fts ({table}_fts, rank) VALUES ('integrity-check', 1)"))


def test_sqlite_looks_through_all_references_after_a_migration_only(tmp_path: Path) -> None:
    """Where nothing was migrated nothing can have broken, and on a large board it would take minutes."""
    app = create_app(settings(tmp_path))
    seen: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        for expected in (1, 1):  # The second time there is nothing to do.
            upgrade()
            assert seen.count("PRAGMA foreign_key_check") == expected
        db.session.remove()
        db.engine.dispose()
