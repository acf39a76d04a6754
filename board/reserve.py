"""The reserve: what public pages said last, for the time in which the database cannot be asked.

A commit empties the shelf, the reserve it does not. From here a page is only given while the database is away, with a
notice on it that says of when it is, and never to be kept by a browser. Somebody whose cookie cannot be checked gets
the public page too, and is told so. Machines (feeds, data) get a 503 instead: they could not read the notice. ADR 34.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from board import i18n, templating
from board.db import now
from board.shelf import Headers, Kept

BYTES = 16 * 1024 * 1024
OLDEST = timedelta(hours=24)
"""Nothing older is given: meanwhile a text may have been taken down for a reason."""
PLACE = b'<div id="flash">'
"""Where a page of ours tells what is to be told; the notice stands before it."""
NEVER_SAID = frozenset({"etag", "cache-control", "content-length", "x-request-id"})


@dataclass(frozen=True)
class Held:
    """A page and the moment at which its making began."""

    kept: Kept
    made_at: datetime


class Reserve:
    """The last version of public pages, the most recently made ones. Safe for threads."""

    def __init__(self) -> None:
        self._held: dict[object, Held] = {}
        self._size = 0
        self._lock = threading.Lock()

    def hold(self, key: object, kept: Kept, made_at: datetime) -> None:
        """Hold a whole public page of ours instead of its last version; the oldest make room."""
        if not kept.public or PLACE not in kept.body:
            return
        with self._lock:
            self._take(key)
            self._held[key] = Held(kept, made_at)
            self._size += len(kept.body)
            while self._size > BYTES:
                self._take(next(iter(self._held)))

    def find(self, key: object) -> Held | None:
        """The last version, unless it is too old."""
        held = self._held.get(key)
        return held if held and now() - held.made_at <= OLDEST else None

    def __len__(self) -> int:
        return len(self._held)

    def _take(self, key: object) -> None:
        if (old := self._held.pop(key, None)) is not None:
            self._size -= len(old.kept.body)


def told(kept: Kept, of: datetime, *, signed_in: bool) -> tuple[Headers, bytes]:
    """Headers and body of a held page as it is given: of that moment, for nobody to keep."""
    day = "" if i18n.day_of(of) == i18n.today() else i18n.short_date(of, kept.locale)
    shown = {"time": i18n.clock(of, kept.locale), "day": day, "signed_in": signed_in}
    notice = templating.render("_away.html", kept.locale, shown)
    headers = [(name, value) for name, value in kept.headers if name.lower() not in NEVER_SAID]
    headers += [
        ("Cache-Control", "no-store"),
        ("Age", str(max(0, int((now() - of).total_seconds())))),
        ("Warning", '110 - "Response is Stale"'),
    ]
    return headers, kept.body.replace(PLACE, notice.encode() + PLACE, 1)
