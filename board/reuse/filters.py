"""What of the matrix somebody wants to see, read from its address: which rows, which columns, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from board.partners.models import Kind
from board.policy import Actor
from board.text import clean
from board.voting.models import ReuseStatus

FIRST, MOST = 100, 400
"""So many rows are shown at once, and when all are asked for: with 60 columns 400 rows are 55,000 elements."""
SORTS = {"used": "Most used", "title": "Title", "confirmed": "Confirmed last", "own": "Own entries first"}
"""Sort → the message id of its label; the first is what one gets without asking."""


@dataclass(frozen=True)
class Filters:
    """What the matrix shows: its rows by all fields but `kind` and `who`, which choose columns.

    `partner` uses or built it. `columns` orders columns: by name, or (used) those first that run and pilot the most.
    """

    q: str = ""
    topic: str = ""
    status: str = ""
    partner: str = ""
    elsewhere: str = ""
    old: str = ""
    kind: str = ""
    who: str = ""
    sort: str = "used"
    columns: str = ""
    all: str = ""

    @property
    def most(self) -> int:
        """How many rows at most."""
        return MOST if self.all else FIRST

    @property
    def narrowing(self) -> dict[str, str]:
        """The fields that leave something out, in the order in which they are shown."""
        return {name: value for name, value in vars(self).items() if value and name not in {"sort", "columns", "all"}}

    def query(self) -> str:
        """The canonical query string, without what goes without saying."""
        return urlencode(
            self.narrowing
            | ({"sort": self.sort} if self.sort != "used" else {})
            | ({"columns": self.columns} if self.columns else {})
            | ({"all": "1"} if self.all else {})
        )

    def url(self, path: str = "/reuse", **changes: str) -> str:
        """The address of the matrix with changes."""
        query = replace(self, **changes).query()
        return f"{path}?{query}" if query else path


def read(args: Mapping[str, str], by: Actor, topics: set[str], partners: set[str]) -> Filters:
    """The filters of an address; what is unknown or makes no sense for this reader is left out."""

    def one_of(name: str, known: set[str]) -> str:
        return args.get(name, "") if args.get(name, "") in known else ""

    sorts = set(SORTS) - (set() if by.partner else {"own"})
    return Filters(
        q=" ".join(clean(args.get("q", "")).split())[:100].strip(),
        topic=one_of("topic", topics),
        status=one_of("status", set(ReuseStatus)),
        partner=one_of("partner", partners),
        elsewhere=one_of("elsewhere", {"1"}) if by.partner else "",
        old=one_of("old", {"1"}),
        kind=one_of("kind", set(Kind)),
        who=" ".join(clean(args.get("who", "")).split())[:100].strip(),
        sort=one_of("sort", sorts) or "used",
        columns=one_of("columns", {"used"}),
        all=one_of("all", {"1"}),
    )
