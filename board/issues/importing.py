"""Issues from files: `gh issue list --json …`, arrays of the three REST APIs, GitLab's project export (ndjson).

Everything goes through `apply`, one transaction per fifty issues; a preview does the same and takes it back.
Confidential issues are dropped and counted, their text is never stored.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from board.db import transaction
from board.errors import Missing
from board.i18n import gettext as _
from board.issues import repositories
from board.issues.apply import Outcome, Place, apply
from board.issues.models import Standing
from board.issues.providers import github, gitlab
from board.issues.repositories import DEFAULT_HOSTS, Known
from board.issues.snapshot import Malformed, RepositoryFacts, Snapshot, address, host, part, text, whole

BATCH = 50
MOST = 100_000
_GITHUB_URL = re.compile(r"https?://[^/]+/(?:api/v\d/)?(?:repos/)?([^/]+/[^/]+)(?:/(?:issues|pulls?)/\d+)?/?")
_GITLAB_URL = re.compile(r"https?://[^/]+/(.+?)/(?:-/)?(?:issues|work_items|incidents)/\d+/?")


class Homeless(Missing):
    """Neither the file nor whoever imports it says to which repository the issues belong."""


class BadFile(Exception):
    """The file is none of the known shapes; the message says where."""


@dataclass(frozen=True)
class Entry:
    """One issue of a file; `repository` as far as the file knows it."""

    snapshot: Snapshot
    repository: RepositoryFacts | None = None


@dataclass
class Counts:
    """What an import did, or would do."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    confidential: int = 0
    skipped: int = 0
    unreadable: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All entries of the file."""
        return self.new + self.changed + self.unchanged + self.confidential + self.skipped + self.unreadable


def parse(raw: bytes) -> tuple[str, list[dict[str, Any]]]:
    """The dialect (gh, github, gitlab, export, gitea) and the entries of a file; raises BadFile."""
    try:
        whole_text = raw.decode("utf-8-sig")
        if whole_text.lstrip().startswith("["):
            entries = json.loads(whole_text)
        else:
            entries = [json.loads(line) for line in whole_text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise BadFile(_("This file is neither a JSON array nor lines of JSON.")) from None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise BadFile(_("This file does not hold a list of issues."))
    if len(entries) > MOST:
        raise BadFile(_("This file holds too many issues."))
    return (dialect(entries[0]) if entries else "gh"), entries


def size(raw: bytes) -> int:
    """How many entries a file has; raises BadFile."""
    return len(parse(raw)[1])


def dialect(entry: dict[str, Any]) -> str:
    """Which tool wrote it."""
    if "iid" in entry:
        return "gitlab" if "project_id" in entry and "web_url" in entry else "export"
    if ("repository" in entry and "html_url" in entry) or "/api/v1/" in str(entry.get("url")):
        return "gitea"
    if "html_url" in entry:
        return "github"
    if "number" in entry:
        return "gh"
    raise BadFile(_("The first entry has neither a number nor an iid: this is no list of issues."))


PROVIDER = {"gh": "github", "github": "github", "gitlab": "gitlab", "export": "gitlab", "gitea": "gitea"}


def entry_of(kind: str, data: dict[str, Any]) -> Entry | None:
    """One entry as a snapshot; None for a pull request. Raises Malformed."""
    return {"gh": _gh, "github": _rest, "gitea": _rest, "gitlab": _gitlab, "export": _export}[kind](data)


def _gh(data: dict[str, Any]) -> Entry | None:
    url = address(data.get("url"))
    if data.get("isPullRequest") is True or "/pull/" in url:
        return None
    shaped = {**data, "html_url": url, "state": str(data.get("state", "")).lower()}
    if "updatedAt" in data:
        shaped["updated_at"] = data["updatedAt"]
    if "state" not in data:
        shaped.pop("state")
    return Entry(github.snapshot(shaped), _named(_GITHUB_URL, url))


def _rest(data: dict[str, Any]) -> Entry | None:
    if data.get("pull_request") is not None:
        return None
    url = address(data.get("html_url"))
    found = part(data, "repository")
    where = github.repository(found) if found else None
    named = _named(_GITHUB_URL, url)
    if where and named and not where.url:  # Gitea's arrays name the repository without its address.
        where = RepositoryFacts(where.id, where.name, named.url, named.host, where.private)
    return Entry(github.snapshot(data), where or named)


def _gitlab(data: dict[str, Any]) -> Entry | None:
    url = address(data.get("web_url"))
    named = _named(_GITLAB_URL, url)
    full = (text(part(data, "references").get("full"), 400) or "").rsplit("#", 1)[0]
    name = full or (named.name if named else "")
    where = RepositoryFacts(whole(data.get("project_id")), name, named.url if named else "", host(url), None)
    return Entry(gitlab.snapshot(data, data.get("labels", ()), data.get("confidential") is True), where)


def _export(data: dict[str, Any]) -> Entry | None:
    links = data.get("label_links", ())
    labels = [part(link, "label") for link in links if isinstance(link, dict)] if isinstance(links, list) else ()
    return Entry(gitlab.snapshot(data, labels, data.get("confidential") is True))


def _named(pattern: re.Pattern[str], url: str) -> RepositoryFacts | None:
    match = pattern.fullmatch(url)
    if match is None:
        return None
    base = url[: match.end(1)]
    return RepositoryFacts(None, match[1][:300], base, host(url), None)


class _TakeBack(Exception):
    """Ends a preview's transaction."""


