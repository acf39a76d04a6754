"""How a backup is made and put back. Needs an application context."""

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from board import migrations
from board.backup import folder, postgres, sqlite
from board.backup.folder import BadBackup, Manifest
from board.config import Config
from board.db import db, now
from board.record import chain, checks, guard
from board.record.chain import Head
from board.record.checks import Finding


@dataclass(frozen=True)
class Restored:
    """What came of it: the findings of `flask check`, and where the database before is kept."""

    manifest: Manifest
    findings: list[Finding]
    kept: Path | None


def backup(config: Config, to: Path | None = None, *, secrets: bool = True) -> Path:
    """Copy the running board into a new folder. Raises BadBackup."""
    moment, kind = now(), db.engine.dialect.name
    revision, head = _revision(), str(chain.head())
    db.session.close()
    unfinished = folder.begin(folder.place(config, to), moment)
    target = unfinished / folder.DATABASES[kind]
    if kind == "sqlite":
        sqlite.copy(_file(), target)
    else:
        postgres.dump(config.database_url, target)
    if secrets:
        folder.add_secrets(unfinished, config.data)
    done = folder.finish(unfinished, moment=moment, database=kind, revision=revision, head=head)
    folder.note_last(config, done, folder.read(done))
    return done


def restore(config: Config, source: Path, *, force: bool = False) -> Restored:
    """Put a backup back, bring it up to date and check it. Raises BadBackup before anything is touched.

    A database that has something in it is replaced only by `force`, and kept: as a file beside, or as a backup.
    """
    manifest = folder.read(source)
    _fits(manifest)
    copied = source / manifest.database_file
    sqlite_file = manifest.database == "sqlite"
    kept = _restore_sqlite(copied, force) if sqlite_file else _restore_postgres(config, copied, force)
    for name in folder.SECRETS:
        _put_secret(source / name, config.data / name)
    _own_time()
    upgrade()
    chain.seal_due()
    found = checks.everything([chain.parse(manifest.head)] if chain.parse(manifest.head) != Head() else [])
    db.session.close()
    return Restored(manifest, found, kept)


def _fits(manifest: Manifest) -> None:
    kind = db.engine.dialect.name
    if manifest.database != kind:
        raise BadBackup(f"The backup is of {manifest.database}, this board is set to {kind}.")
    known = {script.revision for script in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()}
    if manifest.revision not in known:
        raise BadBackup(f"The backup is of a newer version of the board (database {manifest.revision}): update first.")


def _restore_sqlite(copied: Path, force: bool) -> Path | None:
    sqlite.check(copied)
    target = _file()
    if target.exists() and not force:
        raise BadBackup(f"{target} is there already: --force puts it aside and takes the backup.")
    db.session.close()
    db.engine.dispose()
    return sqlite.put_back(copied, target, now().astimezone(UTC))


def _restore_postgres(config: Config, dumped: Path, force: bool) -> Path | None:
    db.session.close()
    db.engine.dispose()
    kept = None
    with db.engine.connect() as connection:
        empty, others = postgres.is_empty(connection), postgres.others(connection)
    if not empty:
        if not force:
            raise BadBackup("The database is not empty: --force backs it up first and then replaces it.")
        if others:
            raise BadBackup(f"The board still runs ({others} sessions in its database): stop it first.")
        kept = backup(config)
        with db.engine.connect() as connection, connection.begin():
            postgres.clear(connection)
    db.engine.dispose()
    postgres.put_back(config.database_url, dumped)
    return kept


def _own_time() -> None:
    """Let PostgreSQL's row times belong to this server; the guard is lowered for it within one transaction."""
    if db.engine.dialect.name != "postgresql":
        return
    with db.engine.connect() as connection, connection.begin(), guard.lowered(connection):
        postgres.settle(connection)


def _put_secret(source: Path, target: Path) -> None:
    """A secret that belongs to the data; one that is there already stays if it is the same, else is kept aside."""
    if not source.is_file():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.is_file() and target.read_bytes() != source.read_bytes():
        target.replace(target.with_name(f"{target.name}.before-{now():%Y%m%dT%H%M%SZ}"))
    target.write_bytes(source.read_bytes())
    target.chmod(0o600)


def _revision() -> str:
    try:
        with db.engine.connect() as connection:
            if not inspect(connection).has_table("activity"):
                raise BadBackup("There is nothing to back up: the database is empty.")
            return MigrationContext.configure(connection).get_current_revision() or ""
    except SQLAlchemyError as why:
        raise BadBackup("The database cannot be reached.") from why


def _file() -> Path:
    """Where this board's SQLite file lies."""
    return Path(str(db.engine.url.database)).absolute()


def config() -> Config:
    """The settings of the running application."""
    found: Config = current_app.config["BOARD"]
    return found
