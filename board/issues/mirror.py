"""The mirror: what a proposal's or a package's page shows of Git, as one live component. No hidden issue is in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import and_, exists, or_, select

from board.db import db
from board.issues.models import Connection, ConnectionRepository, Development, Issue, IssueLink, Repository, Standing


@dataclass(frozen=True)
class Chip:
    """An issue as proposals and packages show it."""

    id: int
    provider: str
    repository: str
    number: int
    title: str
    state: str
    labels: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class DevelopmentLine:
    """Work seen in Git for a package."""

    kind: str
    ref: str
    title: str
    url: str
    state: str
    repository: str
    seen_at: datetime


@dataclass(frozen=True)
class Mirror:
    """Visible issues and work seen in Git for `key` (FV-12, AP-7); `new` leads to "new issue" forms of the forges.

    `closed`: how many of a package's issues are; it goes to review when all of them are. None where nothing follows.
    """

    key: str
    url: str
    issues: tuple[Chip, ...]
    developments: tuple[DevelopmentLine, ...]
    new: tuple[tuple[str, str], ...]
    closed: int | None = None


def for_proposal(proposal: Any, _by: Any = None) -> dict[str, Any]:
    """`mirror` for a proposal with id, key, title and text: two statements."""
    issues, new = tuple(chips_of_proposal(proposal.id)), tuple(new_issue_links(proposal))
    return {"mirror": Mirror(proposal.key, f"/proposals/{proposal.key}/issues", issues, (), new)}


def for_package(package: Any, _by: Any = None) -> dict[str, Any]:
    """`mirror` for a package with id, key, title and text: three statements."""
    issues, seen = tuple(chips_of_package(package.id)), tuple(developments(package.id))
    closed = sum(issue.state == "closed" for issue in issues) if issues else None
    url = f"/packages/{package.key}/issues"
    return {"mirror": Mirror(package.key, url, issues, seen, tuple(new_issue_links(package)), closed)}


def chips_of_proposal(proposal_id: int) -> list[Chip]:
    """The visible issues linked to a proposal itself."""
    return _chips(IssueLink.proposal_id == proposal_id)


def chips_of_package(package_id: int) -> list[Chip]:
    """The visible issues linked to a package."""
    return _chips(IssueLink.package_id == package_id)


def developments(package_id: int) -> list[DevelopmentLine]:
    """Branches and merge requests that name a package, the open ones first."""
    wanted = (
        select(
            Development.kind, Development.ref, Development.title, Development.url, Development.state, Repository.name,
            Development.seen_at,
        )
        .join(Repository, Repository.id == Development.repository_id)
        .where(Development.package_id == package_id, _shown())
        .order_by(Development.state != "open", Development.seen_at.desc())
    )  # fmt: skip
    return [DevelopmentLine(*row) for row in db.session.execute(wanted)]


def _shown() -> Any:
    """Repositories that are public, or that a connection shows although they are private."""
    showing = (
        exists()
        .where(
            ConnectionRepository.repository_id == Repository.id,
            ConnectionRepository.connection_id == Connection.id,
            Connection.show_private,
        )
        .correlate(Repository)
    )
    return and_(Repository.deleted_at.is_(None), or_(Repository.private.is_(False), showing))


def _chips(of: Any) -> list[Chip]:
    wanted = (
        select(
            Issue.id,
            Repository.provider,
            Repository.name,
            Issue.number,
            Issue.title,
            Issue.state,
            Issue.labels,
            Issue.url,
        )
        .join(IssueLink, IssueLink.issue_id == Issue.id)
        .join(Repository, Repository.id == Issue.repository_id)
        .where(of, IssueLink.ended_at.is_(None), Issue.visible)
        .order_by(IssueLink.id)
    )
    rows = db.session.execute(wanted)
    return [
        Chip(i, p, r, n, title, state or "open", tuple(labels or ()), url)
        for i, p, r, n, title, state, labels, url in rows
    ]


def new_issue_links(thing: Any) -> list[tuple[str, str]]:
    """(repository, address of its "new issue" form, filled with title, text and key) for each known repository."""
    wanted = (
        select(Repository.provider, Repository.name, Repository.url)
        .join(ConnectionRepository, ConnectionRepository.repository_id == Repository.id)
        .join(Connection, Connection.id == ConnectionRepository.connection_id)
        .where(
            ConnectionRepository.standing == Standing.KNOWN,
            Connection.deleted_at.is_(None),
            Repository.url != "",
            _shown(),
        )
        .distinct()
        .order_by(Repository.name)
        .limit(20)
    )
    title, text = f"{thing.title} ({thing.key})", f"{thing.text[:3000]}\n\n{thing.key}"
    return [(name, _form(provider, url, title, text)) for provider, name, url in db.session.execute(wanted)]


def _form(provider: str, url: str, title: str, text: str) -> str:
    if provider == "gitlab":
        return f"{url}/-/issues/new?" + urlencode({"issue[title]": title, "issue[description]": text})
    return f"{url}/issues/new?" + urlencode({"title": title, "body": text})
