"""The saved views as they stand beside a list: what one may open, and where one's partner begins."""

from dataclasses import dataclass
from typing import Any

from board.pages import until_commit
from board.policy import Actor
from board.saved import queries
from board.saved.models import address


@dataclass(frozen=True)
class View:
    """One view; `mine`: it is the reader's own, `ours`: it belongs to the partner acted for."""

    id: int
    name: str
    url: str
    audience: str
    beginning: bool
    mine: bool
    ours: bool


@dataclass(frozen=True)
class Shown:
    """All views of a reader, and the address with which the reader's partner begins (empty without one)."""

    views: tuple[View, ...] = ()
    begin: str = ""


def shown(by: Actor) -> Shown:
    """What a reader sees; nothing is read for those who are not signed in."""
    if not by.signed_in:
        return Shown()
    return until_commit(("views", by.person_id, by.partner_id), lambda: _read(by))


def _read(by: Actor) -> Shown:
    found = tuple(_view(view, by) for view in queries.views(by))
    begin = next((view.url for view in found if view.beginning and view.ours), "")
    return Shown(found, "" if begin == "/proposals" else begin)


def _view(row: Any, by: Actor) -> View:
    mine, ours = row.person_id == by.person_id, row.partner_id is not None and row.partner_id == by.partner_id
    return View(row.id, row.name, address(row.face, row.query), row.audience, row.beginning, mine, ours)
