"""The states of a proposal, the verbs between them, and the words for both."""

import enum


class State(enum.StrEnum):
    """Where a proposal stands; the verbs between them stand below."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DECLINED = "declined"
    BUILDING = "building"
    PILOTING = "piloting"
    AVAILABLE = "available"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


MOVES: dict[str, tuple[tuple[State, ...], State]] = {
    "withdraw": ((State.OPEN,), State.WITHDRAWN),
    "accept": ((State.OPEN, State.DEFERRED), State.ACCEPTED),
    "defer": ((State.OPEN,), State.DEFERRED),
    "decline": ((State.OPEN,), State.DECLINED),
    "start": ((State.ACCEPTED,), State.BUILDING),
    "pilot": ((State.BUILDING,), State.PILOTING),
    "publish": ((State.BUILDING, State.PILOTING), State.AVAILABLE),
    "reopen": ((State.ACCEPTED, State.DEFERRED, State.DECLINED, State.WITHDRAWN), State.OPEN),
}
"""Verb → (states it starts from, state it leads to)."""

LABELS: dict[str, str] = {
    State.OPEN: "ballot open",
    State.ACCEPTED: "accepted",
    State.DEFERRED: "deferred",
    State.DECLINED: "declined",
    State.BUILDING: "being built",
    State.PILOTING: "in pilot use",
    State.AVAILABLE: "available",
    State.WITHDRAWN: "withdrawn",
    State.MERGED: "merged",
}
"""State → the message id of the word people read."""

DECISIONS = ("accept", "defer", "decline")

REFUSED: dict[str, str] = {
    "withdraw": "Only an open proposal can be withdrawn; this one is now: %(state)s.",
    "accept": "Only an open or deferred proposal can be accepted; this one is now: %(state)s.",
    "defer": "Only an open proposal can be deferred; this one is now: %(state)s.",
    "decline": "Only an open proposal can be declined; this one is now: %(state)s.",
    "start": "Work begins on an accepted proposal; this one is now: %(state)s.",
    "pilot": "Only what is being built can go into pilot use; this one is now: %(state)s.",
    "publish": "Only what is being built or piloted can be published; this one is now: %(state)s.",
    "reopen": "Only a decided or withdrawn proposal can be reopened; this one is now: %(state)s.",
}
"""Verb → the message id of why a state does not allow it."""
