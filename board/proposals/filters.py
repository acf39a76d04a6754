"""What a list of proposals is narrowed to and sorted by: one value, one canonical address, whoever builds the link."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from board import text
from board.proposals.cells import ANY, NONE, codes
from board.proposals.states import State

PAGE = 50
MOST = 500
MAX_WORDS = 100
SORTS = {
    "newest": "Newest",
    "support": "Most support",
    "contested": "Most contested",
    "due": "Answer-by date",
    "active": "Recently active",
    "strength": "Strongest coalition",
    "value": "Highest value",
    "effort": "Least effort",
}
"""Sort → the message id of its label; the first is what one gets without asking."""

LISTED = frozenset(state.value for state in State if state != State.MERGED)
"""The states that a list can be narrowed to."""
SCALED = ("value", "effort", "support", "contest")
NARROWING = ("q", "state", "topic", "partner", "mine", "elsewhere", "milestone", *SCALED)


class Filters(NamedTuple):
    """All that decides which proposals are listed. Empty means: not narrowed.

    topic and partner are slugs; `mine` is "missing" (my partner has no ballot yet), `elsewhere` is "1" (somebody
    runs it, my partner does not); milestone is an id or "none"; value, effort, support and contest are classes of
    `cells`; `after` is the key to continue behind, `n` how many rows to show from the start.
    """

    q: str = ""
    state: str = ""
    topic: str = ""
    partner: str = ""
    mine: str = ""
    elsewhere: str = ""
    milestone: str = ""
    value: str = ""
    effort: str = ""
    support: str = ""
    contest: str = ""
    sort: str = "newest"
    after: str = ""
    n: int = PAGE

    @property
    def narrowing(self) -> dict[str, str]:
        """The fields that leave something out, in the order in which they are shown."""
        return {name: value for name in NARROWING if (value := getattr(self, name))}

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return bool(self.narrowing)

    def query(self) -> str:
        """The canonical query string, without what goes without saying."""
        shown: dict[str, Any] = self.narrowing
        if self.sort != "newest":
            shown["sort"] = self.sort
        if self.after:
            shown["after"] = self.after
        if self.n != PAGE:
            shown["n"] = self.n
        return urlencode(shown) if shown else ""

    def narrowed_query(self) -> str:
        """The query string from its beginning: what a saved view is made of."""
        return self._replace(after="", n=PAGE).query()

    def feed_query(self) -> str:
        """What a feed of the list depends on: neither its order nor what only one partner sees."""
        return self._replace(after="", n=PAGE, sort="newest", mine="", elsewhere="").query()

    def url(self, path: str = "/proposals", **changes: Any) -> str:
        """The address of this list with changes; it starts at the first page unless `after` or `n` is given."""
        query = self._replace(**{"after": "", "n": PAGE, **changes}).query()
        return f"{path}?{query}" if query else path


def read(args: Mapping[str, str], *, topics: set[str], partners: set[str], partner: bool, votes: bool) -> Filters:
    """The filters of an address; what is unknown or makes no sense for this reader is left out.

    `topics` and `partners` are the known slugs; `partner` and `votes` say whether the reader acts for a partner and
    whether that partner votes. A list by answer-by date shows open proposals only: nothing else is due; one by effort
    shows those that were estimated.
    """
    state = _one_of(args.get("state", ""), LISTED)
    sort = _one_of(args.get("sort", ""), SORTS) or "newest"
    mine = "missing" if votes and args.get("mine") == "missing" else ""
    if mine or sort == "due":
        sort, state = ("newest", state) if state not in {"", State.OPEN} and not mine else (sort, State.OPEN.value)
    scaled = {scale: _one_of(args.get(scale, ""), codes(scale)) for scale in SCALED}
    if sort == "effort":
        scaled["effort"] = scaled["effort"] or ANY
    return Filters(
        q=" ".join(text.clean(args.get("q", "")).split())[:MAX_WORDS].strip(),
        state=state,
        topic=_one_of(args.get("topic", ""), topics),
        partner=_one_of(args.get("partner", ""), partners),
        mine=mine,
        elsewhere="1" if partner and args.get("elsewhere") == "1" else "",
        sort=sort,
        milestone=_number(args.get("milestone", "")),
        **scaled,
        after=args.get("after", "") if len(args.get("after", "")) <= 60 else "",
        n=_rows(args.get("n", "")),
    )


def _one_of(value: str, known: Collection[str]) -> str:
    return value if value in known else ""


def _number(value: str) -> str:
    """An id without leading zeros, or "none"."""
    known = value == NONE or (value.isascii() and value.isdigit() and len(value) <= 9 and not value.startswith("0"))
    return value if known else ""


def _rows(value: str) -> int:
    """A multiple of a page, at most `MOST`."""
    if not (value.isascii() and value.isdigit() and len(value) <= 4):
        return PAGE
    return min(max(-(-int(value) // PAGE), 1) * PAGE, MOST)
