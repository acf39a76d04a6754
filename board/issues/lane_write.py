"""What the fast lane writes: the row of an issue, new or changed, by plain statements on a cursor of the driver."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from board.db import now
from board.issues import callers
from board.issues.apply import searched
from board.issues.lane_statements import APPEAR, HOME, INSERT, RELABEL, RULES, UPDATE
from board.issues.repositories import DEFAULT_HOSTS
from board.issues.snapshot import RepositoryFacts, Snapshot

OLDER = "older"


class TooUnusual(Exception):
    """Not for the lane: nothing is kept of what it has done."""


class Writer:
    """Writes as the database at hand understands it."""

    def __init__(self, sqlite: bool) -> None:
        self.sqlite = sqlite
        self._statements: dict[str, str] = {}

    def home(
        self, cursor: Any, who: callers.Caller, door: tuple[int, str], where: RepositoryFacts, number: int,
        once: tuple[str, str],
    ) -> Any:  # fmt: skip
        """The repository with the row of the issue, if this is no copy (`once`: hash and id) of a delivery."""
        known = who.connection
        host = known.instance or where.host or DEFAULT_HOSTS[known.provider]
        keys = (*once, door[0], host, where.id, number, door[1], known.id, known.instance)
        found = self.run(cursor, HOME, *keys).fetchone()
        if found is None or (found[1], found[2]) != (where.name, where.url):
            raise TooUnusual
        return found

    def apply(self, cursor: Any, connection_id: int, found: Any, shot: Snapshot) -> str:
        """Whether the issue was created, changed, or known to be newer already."""
        if found[3] is None:
            return self._create(cursor, connection_id, found, shot)
        return self._change(cursor, connection_id, found, shot)

    def _create(self, cursor: Any, connection_id: int, found: Any, shot: Snapshot) -> str:
        title, body, labels, at = shot.title or "", shot.body or "", shot.labels, self.moment(now())
        self._leave_if_more_follows(cursor, connection_id, found, labels or (), title, body)
        new = self.run(
            cursor, INSERT, found[0], shot.number, title, body, shot.state, _json(labels), shot.url or "",
            searched(found[1], shot.number, title, body), self.moment(shot.updated_at), True, False, at, at,
        ).fetchone()  # fmt: skip
        if new is None:
            raise TooUnusual
        self.run(cursor, APPEAR, at, f'{{"issue": {new[0]}}}')
        return "created"

    def _change(self, cursor: Any, connection_id: int, found: Any, shot: Snapshot) -> str:
        """A visible row that nobody has linked; what is as new as it must differ from it."""
        id_, *texts, labels, url, before, visible, version, linked, _ruled = found[3:]
        labels = json.loads(labels) if isinstance(labels, str) else labels
        at = self.moment(shot.updated_at)
        if linked or not visible or at is None:
            raise TooUnusual
        if before is not None and at < before:
            return self._leave(texts[-1], labels, shot)
        said = (shot.title, shot.body, shot.state, list(shot.labels) if shot.labels is not None else None, shot.url)
        kept = (*texts, labels, url)
        shown: tuple[Any, ...] = tuple(old if new is None else new for new, old in zip(said, kept, strict=True))
        if shown == kept:
            raise TooUnusual
        title, body, state, worn, url = shown
        words = () if (title, body) == kept[:2] else (title, body)
        self._leave_if_more_follows(cursor, connection_id, found, worn or () if worn != labels else (), *words)
        values: tuple[Any, ...] = (state, _json(worn), url, at, self.moment(now()), id_, version, before)
        if words:
            values = (title, body, searched(found[1], shot.number, title, body), *values)
        if self.run(cursor, UPDATE if words else RELABEL, *values).rowcount != 1:
            raise TooUnusual
        return "changed"

    def _leave(self, state: Any, labels: Any, shot: Snapshot) -> str:
        """Another delivery has overtaken it, as they do when many come at once: only that it came is kept."""
        if (state is None and shot.state is not None) or (labels is None and shot.labels is not None):
            raise TooUnusual  # It still tells what was never heard.
        return OLDER

    def _leave_if_more_follows(
        self, cursor: Any, connection_id: int, found: Any, labels: Iterable[str], *words: str
    ) -> None:
        """Keys in the words make links, labels may have rules: then the door applies it."""
        if any("FV-" in text or "AP-" in text for text in words):
            raise TooUnusual
        if labels and found[-1]:
            ruled = {row[0].casefold() for row in self.run(cursor, RULES, connection_id).fetchall()}
            if not ruled.isdisjoint(label.casefold() for label in labels):
                raise TooUnusual

    def run(self, cursor: Any, statement: str, *values: Any) -> Any:
        """The cursor, with what this statement has found."""
        cursor.execute(self._statements.get(statement) or self._spelled(statement), values)
        return cursor

    def _spelled(self, statement: str) -> str:
        """In the words of the database at hand."""
        spelled = statement.replace("{same}", "IS" if self.sqlite else "IS NOT DISTINCT FROM")
        self._statements[statement] = spelled = spelled if self.sqlite else spelled.replace("?", "%s")
        return spelled

    def moment(self, value: datetime | None) -> Any:
        """As `db.Moment` keeps it."""
        if value is None or not self.sqlite:
            return value
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _json(labels: Iterable[str] | None) -> str | None:
    return None if labels is None else json.dumps(list(labels))
