"""SQLite: copied by its own backup interface while the board writes, and put back as one file."""

import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from board.backup.folder import BadBackup

BESIDE = ("-wal", "-shm", "-journal")


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a database in use: one step, one snapshot; writers go on meanwhile. Raises BadBackup."""
    if not source.is_file():
        raise BadBackup(f"There is no database at {source}.")
    with closing(_reading(source)) as running, closing(sqlite3.connect(target)) as copied:
        running.backup(copied)
        copied.execute("PRAGMA journal_mode=DELETE")  # One file, without companions.
    check(target)


def check(path: Path) -> None:
    """Ask the file whether it is whole. Raises BadBackup."""
    try:
        with closing(_reading(path)) as connection:
            told = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as why:
        raise BadBackup(f"{path} is no readable database: {why}.") from why
    if told != ["ok"] or broken:
        raise BadBackup(f"{path} is damaged: {'; '.join(told) if told != ['ok'] else 'a reference leads nowhere'}.")


def put_back(copied: Path, target: Path, moment: datetime) -> Path | None:
    """Replace the database by the copy; the one before is kept beside it and returned, if there was one."""
    holders = in_use(target)
    if holders:
        raise BadBackup(f"The board still runs (process {holders[0]}): stop it first.")
    draft = target.with_name(f"{target.name}.restoring")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(_reading(copied)) as source, closing(sqlite3.connect(draft)) as fresh:
        source.backup(fresh)
    draft.chmod(0o600)
    kept = None
    if target.exists():
        kept = target.with_name(f"{target.name}.before-{moment:%Y%m%dT%H%M%SZ}")
        with closing(sqlite3.connect(target)) as old, suppress(sqlite3.DatabaseError):
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # What stands in the log goes into the file that is kept.
        target.replace(kept)
    for ending in BESIDE:
        target.with_name(target.name + ending).unlink(missing_ok=True)
    draft.replace(target)
    return kept


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def in_use(target: Path) -> list[int]:
    """Other processes that have the file open, as far as this machine tells (Linux)."""
    own = Path("/proc/self").resolve().name
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if link.parts[2] != own and str(link.readlink()) == str(target):
                found.append(int(link.parts[2]))
    return sorted(set(found))
