"""What voting's pages show, as plain frozen objects: nothing in them loads anything later.

What a list makes for each of its rows is a tuple: those are made five times as fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from board.policy import Acting
from board.voting.ballots import Said


class Some(NamedTuple):
    """The first names of so many partners."""

    names: tuple[str, ...]
    n: int


NOBODY = Some((), 0)


class Tally(NamedTuple):
    """Where the ballots stand, over all voting partners: frozen with a decision, else over those of today."""

    id: int
    key: str
    n_for: int
    n_against: int
    n_abstain: int
    total: int
    closed: bool
    coalition: Mapping[str, Any]
    built: Some = NOBODY
    used: Some = NOBODY
    """The partners that built it and that run it, where nobody was ever asked to vote."""
    available: bool = False

    @property
    def answered(self) -> int:
        """How many partners have cast a ballot that counts."""
        return self.n_for + self.n_against + self.n_abstain

    @property
    def missing(self) -> int:
        """How many have not."""
        return max(0, self.total - self.answered)

    @property
    def voted(self) -> bool:
        """Whether there is, or was, a vote at all: what was imported as available never had one."""
        return not self.closed or self.answered > 0

    def lacking(self, quorum: int) -> int:
        """How many ballots the quorum (percent of the voting partners) still lacks; display only."""
        return max(0, -(-self.total * quorum // 100) - self.answered)


class Box(NamedTuple):
    """One partner's ballot on one proposal as the acting person may see and use it; `why` they may not cast it."""

    id: int
    key: str
    title: str
    partner: Acting | None
    may: bool
    why: str
    closed: str
    vote_by: date | None
    choice: str = ""
    reason: str = ""
    cast_at: datetime | None = None
    person: str = ""
    stale: bool = False
    undo: Said | None = None
    consent: date | None = None
    """While it is in consent: the last day on which partners can object."""
    asked: bool = False
    """Whether an objection was sent that could not be taken: its form is open."""


@dataclass(frozen=True)
class Given:
    """One offer as it is shown."""

    kind: str
    days: int | None
    declared_at: datetime
    confirmed_body: str
    confirmed_on: date | None


@dataclass(frozen=True)
class Panel:
    """The acting partner's offers and conditions, as its form shows them."""

    id: int
    key: str
    partner: Acting | None
    may: bool
    why: str
    only_use: bool
    given: Mapping[str, Given]
    values: Mapping[str, Any]
    undo: Mapping[str, Any] | None = None
    errors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Companion:
    """A partner that takes part, with all it brings in; the condition is there for signed-in readers only."""

    partner: Acting
    offers: tuple[Given, ...]
    said_at: datetime
    condition: str = ""
    reserved: bool = False
    reserved_body: str = ""
    reserved_on: date | None = None


@dataclass(frozen=True)
class Coalition:
    """Who takes part: `n` partners, of many only some."""

    id: int
    key: str
    companions: tuple[Companion, ...]
    n: int


@dataclass(frozen=True)
class CompanionsPage:
    """One page of all who take part; `numbers` counts by kind of offer, `more` is the next key."""

    companions: tuple[Companion, ...]
    numbers: Mapping[str, int]
    more: str


@dataclass(frozen=True)
class Voice:
    """One partner's ballot with all that goes with it: for signed-in readers."""

    partner: Acting
    choice: str
    reason: str
    cast_at: datetime
    person: str
    stale: bool
    counted: bool


@dataclass(frozen=True)
class Change:
    """One line of the history of ballots and offers."""

    at: datetime
    verb: str
    partner: Acting | None
    person: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Ballots:
    """Who voted how, and every change; `visible` is false for readers who are not signed in.

    `n` ballots there are and `missing` partners without one; of many only some are in `voices` and `silent`.
    """

    id: int
    key: str
    visible: bool
    voices: tuple[Voice, ...] = ()
    n: int = 0
    silent: tuple[Acting, ...] = ()
    missing: int = 0
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class VoicesPage:
    """One page of all ballots, or of the partners without one; `numbers` counts by choice, `more` is the next key."""

    voices: tuple[Voice, ...]
    silent: tuple[Acting, ...]
    numbers: Mapping[str, int]
    more: str


@dataclass(frozen=True)
class Use:
    """One partner's use of one feature."""

    partner: Acting
    status: str
    variant: str
    release: str
    contact: str
    source: str
    confirmed_on: date | None
    planned_for: str
    link: str


@dataclass(frozen=True)
class Users:
    """Who uses a feature, of many only some (`n` in all), and the acting partner's own record: `values` of its form."""

    id: int
    key: str
    uses: tuple[Use, ...]
    n: int
    partner: Acting | None
    may: bool
    why: str
    values: Mapping[str, Any]
    undo: Mapping[str, Any] | None = None
    errors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class UsesPage:
    """One page of all entries of use; `numbers` counts by status, `more` is the next key."""

    uses: tuple[Use, ...]
    numbers: Mapping[str, int]
    more: str
