"""Fetch what no webhook told: the issues of a connection's known repositories, over the forge's REST API.

The same `apply` as for deliveries, so repeating it changes nothing. Each page is one transaction; the cursor (the
newest update seen) is kept with the page, so an interrupted backfill goes on where it stopped.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flask import current_app
from sqlalchemy import select

from board.db import db, transaction
from board.issues import connections, importing, repositories
from board.issues.apply import Place, apply
from board.issues.egress import Client, Reply
from board.issues.importing import Counts
from board.issues.models import Connection, ConnectionRepository, Repository, Standing
from board.issues.problems import Refused
from board.issues.providers import github, gitlab
from board.issues.repositories import DEFAULT_HOSTS, Known
from board.issues.snapshot import Malformed, RepositoryFacts, moment
from board.issues.turns import Pause, Turn

PAGES = 10_000
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')
KIND = {"github": "github", "gitlab": "gitlab", "gitea": "gitea"}


@dataclass
class Fetched:
    """What was fetched for one repository; `refused` says why it ended early."""

    repository: str
    found: Counts = field(default_factory=Counts)
    unmodified: bool = False
    refused: Refused | None = None

    @property
    def problem(self) -> str:
        """Why it ended early, in English."""
        return str(self.refused or "")

    def counts(self) -> dict[str, Any]:
        """For people and scripts."""
        kept = {k: v for k, v in asdict(self.found).items() if k != "problems"}
        return {**kept, "unmodified": self.unmodified, "problem": self.problem}


@dataclass(frozen=True)
class _Job:
    connection: Known
    client: Client
    base: str
    repository_id: int
    external_id: int | None
    name: str
    etag: str
    since: datetime | None


def run(
    connection_id: int,
    *,
    full: bool = False,
    say: Callable[[str], object] = lambda _line: None,
    client: Client | None = None,
    turn: Turn | None = None,
) -> list[Fetched]:
    """Backfill or reconcile all known repositories, or as far as `turn` allows. Opens its own transactions.

    Raises Missing. Afterwards `turn` knows how far it came.
    """
    turn, found = turn or Turn(), list[Fetched]()
    for job in _jobs(connection_id, full, client, turn):
        fetched = Fetched(job.name)
        found.append(fetched)
        try:
            if found[1:]:
                turn.check()
            _fetch(job, fetched, turn)
        except Refused as why:
            fetched.refused = why
        except Pause as pause:
            turn.pause = pause.seconds
            return found
        turn.done, turn.url = [*turn.done, job.repository_id], ""
        say(f"{job.name}: {fetched.problem or fetched.found.total}")
    return found


def may_call(client: Client, provider: str, instance: str) -> bool:
    """Whether the host of a repository is one that the board calls."""
    return client.lists(urlsplit(_base(client, provider, instance)).netloc)


def _jobs(connection_id: int, full: bool, client: Client | None, turn: Turn) -> list[_Job]:
    connection = connections.locked(connection_id)
    client = client or Client(current_app.config["BOARD"].forges, _authorised(connection), sleep=turn.sleep)
    wanted = (
        select(Repository, ConnectionRepository)
        .join(ConnectionRepository, ConnectionRepository.repository_id == Repository.id)
        .where(
            ConnectionRepository.connection_id == connection.id,
            ConnectionRepository.standing == Standing.KNOWN,
            Repository.deleted_at.is_(None),
            Repository.id.not_in(turn.done),
        )
        .order_by(Repository.id)
    )
    jobs = [
        _Job(
            connections.known(connection), client, _base(client, connection.provider, row.instance), row.id,
            row.external_id, row.name, "" if full else here.etag, None if full else here.synced_at,
        )
        for row, here in db.session.execute(wanted)
    ]  # fmt: skip
    db.session.close()
    return jobs


def _authorised(connection: Connection) -> dict[str, str]:
    token = connections.token(connection)
    if not token:
        return {}
    return {
        "github": {"Authorization": f"Bearer {token}"},
        "gitlab": {"PRIVATE-TOKEN": token},
        "gitea": {"Authorization": f"token {token}"},
    }[connection.provider]


def _base(client: Client, provider: str, instance: str) -> str:
    host = DEFAULT_HOSTS[provider] if instance.startswith("?") else instance
    if provider == "github" and host == "github.com":
        return "https://api.github.com"
    return f"{client.scheme(host)}://{host}" + {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}[provider]


def _fetch(job: _Job, fetched: Fetched, turn: Turn) -> None:
    where = _project(job)
    with transaction():
        home = repositories.settle(job.connection, where)
    if home is None:
        raise Refused("no_id")
    place = Place(home.id, home.name, home.private and not job.connection.show_private, job.connection.id)
    resumed = bool(turn.url)
    floor = newest = moment(turn.since) if resumed else job.since
    first = turn.url or _first(job, place.repository)
    for number, (reply, entries, following) in enumerate(_pages(replace(job, etag="") if resumed else job, first)):
        if reply.status == 304:
            fetched.unmodified = True
            return
        with transaction():
            for data in entries:
                newest = _take(job.connection.provider, place, data, fetched.found, newest)
            row = db.session.get_one(ConnectionRepository, (job.connection.id, job.repository_id))
            row.synced_at = newest
            if number == 0 and not resumed:
                # The first page's tag holds only for the same address: it is useful while nothing new comes.
                row.etag = reply.headers.get("etag", "")[:200] if newest == job.since else ""
        if following:
            # By time, not by page: what changes during a pause moves to the end, and later pages would hide a row.
            ahead = newest is not None and newest != floor
            turn.url = _first(replace(job, since=newest), place.repository) if ahead else following
            turn.since = newest.isoformat() if newest else ""
            turn.check()


def _project(job: _Job) -> RepositoryFacts:
    if job.connection.provider == "gitlab":
        path = f"/projects/{job.external_id or quote(job.name, safe='')}"
    elif job.connection.provider == "github" and job.external_id:
        path = f"/repositories/{job.external_id}"
    else:
        path = f"/repos/{quote(job.name)}"
    data = _json(job.client.get(job.base + path), job.base)
    if not isinstance(data, dict):
        raise Refused("no_repository")
    gitlabs = job.connection.provider == "gitlab"
    found = gitlab.repository({"project": data}, {}) if gitlabs else github.repository(data)
    if found is None or (job.external_id and found.id != job.external_id):
        raise Refused("other_repository")
    host = urlsplit(job.base).netloc
    return RepositoryFacts(found.id, found.name, found.url, found.host or host, found.private)


def _pages(job: _Job, first: str) -> Iterator[tuple[Reply, list[dict[str, Any]], str]]:
    """Each page with the address of the next one, or none."""
    url = first
    for number in range(PAGES):
        tag = {"If_None_Match": job.etag} if job.etag and number == 0 else {}
        reply = job.client.get(url, **tag)
        if reply.status == 304:
            yield reply, [], ""
            return
        entries = _json(reply, job.base)
        if not isinstance(entries, list):
            raise Refused("no_list")
        match = _NEXT.search(reply.headers.get("link", ""))
        url = match[1] if match else ""
        yield reply, [one for one in entries if isinstance(one, dict)], url
        if not url:
            return
        if (urlsplit(url).scheme, urlsplit(url).netloc) != (urlsplit(job.base).scheme, urlsplit(job.base).netloc):
            raise Refused("next_elsewhere")


def _first(job: _Job, name: str) -> str:
    since = job.since.strftime("%Y-%m-%dT%H:%M:%SZ") if job.since else ""
    if job.connection.provider == "gitlab":
        query = {"scope": "all", "order_by": "updated_at", "sort": "asc", "per_page": "100"}
        query |= {"updated_after": since} if since else {}
        return f"{job.base}/projects/{job.external_id or quote(name, safe='')}/issues?{urlencode(query)}"
    if job.connection.provider == "github":
        query = {"state": "all", "sort": "updated", "direction": "asc", "per_page": "100"}
    else:
        query = {"state": "all", "type": "issues", "limit": "50"}
    query |= {"since": since} if since else {}
    return f"{job.base}/repos/{quote(name)}/issues?{urlencode(query)}"


def _take(
    provider: str, place: Place, data: dict[str, Any], counts: Counts, newest: datetime | None
) -> datetime | None:
    try:
        entry = importing.entry_of(KIND[provider], data)
    except (Malformed, RecursionError):
        counts.unreadable += 1
        return newest
    if entry is None:
        counts.skipped += 1
        return newest
    importing.tally(counts, apply(place, entry.snapshot))
    times = [t for t in (newest, entry.snapshot.updated_at) if t]
    return max(times, default=None)


def _json(reply: Reply, base: str) -> Any:
    if reply.status != 200:
        raise Refused("answers", host=urlsplit(base).hostname or "", status=str(reply.status))
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Refused("no_json") from None
