"""gunicorn's threaded worker, as the board needs it: it ends well, and its threads do not go to and fro.

`Worker` ends well. `Lean` also lets an answer be given later by another thread (`board.later`), does not send a thread
to see that a browser has hung up, and does not open an epoll for data that is there already. It reaches into gunicorn,
so it serves under the releases that `board.live.handover` knows. ADR 37.
"""

import socket
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from gunicorn.http.wsgi import Response
from gunicorn.workers.gthread import ThreadWorker

from board.db import now
from board.later import Application, Handed, here

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HELD = object()
"""What became of a request that somebody else answers."""


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types.
    """Threads that, when they are to stop, take in what has arrived at the door and then close it at once.

    gunicorn's own leave the door open until the last running request is answered. What nginx sends meanwhile is
    accepted by the machine and then cut off unread; a change among it cannot be sent again to another node.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        """Also called when the worker stops."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            known = -1
            while known != self.nr_conns:  # `accept` counts, and says nothing when nobody waits.
                known = self.nr_conns
                self.accept(listener)
            listener.close()


class Lean(Worker):
    """Threads that are free again as soon as somebody else answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ended: deque[tuple[Any, _Outcome]] = deque()
        self._told = False

    def enqueue_req(self, conn: Any) -> None:
        """To a thread; its end is told by `ended` instead of by a callback of the future."""
        self.tpool.submit(self._serve, conn)

    def _serve(self, conn: Any) -> None:
        outcome: Any = False
        try:
            outcome = self.handle(conn)
        finally:
            if outcome is not HELD:
                self.ended(conn, outcome)

    def handle(self, conn: Any) -> Any:
        """Serve a request in one of the threads; HELD when somebody else has taken it over."""
        if not conn.initialized and not conn.data_ready:
            conn.data_ready = _has_arrived(conn.sock)
        here.offer = partial(_held, self, conn)
        try:
            return super().handle(conn)
        except Handed:
            return HELD
        finally:
            here.offer = None

    def ended(self, conn: Any, outcome: Any) -> None:
        """Tell the main thread, once for all that have ended until it looks."""
        self._ended.append((conn, _Outcome(outcome)))
        if not self._told:
            self._told = True
            self.method_queue.defer(self._finish)

    def _finish(self) -> None:
        self._told = False  # Before looking: whoever ends from now on tells it again.
        while self._ended:
            self.finish_request(*self._ended.popleft())

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """A kept connection has something to read; that it was closed needs no thread to see."""
        if not _has_hung_up(conn.sock):
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.nr_conns -= 1
        conn.close()


class _Outcome:
    """The part of a future that gunicorn looks at when a request has ended."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def cancelled(self) -> bool:
        """Never."""
        return False

    def result(self) -> Any:
        """What `handle` has given."""
        return self._value


class Held:
    """A request that was taken over: `board.later.Later` under gunicorn. Its body has been read."""

    def __init__(self, worker: Lean, conn: Any, answer: Response, environ: "WSGIEnvironment") -> None:
        self._worker, self._conn, self._answer, self._environ = worker, conn, answer, environ
        self._begun = now()

    def give(self, app: Application) -> None:
        """Answer it in this thread, without waiting for the client."""
        with suppress(OSError):
            self._conn.sock.setblocking(False)
        self._end(app)

    def ask(self, app: Application) -> None:
        """Let a thread answer it."""
        self._worker.tpool.submit(self._end, app)

    def _end(self, app: Application) -> None:
        keep = False
        try:
            keep = self._respond(app)
        finally:
            self._worker.ended(self._conn, keep)

    def _respond(self, app: Application) -> bool:
        """Whether the connection can be kept, as gunicorn's `handle` and `handle_request` find it."""
        answer, conn, worker = self._answer, self._conn, self._worker
        try:
            parts = app(self._environ, answer.start_response)
            try:
                for part in parts:
                    answer.write(part)
                answer.close()
            finally:
                worker.log.access(answer, answer.req, self._environ, now() - self._begun)
                if hasattr(parts, "close"):
                    parts.close()
        except OSError:
            return False  # The client is gone.
        except Exception as problem:
            if answer.headers_sent:
                worker.log.exception("Error handling request")
            else:
                worker.handle_error(answer.req, conn.sock, conn.client, problem)
            return False
        return not answer.should_close()


def _held(worker: Lean, conn: Any, environ: "WSGIEnvironment", start: "StartResponse") -> Held | None:
    """The request that a thread serves, if nothing stands between the application and gunicorn's own answer."""
    answer = getattr(start, "__self__", None)
    plain = type(answer) is Response and type(conn.sock) is socket.socket
    fits = plain and environ.get("gunicorn.socket") is conn.sock
    return Held(worker, conn, answer, environ) if fits else None


def _has_arrived(client: socket.socket) -> bool:
    """Whether there is something to read, be it the end."""
    with suppress(OSError):
        client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        return True
    return False


def _has_hung_up(client: socket.socket) -> bool:
    with suppress(OSError, ValueError):  # TLS does not let one look ahead.
        return not client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return False
