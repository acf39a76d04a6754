"""What one process takes: seconds until it serves, memory when idle and after many pages, and live streams."""

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).parent.parent
CLOCK = os.sysconf("SC_CLK_TCK")


def described() -> dict[str, object]:
    """The machine, in general words."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


@contextmanager
def served(folder: Path, port: int, app: str = "wsgi:app", **settings: str) -> Iterator[tuple[int, float]]:
    """A board under gunicorn on that database: the id of the process that answers, and how long its start took."""
    environ = os.environ | {
        "BOARD_DATA": str(folder), "BOARD_DEMO": "1", "PORT": str(port), "HOST": "127.0.0.1", "BOARD_LOG": "error",
    } | settings  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", app]
    begun = time.monotonic()
    server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        while not _answers(port):
            if server.poll() is not None or time.monotonic() - begun > 60:
                raise SystemExit("the server did not start")
            time.sleep(0.02)
        started = time.monotonic() - begun
        yield serving(server.pid), started
    finally:
        server.terminate()
        server.wait(30)


def serving(pid: int) -> int:
    """The process that answers, a child of gunicorn's main one."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _answers(port: int) -> bool:
    try:
        return status(port, "/healthz") == 200
    except (OSError, HTTPException):
        return False


def status(port: int, path: str) -> int:
    """The status of one GET."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def resident(pid: int) -> float:
    """MB of memory that a process has."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK


def process(folder: Path, port: int, pages: int = 600) -> dict[str, float]:
    """Start-up in seconds and memory in MB: idle, and after so many different pages."""
    with served(folder, port) as (pid, started):
        idle = resident(pid)
        lists = [f"/proposals?sort={s}&state={t}" for s in ("support", "active") for t in ("open", "available")]
        for number in range(1, pages):
            path = f"/proposals/FV-{number}" if number % 6 else lists[number % 4]
            if (answered := status(port, path)) >= 400:
                raise SystemExit(f"{path}: {answered}")
        return {"start_up_s": round(started, 2), "idle_mb": round(idle, 1), "loaded_mb": round(resident(pid), 1)}
