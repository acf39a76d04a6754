"""From claimed to done: the moves of a package, its pauses, and who may do what at the moment."""

from typing import Protocol

from board.activity.models import act
from board.db import now
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor, allowed
from board.proposals.models import touch
from board.work.claims import USUAL, Terms, alive, settle, shift
from board.work.dependencies import tell
from board.work.models import Package, PackageState, touch_package

OPEN, CLAIMED, IN_PROGRESS, REVIEW, DONE = PackageState
UNDER_WAY = frozenset({CLAIMED, IN_PROGRESS, REVIEW})
#: (from, to) → verb. Claiming and handing back lead into and out of it.
VERBS: dict[tuple[str, str], str] = {
    (OPEN, CLAIMED): "claim",
    (CLAIMED, IN_PROGRESS): "start",
    (IN_PROGRESS, REVIEW): "submit",
    (REVIEW, DONE): "finish",
    (REVIEW, IN_PROGRESS): "return",
    (CLAIMED, OPEN): "hand_back",
    (IN_PROGRESS, OPEN): "hand_back",
    (REVIEW, OPEN): "hand_back",
}


def start(package: Package, by: Actor, terms: Terms = USUAL) -> None:
    """The lead begins to work."""
    _move(package, by, "package.start", CLAIMED, IN_PROGRESS, terms)


def submit(package: Package, by: Actor, terms: Terms = USUAL) -> None:
    """The lead asks for acceptance."""
    _move(package, by, "package.submit", IN_PROGRESS, REVIEW, terms)


def send_back(package: Package, by: Actor, terms: Terms = USUAL) -> None:
    """Something is missing: from review back to work (the verb is called `return`)."""
    _move(package, by, "package.return", REVIEW, IN_PROGRESS, terms)


def finish(package: Package, by: Actor, terms: Terms = USUAL) -> None:
    """The work is accepted; the seats end and stay on record."""
    _move(package, by, "package.finish", REVIEW, DONE, terms)
    shift(package)
    settle(package)


def _move(package: Package, by: Actor, verb: str, before: str, after: str, terms: Terms) -> None:
    act(by, verb, package)
    if package.state != before:
        raise Conflict(_("Somebody was faster, or the page is out of date."))
    package.state = after
    alive(package, by, terms)
    touch_package(package.id)
    shown = tell(package) if DONE in {before, after} else set()
    for proposal_id in sorted({package.proposal_id, *shown}):
        touch(proposal_id)


def hold(package: Package, by: Actor, reason: str) -> None:
    """Stop the clock, such as while a contract is being awarded; the reason is shown."""
    act(by, "package.hold", package)
    if package.state not in UNDER_WAY:
        raise Conflict(_("Only a claimed work package can be put on hold."))
    if package.held_at is None:
        package.held_at = now()
    package.held_reason = reason
    touch_package(package.id)
    touch(package.proposal_id)


def resume(package: Package, by: Actor) -> None:
    """Let the clock run on; every lease grows by the days on hold. Harmless when it runs."""
    if package.held_at is None and allowed(by, "package.resume", package):
        return
    act(by, "package.resume", package)
    shift(package)
    touch_package(package.id)
    touch(package.proposal_id)


class Standing(Protocol):
    """What must be known of a package to say what may be done with it."""

    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def lead_partner_id(self) -> int | None: ...  # noqa: D102
    @property
    def held(self) -> bool: ...  # noqa: D102


def possible(package: Standing, by: Actor, seat: str | None, has_bid: bool) -> frozenset[str]:
    """The verbs that would work right now; `seat`: the one that the partner acted for holds."""
    if not by.signed_in:
        return frozenset()
    running = package.state != DONE
    states = {verb for (before, _after), verb in VERBS.items() if before == package.state}
    fits = {
        "claim": package.state == OPEN,
        "support": running and seat is None and (package.lead_partner_id is not None or package.state == OPEN),
        "renew": running and seat is not None,
        "hand_back": running and seat is not None,
        "start": "start" in states,
        "submit": "submit" in states,
        "finish": "finish" in states,
        "return": "return" in states,
        "hold": package.state in UNDER_WAY and not package.held,
        "resume": package.held,
        "commission": package.state in UNDER_WAY,
        "bid": running and not has_bid,
        "withdraw_bid": running and has_bid,
        "edit": True,
    }
    mine = {"renew", "hand_back", "withdraw_bid"}  # One's own row is the right itself.
    return frozenset(
        verb for verb, fit in fits.items() if fit and (verb in mine or allowed(by, f"package.{verb}", package))
    )
