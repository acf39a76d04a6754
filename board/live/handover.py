"""How a stream's connection leaves gunicorn: its thread goes back to work, the hub writes on.

To gunicorn it looks as if the browser had gone away, which every server bears: the file number that its socket holds
is pointed at a dead connection, ours at the living one. What gunicorn writes, ends or counts afterwards meets the dead
one. This needs to know how a server frames an answer and what it does at its end, so it is done for versions that the
tests have run on, under the threaded worker, without TLS in between; everywhere else each stream keeps its thread.
ADR 33.
"""

import os
import socket
from collections.abc import Mapping
from typing import Any

from board.live.lines import POSSIBLE
from board.log import log

KNOWN = frozenset({"27.0.1"})
"""Releases of gunicorn that tests/test_live_gunicorn.py and tests/test_threads.py have run on."""

THREADED = "gunicorn.workers.gthread.ThreadWorker"
FILES_FOR_THE_REST = 256


def begin(worker: Any, files: int) -> None:
    """Let the hub of a gunicorn worker take connections over, or say in one line why each stream keeps its thread.

    Streams may use half of the files that the process may open; the other half is for requests.
    """
    hub, board = worker.wsgi.extensions["live"], worker.wsgi.config["BOARD"]
    if why := obstacle(worker, board.live):
        if board.live != "threads":
            log.warning("live", why=why, streams=hub.threaded_cap)
        return
    room = max(files // 2 - FILES_FOR_THE_REST, 0)
    if room < hub.cap:
        log.warning("live", why=f"only {files} files may be open (ulimit -n)", streams=room)
    hub.take_over(room)


def obstacle(worker: Any, wish: str) -> str:
    """Why connections cannot be taken over from this worker; empty when they can."""
    from gunicorn import __version__

    kind = type(worker)
    if wish == "threads":
        return "BOARD_LIVE=threads"
    if not POSSIBLE:
        return "this system has no epoll"
    if __version__ not in KNOWN:
        return f"gunicorn {__version__} is not known"
    if THREADED not in {f"{base.__module__}.{base.__name__}" for base in kind.__mro__}:  # Ours is made from it.
        return f"{kind.__name__} is not the threaded worker"
    if worker.cfg.is_ssl or worker.cfg.protocol != "http":
        return "gunicorn speaks something else than plain HTTP"
    return ""


def fits(environ: Mapping[str, Any]) -> bool:
    """Whether this request's answer is framed as `lines` goes on: HTTP/1.1, so in chunks, on a plain socket."""
    plain = type(environ.get("gunicorn.socket")) is socket.socket
    return plain and environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and environ["REQUEST_METHOD"] == "GET"


def taken(theirs: socket.socket) -> socket.socket:
    """The living connection; the server's socket holds a dead one from now on. OSError when no file is free."""
    dead, other_end = socket.socketpair()
    with dead, other_end:
        ours = theirs.dup()
        os.dup2(dead.fileno(), theirs.fileno(), inheritable=False)
    return ours
