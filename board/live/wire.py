"""What goes to a browser: events named by topics, and the cursor to come back with; the same for both ways to write.

A cursor is `4711~9`: a position in the log, and the person for whom the page was made (nobody: `4711~`).
"""

from collections.abc import Iterable

from board.live import log
from board.live.log import Position

HELLO = ": hi\n\n"
RELOAD = "reload"
MAX_TOPICS = 500
HEARTBEAT_SECONDS = 15


def cursor(position: Position, person_id: int | None) -> str:
    """Where the news begin that a page or a stream has not heard yet."""
    return f"{log.written(position)}~{person_id or ''}"


def noted(topics: dict[str, None], more: Iterable[str]) -> dict[str, None]:
    """Each topic once, in order; too many become one `reload`, so that what waits cannot grow without bound."""
    found = topics | dict.fromkeys(more)
    return {RELOAD: None} if RELOAD in found or len(found) > MAX_TOPICS else found


def events(topics: Iterable[str]) -> str:
    """One event for each topic, or a heartbeat where there is none; unfinished until `told` has added the id."""
    return "\n".join([f"event: {topic}\ndata:\n" for topic in topics] or [": still here\n"])


def told(said: str, position: Position, person_id: int | None) -> str:
    """Those events with the cursor. It comes last: whoever is cut off in between gets all of them again."""
    return f"{said}id: {cursor(position, person_id)}\n\n"


def chunk(text: str) -> bytes:
    """A piece of an answer whose length nobody knows (`Transfer-Encoding: chunked`)."""
    body = text.encode()
    return b"%X\r\n%s\r\n" % (len(body), body)


LAST_CHUNK = b"0\r\n\r\n"
