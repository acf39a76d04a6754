"""How gunicorn serves the board: one process with threads on one SQLite file, more processes only on PostgreSQL.

Settings: HOST, PORT, THREADS, WEB_CONCURRENCY, DATABASE_URL (docs/operating.md). When `gunicorn_h1c` is installed,
gunicorn's `http_parser = "auto"` takes its C parser.
"""

import gc
import os
import resource
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

from gunicorn import __version__

gc.disable()  # While it loads: see wsgi.py.

from board.live.handover import KNOWN  # noqa: E402
from board.threads import Lean, Worker  # noqa: E402

gc.enable()


def _number(name: str, default: int) -> int:
    """A whole number of at least 1 from the environment; ends with a sentence when it is none."""
    text = os.environ.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        sys.exit(f"{name} must be a whole number of at least 1, not {text!r}.")
    return int(text)


host, port = os.environ.get("HOST") or "127.0.0.1", _number("PORT", 8000)
bind = f"{host}:{port}"

# Each live stream keeps a file open: as many as the system lets this user have, within reason.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
files = max(soft, 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))
resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))

# Threads suit an application that waits for disk. One SQLite file is written by one process.
worker_class = Lean if __version__ in KNOWN else Worker
workers = _number("WEB_CONCURRENCY", 1)
threads = _number("THREADS", 48)
worker_connections = min(threads + 1000, files // 2)  # The other half is for streams (board.live.handover).
if workers > 1 and not os.environ.get("DATABASE_URL", "").startswith("postgresql"):
    sys.exit("WEB_CONCURRENCY above 1 needs PostgreSQL: one SQLite file is served by one process.")

# Each process counts for /metrics in a file of its own, so that any of them can tell the numbers of all.
if workers > 1 and os.environ.get("BOARD_METRICS_TOKEN"):
    data = Path(os.environ.get("BOARD_DATA") or "data").absolute()
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(data / "metrics"))

keepalive = 15
graceful_timeout = 15  # The job in hand may take 8 of it (board.jobs.worker).
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - only the heartbeat lives there
umask = 0o027  # Database and secret are nobody else's to read.

# The board alone decides which proxies it trusts (BOARD_PROXIES), so gunicorn believes no forwarded header.
forwarded_allow_ips = ""
control_socket_disable = True

# The board logs its own requests, without personal data; gunicorn reports only warnings and errors.
accesslog = None
loglevel = "warning"


def on_starting(server: Any) -> None:
    """Refuse bad settings and a port that is taken once and in one sentence, before any worker starts."""
    from board import config, door

    try:
        config.read()
    except config.BadSetting as bad:
        sys.exit(f"The board does not start: {bad}")
    handed_down = "GUNICORN_FD" in os.environ or "LISTEN_FDS" in os.environ
    if not handed_down and (shut := door.why_shut(host, port)):
        sys.exit(f"The board does not start: {shut}")
    _empty_counts()


def _empty_counts() -> None:
    """Begin at nothing: what processes of an earlier run have counted is not theirs."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(folder).mkdir(mode=0o750, parents=True, exist_ok=True)
        for file in Path(folder).glob("*.db"):
            file.unlink()


def when_ready(_server: Any) -> None:
    """Say where the board is, now that it listens; what is loaded stays (see `post_worker_init`)."""
    gc.freeze()
    from board.security import own_addresses

    anywhere = host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    found = sorted(a for a in own_addresses() if not a.startswith("127.")) if anywhere else []
    names = ["localhost", *found] if anywhere or host == "127.0.0.1" else [host]
    sys.stdout.write(f"The board is at {'  '.join(f'http://{name}:{port}' for name in names)}\n")
    sys.stdout.flush()


def post_worker_init(worker: Any) -> None:
    """Begin with the jobs, unless they run apart. Let live streams and jobs end when the worker is told to stop.

    Both watch the `threading.Event` in `app.extensions["stopping"]`; otherwise each stream would hold the worker for
    `graceful_timeout`. What is loaded by now lives as long as the worker: the garbage collector need not look at it
    again, neither while serving nor, three times over, when the interpreter ends.
    """
    from board.live import handover

    gc.freeze()
    if "live" in worker.wsgi.extensions:
        handover.begin(worker, files)
    stopping, board = worker.wsgi.extensions.get("stopping"), worker.wsgi.config["BOARD"]
    if board.worker == "inside":
        worker.wsgi.extensions["jobs"].start()
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT) if stopping else ():
        signal.signal(number, partial(_stop, stopping, told, signal.getsignal(number)))


def worker_exit(_server: Any, worker: Any) -> None:
    """Let the job in hand come to its end, so that no mail is cut off, and live streams to theirs."""
    extensions = getattr(worker.wsgi, "extensions", {})
    if "jobs" in extensions:
        extensions["stopping"].set()
        extensions["jobs"].join()
    if "live" in extensions:
        extensions["live"].join(2)


def child_exit(_server: Any, worker: Any) -> None:
    """A process that has ended, or was killed, has no open streams any more; what it counted stays."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def _stop(stopping: Any, told: list[int], then: Any, number: int, frame: Any) -> None:
    """Set the event once. After Ctrl-C a worker gets SIGINT from the terminal and SIGQUIT from gunicorn, the second
    perhaps in the middle of the first: `Event.set` holds a lock that the same thread cannot take twice.
    """
    if not told:
        told.append(number)
        stopping.set()
    then(number, frame)
