"""Compiled templates lie beside their sources, as Python keeps compiled modules, so that each is compiled once.

A process loads what another, or `python -m deploy.compile` at installation, has compiled: from a folder named by all
that decides what comes out, and only if nobody else may write there. Whatever is not certain is compiled. ADR 39.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER, cache_from_source
from io import BytesIO
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache

from board.i18n import CATALOGUES

TEMPLATES = Path(__file__).parent.parent / "templates"
KEPT = 3
"""How many versions stay: one that still runs was installed shortly before."""
OTHERS = 0o022
"""What nobody but the owner may do: write."""


@dataclass(frozen=True)
class Version:
    """The sources as they were when this process first looked."""

    files: tuple[Path, ...]
    stamp: tuple[tuple[int, int], ...]
    name: str

    @classmethod
    def of(cls, files: Iterable[Path]) -> "Version":
        """Name them by all that decides what is made of them: what is in them, their place, this Python, packages."""
        files = tuple(files)
        stamp = _stamp(files)  # First: what changes while it is read counts as changed.
        packages = [f"{package} {version(package)}" for package in ("jinja2", "markupsafe", "babel")]
        digest = sha256(MAGIC_NUMBER + repr((sys.version, packages)).encode())
        for path in files:
            digest.update(f"{path}\0".encode() + sha256(path.read_bytes()).digest())
        return cls(files, stamp, digest.hexdigest()[:32])

    def lasts(self) -> bool:
        """Whether no file has been written since."""
        return _stamp(self.files) == self.stamp


def _stamp(files: Iterable[Path]) -> tuple[tuple[int, int], ...]:
    return tuple((found.st_mtime_ns, found.st_size) for found in (path.stat() for path in files))


@cache
def installed() -> Version:
    """The board's: all templates, for they are put into one another; catalogues; what compiles, and what that calls."""
    return Version.of(sorted([*templates(), *CATALOGUES.rglob("*.po"), *Path(__file__).parent.glob("*.py")]))


def templates() -> list[Path]:
    """The files of all templates."""
    return [path for path in TEMPLATES.rglob("*.*") if path.is_file() and "__pycache__" not in path.parts]


def home() -> Path:
    """Where Python would keep compiled modules that lie among the templates."""
    return Path(cache_from_source(str(TEMPLATES / "any.py"))).parent


class Compiled(BytecodeCache):
    """The compiled templates of one language, in a folder of their version."""

    def __init__(self, locale: str, of: Version, folder: Path) -> None:
        self.locale = locale
        self.version = of
        self.folder = folder / of.name

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The name of a template's file."""
        return f"{self.locale}-{name.replace('/', '-')}.code"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is there, if it is whole and nobody else can have written it."""
        with suppress(OSError):
            handle = os.open(self.folder / bucket.key, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as file:
                if _ours(os.fstat(handle)) and _ours(self.folder.lstat()):
                    seal, code = file.read(32), file.read()
                    if sha256(code).digest() == seal:
                        bucket.load_bytecode(BytesIO(code))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for others, if that can be written and is still what the sources say."""
        with suppress(OSError):
            if self.version.lasts():
                if not self.folder.exists():
                    self._begin()
                code = bucket.bytecode_to_string()
                _put(self.folder / bucket.key, sha256(code).digest() + code)

    def _begin(self) -> None:
        """Make the folder, and let go of old versions."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)  # Whoever serves may be somebody else than who installed.
        versions = [path for path in self.folder.parent.iterdir() if re.fullmatch("[0-9a-f]{32}", path.name)]
        for old in sorted(versions, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)


def _ours(found: os.stat_result) -> bool:
    """Whether only this user, root or whoever owns the sources can have written it."""
    return found.st_uid in {0, os.geteuid(), TEMPLATES.stat().st_uid} and not found.st_mode & OTHERS


def _put(path: Path, content: bytes) -> None:
    """Write a file at once or not at all: others may be reading, or writing the same."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
