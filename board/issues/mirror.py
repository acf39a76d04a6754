"""The mirror: what a proposal's or a package's page shows of Git, as one live component."""

from dataclasses import dataclass
from typing import Any

from board.issues import queries


@dataclass(frozen=True)
class Mirror:
    """Visible issues and work seen in Git for `key` (FV-12, AP-7); `new` leads to "new issue" forms of the forges.

    `closed`: how many of a package's issues are; it goes to review when all of them are. None where nothing follows.
    """

    key: str
    url: str
    issues: tuple[queries.Chip, ...]
    developments: tuple[queries.DevelopmentLine, ...]
    new: tuple[tuple[str, str], ...]
    closed: int | None = None


def for_proposal(proposal: Any, _by: Any = None) -> dict[str, Any]:
    """`mirror` for a proposal with id, key, title and text: two statements."""
    found = queries.for_proposal(proposal)
    return {"mirror": _mirror(proposal.key, f"/proposals/{proposal.key}/issues", (), found)}


def for_package(package: Any, _by: Any = None) -> dict[str, Any]:
    """`mirror` for a package with id, key, title and text: three statements."""
    found = queries.for_package(package)
    return {"mirror": _mirror(package.key, f"/packages/{package.key}/issues", found["developments"], found)}


def _mirror(key: str, url: str, developments: Any, found: dict[str, Any]) -> Mirror:
    issues = tuple(found["issues"])
    closed = sum(issue.state == "closed" for issue in issues) if issues and key.startswith("AP") else None
    return Mirror(key, url, issues, tuple(developments), tuple(found["new_issue_links"]), closed)
