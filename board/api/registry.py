"""Every operation of the API in one list, each with all that is said about it; feature modules add theirs.

`@read(…)` and `@change(…)` register a function. A reading function returns its answer; a changing one runs inside a
transaction, calls verbs, and returns how its answer is read once they are done.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

Handler = Callable[..., Any]
_PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True)
class Operation:
    """One address with one method. `words` are message ids: what it does, and what else there is to know."""

    method: str
    path: str
    name: str
    tag: str
    words: tuple[str, ...]
    handler: Handler
    answer: type[BaseModel] | None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    scope: str = "read"
    status: int = 200
    signed_in: bool = False
    """Whether strangers get nothing here even where reading is public."""
    edition: bool = False
    """Whether `If-Match` must name the edition that is changed."""
    paged: bool = False
    example: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """(converter, name) of the parts of its path."""
        return [(kind or "default", name) for kind, name in _PART.findall(self.path)]

    @property
    def shown_path(self) -> str:
        """The path as OpenAPI writes it, with the names of its parts as people know them."""
        return _PART.sub(lambda found: "{" + PART_NAMES.get(found[2], found[2]) + "}", self.path)


PART_NAMES = {
    "proposal_id": "proposal", "package_id": "package", "slug": "partner", "comment_id": "comment",
    "estimate_id": "estimate", "learning_id": "learning", "workshop_id": "workshop", "decision_id": "decision",
    "issue_id": "issue", "variant_id": "variant", "milestone_id": "milestone", "draft_id": "draft",
}  # fmt: skip
OPERATIONS: list[Operation] = []
ORDER = (
    "Oneself", "Proposals", "Ballots and offers", "Estimates", "Decisions", "Work packages", "Comments", "Issues",
    "Reuse", "Variants", "Learnings", "Workshops", "Milestones", "Partners and topics", "Activity and search",
)  # fmt: skip
"""The groups in the order in which the document and the page tell them."""


def in_order() -> list[Operation]:
    """All operations, group by group."""
    return sorted(OPERATIONS, key=lambda operation: ORDER.index(operation.tag))


def read(path: str, name: str, tag: str, *words: str, **more: Any) -> Callable[[Handler], Handler]:
    """Register a reading function under an address below `/api/v1`."""
    return _add("GET", path, name, tag, words, more)


def change(method: str, path: str, name: str, tag: str, *words: str, **more: Any) -> Callable[[Handler], Handler]:
    """Register a changing function; `scope` says which tokens may call it."""
    return _add(method, path, name, tag, words, {"signed_in": True, **more})


def _add(
    method: str, path: str, name: str, tag: str, words: tuple[str, ...], more: dict[str, Any]
) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        OPERATIONS.append(Operation(method, path, name, tag, words, handler, **more))
        return handler

    return register
