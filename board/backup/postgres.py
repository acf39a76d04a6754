"""PostgreSQL: its own pg_dump and pg_restore, which must be at least as new as the server."""

import os
import shutil
import subprocess  # nosec
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, make_url

from board.backup.folder import BadBackup


def dump(url: str, target: Path) -> None:
    """A consistent copy: pg_dump reads one snapshot, writers go on. Raises BadBackup."""
    _run("pg_dump", url, ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"])
    _run("pg_restore", None, ["--list", str(target)])


def put_back(url: str, dumped: Path) -> None:
    """Fill the empty database from the copy, all or nothing. Raises BadBackup."""
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    _run("pg_restore", url, [*options, str(dumped)])


def clear(connection: Connection) -> None:
    """Remove everything from the database, in the caller's transaction. Needs an owner of its schema."""
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


def settle(connection: Connection) -> None:
    """Numbers of transactions belong to a server: on another one all restored rows count as long settled.

    The place of a sealed row in the chain does not depend on them.
    """
    connection.execute(text("UPDATE activity SET xid = '3'"))


def is_empty(connection: Connection) -> bool:
    """Whether the database has no table yet."""
    return not inspect(connection).get_table_names()


def others(connection: Connection) -> int:
    """How many other clients use the database now; PostgreSQL's own workers (autovacuum) are none."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    return connection.scalar(text(query)) or 0


def _run(program: str, url: str | None, options: Sequence[str]) -> None:
    """Run a client program. The password goes through the environment, where other users cannot read it."""
    path = shutil.which(program)
    if path is None:
        raise BadBackup(f"{program} is missing: install PostgreSQL's client programs, at least as new as the server.")
    environment, command = dict(os.environ), [path, *options]
    if url:
        parts = make_url(url)
        if parts.password:
            environment["PGPASSWORD"] = str(parts.password)
        command.append(f"--dbname={parts.set(drivername='postgresql', password=None).render_as_string()}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 # nosec
    if done.returncode:
        raise BadBackup(f"{program} failed: {done.stderr.strip()}")
