"""What workshops' pages and the API show, as plain frozen objects."""

from dataclasses import dataclass
from datetime import date, datetime

from board.policy import Acting


@dataclass(frozen=True)
class Item:
    """One item of the agenda, as the list shows it; `done` where its question has been answered meanwhile."""

    id: int
    kind: str
    key: str
    title: str
    url: str
    partner: Acting | None
    proposal_id: int | None
    contested: bool
    vote_by: date | None
    done: bool
    current: bool


@dataclass(frozen=True)
class Waiting:
    """A draft that waits for its partner's delegate."""

    id: int
    workshop_id: int
    key: str
    title: str
    partner: Acting
    choice: str
    reason: str
    may_confirm: bool
    may_discard: bool


@dataclass(frozen=True)
class Meeting:
    """A workshop whole. `host`: the reader leads it; `here`: the partner acted for has joined.

    Of the `n_present` partners that are there, at most `queries.SHOWN` are in `present`.
    """

    id: int
    title: str
    held_on: date
    begins: str
    place: str
    text: str
    state: str
    item_id: int | None
    closed_at: datetime | None
    late_until: datetime | None
    version: int
    items: tuple[Item, ...]
    present: tuple[Acting, ...]
    n_present: int
    host: bool
    here: bool

    @property
    def url(self) -> str:
        """Its page."""
        return f"/workshops/{self.id}"

    @property
    def current(self) -> Item | None:
        """What is on the screen."""
        return next((item for item in self.items if item.current), None)

    @property
    def place_of_current(self) -> int:
        """The number of what is on the screen, 0 where nothing is."""
        return next((n for n, item in enumerate(self.items, 1) if item.current), 0)
