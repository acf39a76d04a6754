"""Rows of proposal lists, kept in this process, so that a list costs as little as what is new in it.

A part is kept under everything that shows in it: what changes gets a new key, what is old falls out.
"""

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from board import i18n, templating
from board.policy import Actor
from board.proposals import lists, queries
from board.proposals.queries import Row, Stamp
from board.settings.current import current
from board.voting import queries as voting

KEPT = 10_000


class Kept:
    """A bounded store; when it is full, the oldest tenth goes. Safe for threads: parts are never changed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._parts: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The part, or None."""
        return self._parts.get(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._parts.clear()

    def put(self, key: Hashable, part: Any) -> Any:
        """Keep a part and give it back."""
        with self._lock:
            if len(self._parts) >= self._size:
                for old in list(self._parts)[: self._size // 10 + 1]:
                    del self._parts[old]
            self._parts[key] = part
        return part


kept = Kept(KEPT)


Frame = tuple[str, int, int, date]
"""What shows in every row of a list: language, quorum, the electorate's version, today."""


@dataclass(frozen=True)
class Line:
    """One row of a list: its rendered parts, what is new in it for this reader; plain: nobody votes in this list."""

    id: int
    what: Markup
    tally: Markup
    ballot: Markup
    since: lists.Since | None
    plain: bool


def lines(found: Sequence[tuple[int, Stamp]], by: Actor, electorate: int) -> tuple[list[Line], object]:
    """The rows of these proposals, given as (id, stamp), and a value that changes with what is one's own in them.

    `electorate` is the electorate's version. Loads in one batch what is not kept.
    """
    frame = (i18n.current_locale(), current().quorum, electorate, i18n.today())
    known = _rows(found, electorate)
    rows = [known[number] for number, _stamp in found if number in known]
    boxes = voting.boxes(rows, by) if by.partner and by.partner.votes else {}
    since = lists.since([row.id for row in rows], by)
    tally = _tallies(rows, frame)
    shown = [
        Line(
            row.id,
            _part("proposals/_what.html", row, frame, (), lambda row=row: {"row": row}),  # type: ignore[misc]
            tally(row),
            _ballot(row, frame, by, boxes.get(row.id)),
            since.get(row.id),
            plain=not boxes,
        )
        for row in rows
    ]
    return shown, (boxes, since)


def _rows(found: Iterable[tuple[int, Stamp]], electorate: int) -> dict[int, Row]:
    locale = i18n.current_locale()
    known = {number: kept.get(("row", number, stamp, locale, electorate)) for number, stamp in found}
    missing = queries.rows((number for number, row in known.items() if row is None), locale)
    for row in missing.values():
        kept.put(("row", row.id, row.stamp, locale, electorate), row)
    return {number: row for number, row in (known | missing).items() if row is not None}


def _tallies(rows: Sequence[Row], frame: Frame) -> Callable[[Row], Markup]:
    """Each row's tally; they are counted together, and only if one of them is not kept."""
    counted: dict[int, Any] = {}

    def one(row: Row) -> dict[str, Any]:
        if not counted:
            counted.update(voting.tallies(rows))
        return {"tally": counted[row.id]}

    return lambda row: _part("voting/_tally.html", row, frame, (), lambda: one(row))


def _ballot(row: Row, frame: Frame, by: Actor, box: Any) -> Markup:
    if box is None or not (row.is_open or row.closed_at):  # What was imported as available never had a vote.
        return Markup("")
    mine = (by.partner_id, by.role, by.may_vote, box)
    return _part("voting/_ballot.html", row, frame, mine, lambda: {"ballot": box, "me": by})


def _part(template: str, row: Row, frame: Frame, extra: tuple[Any, ...], more: Callable[[], dict[str, Any]]) -> Markup:
    """A rendered part of a row. `extra` is what else shows in it; `more` makes what the template needs."""
    key = (template, row.id, row.stamp, frame, extra)
    part: Markup | None = kept.get(key)
    if part is None:
        locale, quorum = frame[:2]
        context = {"face": "", "form": None, "refusal": None, "quorum": quorum, "proposal": row, **more()}
        html = templating.render(template, locale, context)
        part = kept.put(key, Markup(html))  # noqa: S704 - our own templates escape
    return part
