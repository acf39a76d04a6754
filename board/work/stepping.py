"""One step of a package on the board: from where it stands to a state, by the verb that leads there."""

from collections.abc import Callable

from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor, allowed
from board.work import claims, moves
from board.work.leases import terms
from board.work.models import Package, Seat

DO: dict[str, Callable[[Package, Actor], object]] = {
    "start": lambda package, by: moves.start(package, by, terms()),
    "submit": lambda package, by: moves.submit(package, by, terms()),
    "finish": lambda package, by: moves.finish(package, by, terms()),
    "return": lambda package, by: moves.send_back(package, by, terms()),
    "hand_back": claims.hand_back,
}


def step(package: Package, to: str, by: Actor, *, anyway: bool) -> None:
    """Move it; where it is already nothing happens. `anyway`: claim it also while it waits for others."""
    verb = moves.VERBS.get((package.state, to))
    if verb == "claim":
        claims.claim(package, by, Seat.LEAD, None, terms(), anyway=anyway)
    elif verb:
        DO[verb](package, by)
    elif package.state != to or not allowed(by, "package.finish", package):
        raise Conflict(_("It stands elsewhere by now, or no step leads there."))