def run(
    raw: bytes,
    connection: Known | None,
    repository: tuple[str, int | None] | None = None,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Counts:
    """Import a file (or preview it). `repository` (name, id) is where entries without their own belong.

    Raises BadFile, and Homeless when neither file nor `repository` says where the issues belong.
    """
    kind, entries = parse(raw)
    who = connection or Known(0, PROVIDER[kind], "", accept_new=True, show_private=False)
    counts, done = Counts(), 0
    for batch in _batches(entries):
        try:
            with transaction():
                for data in batch:
                    _take(who, kind, data, repository, counts)
                if dry_run:
                    raise _TakeBack
        except _TakeBack:
            pass
        done += len(batch)
        progress(done, len(entries))
    return counts


def _batches(entries: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(entries), BATCH):
        yield entries[start : start + BATCH]


def _take(
    who: Known, kind: str, data: dict[str, Any], repository: tuple[str, int | None] | None, counts: Counts
) -> None:
    try:
        entry = entry_of(kind, data)
    except (Malformed, RecursionError):
        counts.unreadable += 1
        return
    if entry is None:
        counts.skipped += 1
        return
    place = _place(who, entry, repository)
    if place is None:
        counts.skipped += 1
        return
    tally(counts, apply(place, entry.snapshot))


def tally(counts: Counts, outcome: Outcome) -> None:
    """Count an outcome."""
    if outcome.reason == "confidential":
        counts.confidential += 1
    elif outcome.created:
        counts.new += 1
    elif outcome.changed:
        counts.changed += 1
    elif outcome.reason in {"private", "deleted", "transferred"}:
        counts.skipped += 1
    else:
        counts.unchanged += 1


def _place(who: Known, entry: Entry, given: tuple[str, int | None] | None) -> Place | None:
    """Where an entry belongs; None when the operator refuses that repository. Raises Homeless."""
    facts = entry.repository
    if given is not None:
        name, external_id = given
        where = host(facts.url) if facts else ""
        url = facts.url if facts and facts.name == name else ""
        facts = RepositoryFacts(external_id, name, url, where, facts.private if facts else None)
    if facts is None or not (facts.id or facts.name):
        raise Homeless(_("The file does not say which repository its issues belong to: please name it."))
    if not who.id:
        return _loose(who, facts)
    if given is not None:
        repositories.name(who, *given)
    home = repositories.settle(who, facts)
    if home is None and who.accept_new:
        repositories.name(who, facts.name, None)
        home = repositories.settle(who, facts)
    if home is None or home.standing != Standing.KNOWN:
        return None
    return Place(home.id, home.name, home.private and not who.show_private, who.id)


def _loose(who: Known, facts: RepositoryFacts) -> Place:
    """An import without a connection."""
    instance = facts.host or DEFAULT_HOSTS[who.provider]
    row = repositories.loose(who.provider, instance, facts)
    return Place(row.id, row.name, bool(row.private))
