"""Which components an activity row concerns: the topics that live streams send and browsers refetch on.

Topics are names such as `tally-12`; a component listens to its own. What an anonymous reader may not see
(that a certain partner has cast a ballot or stated a condition) does not reach them as a topic either.
"""

from collections.abc import Callable
from typing import Protocol

from board.activity.seen import ACCOUNT, ADMINISTRATION, OPERATIONS, hides_partner


class Row(Protocol):
    """What topics are made from: an Activity, or a tuple of its columns."""

    @property
    def verb(self) -> str: ...  # noqa: D102
    @property
    def proposal_id(self) -> int | None: ...  # noqa: D102
    @property
    def package_id(self) -> int | None: ...  # noqa: D102
    @property
    def comment_id(self) -> int | None: ...  # noqa: D102
    @property
    def partner_id(self) -> int | None: ...  # noqa: D102
    @property
    def about_id(self) -> int | None: ...  # noqa: D102


BESIDE = {"reuse": ("reuse", "tally"), "estimate": ("estimates", "counts", "tally")}
"""What changes on a proposal's pages and rows with a noun that stands beside it."""


def topics(row: Row) -> frozenset[str]:
    """All topics of one row, for readers who are signed in. Events of accounts and administration have none."""
    noun, action = row.verb.split(".", 1)
    if noun in ACCOUNT | ADMINISTRATION:
        return frozenset()
    if noun in OPERATIONS:
        return frozenset({"outgoing" if noun == "endpoint" else "connections"})
    found = {"activity"} | {f"partner-{p}" for p in (row.partner_id, row.about_id) if p is not None}
    proposal, partner = row.proposal_id, row.about_id or row.partner_id
    if noun in {"proposal", "consent", "sheet", "duplicate"}:
        found |= {f"proposal-{proposal}", f"counts-{proposal}"}
        found |= {"proposals"} if action in {"propose", "import"} else set()
    elif noun == "ballot":
        found |= {f"tally-{proposal}", f"ballot-{proposal}-{partner}"}
    elif noun in {"offer", "condition"}:
        found |= {f"tally-{proposal}", f"coalition-{proposal}", f"offers-{proposal}-{partner}"}
    elif noun in BESIDE:
        found |= {f"{part}-{proposal}" for part in BESIDE[noun]}
    elif noun == "package":
        found |= {f"package-{row.package_id}", "packages"}
        found |= {f"packages-{proposal}", f"counts-{proposal}"} if proposal is not None else set()
    elif noun == "comment":
        found |= _of_comment(row)
    elif noun == "issue":
        found |= {"issues"}
        found |= {f"issues-FV-{proposal}"} if proposal is not None else set()
        found |= {f"issues-AP-{row.package_id}", f"package-{row.package_id}"} if row.package_id is not None else set()
    return frozenset(found | (KNOWLEDGE[noun](proposal) if noun in KNOWLEDGE else set()))


def _of_variant(proposal: int | None) -> set[str]:
    return {f"variants-{proposal}", f"reuse-{proposal}"}


def _of_workshop(_proposal: int | None) -> set[str]:
    return {"workshops"}


def _of_learning(proposal: int | None) -> set[str]:
    return {"learnings"} | ({f"learnings-{proposal}", f"reuse-{proposal}"} if proposal is not None else set())


KNOWLEDGE: dict[str, Callable[[int | None], set[str]]] = {
    "variant": _of_variant,
    "learning": _of_learning,
    "workshop": _of_workshop,
    "draft": _of_workshop,
}
"""What a partner knows and has that others can take: noun → topics by the proposal it is about."""


def public_topics(row: Row) -> frozenset[str]:
    """The topics that readers who are not signed in may learn of: without the partner where that is not theirs."""
    found = topics(row) - {"connections", "outgoing", "workshops"}
    if not hides_partner(row.verb):
        return found
    return frozenset(t for t in found if not t.startswith(("partner-", "ballot-", "offers-")))


def _of_comment(row: Row) -> set[str]:
    counts = {f"counts-{row.proposal_id}"} if row.proposal_id is not None else set()
    if row.package_id is not None:
        return counts | {f"comments-AP-{row.package_id}", f"package-{row.package_id}"}
    return counts | {f"comments-FV-{row.proposal_id}"}
