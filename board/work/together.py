"""Several packages moved at once on the board, and taken back. Each in a transaction of its own: one that cannot be
moved holds up no other. `views` gives these actions their addresses.
"""

from collections.abc import Iterator

from flask import request, url_for
from werkzeug.wrappers import Response

from board.db import transaction
from board.errors import Refusal
from board.i18n import gettext as _
from board.i18n import ngettext
from board.web import Undo, actor, respond
from board.work import browsing, moves, reverting
from board.work.leases import terms
from board.work.packages import locked
from board.work.stepping import step

MOST = 50


def move() -> Response:
    """Move the selected packages to the state `to`, each by the verb that leads there."""
    by, to = actor(), request.form.get("to", "")
    moved: list[str] = []
    refused: list[str] = []
    for package_id in _selected():
        try:
            with transaction():
                package = locked(package_id)
                before = package.state
                if before != to:
                    step(package, to, by, anyway=False)
                    moved.append(f"{package_id}-{before}-{to}")
        except Refusal as why:
            refused.append(f"AP-{package_id}: {why}")
    told = ngettext("%(n)s work package moved.", "%(n)s work packages moved.", len(moved))
    if not (moved or refused):
        told = _("Select at least one work package.")
    return _answer(told, refused, moved)


def move_back() -> Response:
    """Take a move of several back, as far as nobody has gone on since."""
    by, done = actor(), 0
    refused: list[str] = []
    for package_id, before, after in _moves():
        try:
            with transaction():
                reverting.revert(locked(package_id), before, after, by, terms())
                done += 1
        except Refusal as why:
            refused.append(f"AP-{package_id}: {why}")
    return _answer(ngettext("%(n)s work package moved back.", "%(n)s work packages moved back.", done), refused, [])


def _selected() -> list[int]:
    ids = request.form.getlist("package")[:MOST]
    return sorted({int(value) for value in ids if value.isascii() and value.isdigit() and len(value) <= 9})


def _moves() -> Iterator[tuple[int, str, str]]:
    """What the undo says: `7-claimed-in_progress,8-…`; what it cannot mean is left out."""
    for part in request.form.get("moves", "")[:2000].split(","):
        number, _dash, states = part.partition("-")
        before, _dash, after = states.partition("-")
        if number.isascii() and number.isdigit() and len(number) <= 9 and (before, after) in moves.VERBS:
            yield int(number), before, after


def _answer(told: str, refused: list[str], moved: list[str]) -> Response:
    undo = Undo(url_for("work.move_back"), {"moves": ",".join(moved)}) if moved else None
    told = " ".join([told, *refused[:5]])
    filters = browsing.chosen()
    here = browsing.query(filters)
    return respond(
        "work/_board.html",
        back_to=url_for("work.index") + (f"?{here}" if here else "") + "#board",
        message=told,
        undo=undo,
        beside={"board-told": "work/_moved.html"},
        moved={"told": told, "undo": undo, "refused": bool(refused)},
        at=0,
        **browsing.columns(filters),
    )
