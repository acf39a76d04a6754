"""Answers that another thread gives, so that no thread stands and waits for a commit that carries many (ADR 37).

A server that can do this (`board.threads`) notes for each of its threads which request it serves. An application takes
that request over with `taken` and raises `Handed`; then the thread is free, and whoever commits answers.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


class Handed(BaseException):
    """This request is answered by somebody else. No error: nothing on the way up may take it for one."""


class Later(Protocol):
    """A request that was taken over. Exactly one of these is called, once."""

    def give(self, app: Application) -> None:
        """Answer it in this thread, which never waits for a client: what does not fit into the socket cuts it off."""

    def ask(self, app: Application) -> None:
        """Let one of the server's threads answer it."""


Offer = Callable[["WSGIEnvironment", "StartResponse"], Later | None]


class _Here(threading.local):
    offer: Offer | None = None


here = _Here()
"""Where a server leaves its offer for the request that this thread serves."""


def taken(environ: "WSGIEnvironment", start: "StartResponse") -> Later | None:
    """The request, taken over; None where the server cannot do without this thread."""
    return here.offer(environ, start) if here.offer else None
