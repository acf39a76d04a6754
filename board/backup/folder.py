"""A backup on disk: one folder with the database, the generated secrets and a manifest with their hashes.

It is written beside its place and renamed at the end, so a folder with a manifest is always whole.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from board.config import Config
from board.db import now

PREFIX = "stadtrunde-"
MANIFEST = "manifest.json"
SECRETS = ("secret", "key")
LAST = "last-backup.json"
DATABASES = {"sqlite": "board.sqlite", "postgresql": "board.dump"}
FRESH = timedelta(hours=36)
"""A backup every night, with half a day to spare: beyond it every place that tells of backups warns."""


class BadBackup(Exception):
    """A backup that cannot be made or trusted; says why in one sentence."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: the database's kind and shape, the head of its record, and SHA-256 and size per file."""

    made_at: str
    database: str
    revision: str
    head: str
    files: Mapping[str, Mapping[str, str | int]]

    @property
    def database_file(self) -> str:
        """The name of the database's file in the folder."""
        return DATABASES[self.database]


def place(config: Config, to: Path | None) -> Path:
    """Where backups of this board go: the folder given, that of BOARD_BACKUPS, or `backups` in BOARD_DATA."""
    return (to or config.backups).absolute()


def begin(root: Path, moment: datetime) -> Path:
    """A new folder that is not yet a backup, readable for its owner only."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / f".unfinished-{PREFIX}{moment.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    folder.mkdir(mode=0o700)
    return folder


def add_secrets(folder: Path, data: Path) -> None:
    """Copy the secrets that were generated into BOARD_DATA; those in the environment stay there."""
    for name in SECRETS:
        if (data / name).is_file():
            shutil.copy2(data / name, folder / name)


def finish(folder: Path, *, moment: datetime, database: str, revision: str, head: str) -> Path:
    """Write the manifest, let everything reach the disk, and give the folder its name."""
    files: dict[str, dict[str, str | int]] = {}
    for path in sorted(folder.iterdir()):
        path.chmod(0o600)
        files[path.name] = {"sha256": sha256(path), "bytes": path.stat().st_size}
        _sync(path)
    manifest = Manifest(moment.astimezone(UTC).isoformat(timespec="seconds"), database, revision, head, files)
    target = folder / MANIFEST
    target.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    target.chmod(0o600)
    _sync(target)
    done = folder.with_name(folder.name.removeprefix(".unfinished-"))
    folder.rename(done)
    _sync(done.parent)
    return done


def read(folder: Path) -> Manifest:
    """The manifest, after every file was compared with it. Raises BadBackup."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
        known = {name: (entry["sha256"], entry["bytes"]) for name, entry in manifest.files.items()}
        database = manifest.database_file
    except (OSError, ValueError, TypeError, KeyError) as why:
        raise BadBackup(f"{folder} is no backup: its {MANIFEST} cannot be read.") from why
    if database not in known:
        raise BadBackup(f"{folder} holds no database.")
    for name, (digest, size) in known.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise BadBackup(f"{name} is missing from the backup.")
        if path.stat().st_size != size or sha256(path) != digest:
            raise BadBackup(f"{name} is not what was backed up: it is damaged or was changed.")
    return manifest


def rotate(root: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` whole backups, and what was left unfinished by a crash; returns what went."""
    whole = sorted(path for path in root.glob(f"{PREFIX}*") if (path / MANIFEST).is_file())
    old = [*whole[:-keep], *(path for path in root.glob(f".unfinished-{PREFIX}*") if path.is_dir())]
    for path in old:
        shutil.rmtree(path)
    return old


def note_last(config: Config, done: Path, manifest: Manifest) -> None:
    """Remember in BOARD_DATA when the last backup was made, for administrators to see."""
    size = sum(int(entry["bytes"]) for entry in manifest.files.values())
    words = json.dumps({"made_at": manifest.made_at, "folder": str(done), "bytes": size})
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = config.data / f"{LAST}.new"
    draft.write_text(words)
    draft.replace(config.data / LAST)


def last(config: Config) -> datetime | None:
    """When the last backup of this board was made from this machine; None: never."""
    try:
        return datetime.fromisoformat(json.loads((config.data / LAST).read_text())["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fresh(made: datetime | None) -> bool:
    """Whether the last backup, made then, is young enough."""
    return made is not None and made > now() - FRESH


def sha256(path: Path) -> str:
    """The file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
