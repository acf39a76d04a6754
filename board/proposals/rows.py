"""Rows of proposal lists, kept in this process, so that a list costs as little as what is new in it.

A proposal's row lies beside everything that shows in it: once something of that has changed, the row is made anew and
takes the place of the old one. What is missing is made together: one statement, one module of Jinja's macros around the
partials that every page includes. Ballots that differ in nothing but the proposal's number and their moment are made
once, with holes for both. ADR 38.
"""

import threading
from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from markupsafe import Markup

from board import i18n, templating
from board.policy import ANONYMOUS, Actor
from board.proposals import queries, unseen
from board.proposals.queries import Row, Stamp
from board.settings.current import current
from board.voting import queries as voting

KEPT = 8_000


class Kept:
    """A bounded store; when it is full, the oldest tenth goes. Safe for threads: what is kept is never changed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._parts: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._parts)

    def get(self, key: Hashable) -> Any:
        """What lies there, or None."""
        return self._parts.get(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._parts.clear()

    def put(self, parts: Mapping[Hashable, Any]) -> None:
        """Keep them."""
        with self._lock:
            if len(self._parts) + len(parts) > self._size:
                for old in list(self._parts)[: self._size // 10 + len(parts)]:
                    del self._parts[old]
            self._parts.update(parts)


kept = Kept(KEPT)
NOTHING = Markup("")
HOLE: Any = "\0"
"""What stands where a proposal's number goes; no text that is shown has a NUL (`text.clean`)."""


Frame = tuple[str, int, int, date]
"""What shows in every row of a list: language, quorum, the electorate's version, today."""


class Shown(NamedTuple):
    """A proposal as every reader of a list sees it: kept under id and language, for one stamp and frame."""

    row: Row
    what: Markup
    tally: Markup


class Line(NamedTuple):
    """One row of a list: its rendered parts, what is new in it for this reader; plain: nobody votes in this list."""

    id: int
    what: Markup
    tally: Markup
    ballot: Markup
    since: unseen.Since | None
    plain: bool


def lines(found: Sequence[tuple[int, Stamp]], by: Actor, electorate: int) -> tuple[list[Line], object]:
    """The rows of these proposals, given as (id, stamp), and a value that changes with what is one's own in them.

    `electorate` is the electorate's version. Loads in one batch what is not kept.
    """
    frame = (i18n.current_locale(), current().quorum, electorate, i18n.today())
    known = _known(found, frame)
    shown = [known[number] for number, _stamp in found if number in known]
    ids = [one.row.id for one in shown]
    votes = bool(shown) and by.partner is not None and by.partner.votes
    own = voting.own(ids, by) if votes else {}
    since = unseen.since(ids, by)
    ballots = _ballots([one.row for one in shown], frame, by, own) if votes else {}
    made = [
        Line(number, one.what, one.tally, ballots.get(number, NOTHING), since.get(number), plain=not votes)
        for number, one in zip(ids, shown, strict=True)
    ]
    return made, (own, since)


def _known(found: Sequence[tuple[int, Stamp]], frame: Frame) -> dict[int, Shown]:
    """What every reader sees of them, by id; what is not kept is read and rendered together."""
    known = {number: _unchanged(number, stamp, frame) for number, stamp in found}
    missing = [number for number, shown in known.items() if shown is None]
    if missing:
        rows = queries.rows(missing, frame[0])
        tallies, parts = voting.tallies(rows.values()), _parts(frame)
        made = {number: Shown(row, parts.what(row), parts.tally(tallies[number])) for number, row in rows.items()}
        kept.put({(number, frame[0]): (shown.row.stamp, frame, shown) for number, shown in made.items()})
        known |= made
    return {number: shown for number, shown in known.items() if shown is not None}


def _unchanged(number: int, stamp: Stamp, frame: Frame) -> Shown | None:
    """What is kept of the proposal, if it would be made so again."""
    of, within, shown = kept.get((number, frame[0])) or (None, None, None)
    return shown if (of, within) == (stamp, frame) else None


def _ballots(rows: Sequence[Row], frame: Frame, by: Actor, own: dict[int, voting.Own]) -> dict[int, Markup]:
    """The reader's ballot on each, where there is or was a vote; kept under all that shows in it but what is filled in.

    Its reason does not show in a list.
    """
    why = voting.why_no_ballot(by)
    who = (frame, by.partner, by.role, by.may_vote, why)
    patterns: dict[Hashable, list[list[str]]] = {}
    made: dict[int, Markup] = {}
    parts = None
    for row in rows:
        if not (row.is_open or row.closed_at):  # What was imported as available never had a vote.
            continue
        mine = own.get(row.id)
        cast_on = None if mine is None else (mine.choice, mine.person, mine.text_version == row.text_version)
        said = row.state, row.closed_at, row.consent_until, cast_on
        when = "" if mine is None else str(i18n.time_tag(mine.cast_at, frame[0]))
        pattern = patterns.get(said) or kept.get((who, said))
        if pattern is None:
            parts = parts or _parts(frame, by)
            anybodys = row._replace(id=HOLE, title="", vote_by=None)
            html = str(parts.ballot(voting.box(anybodys, mine, by, why)))
            pattern = [piece.split(HOLE) for piece in (html.split(when) if when else (html,))]
            kept.put({(who, said): pattern})
        patterns[said], number = pattern, str(row.id)
        made[row.id] = Markup(when.join([number.join(piece) for piece in pattern]))  # noqa: S704 - it was rendered
    return made


def _parts(frame: Frame, by: Actor = ANONYMOUS) -> Any:
    """The macros that render parts, for this frame and, where a ballot is asked for, this reader."""
    locale, quorum = frame[:2]
    return templating.module("proposals/_parts.html", locale, {"quorum": quorum, "me": by})
