"""Repositories: recognised by the forge's host and numeric id, renamed as payloads say, known or refused by choice."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update

from board.activity.models import act
from board.db import db, now
from board.errors import Missing
from board.i18n import gettext as _
from board.issues.apply import withdraw_all
from board.issues.models import ConnectionRepository, Development, Repository, Standing
from board.issues.snapshot import Reading, RepositoryFacts
from board.issues.store import insert_once, update_row
from board.policy import FORGE, Actor

DEFAULT_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "gitea": "codeberg.org"}


@dataclass(frozen=True)
class Known:
    """A connection as a delivery, an import or a backfill needs it."""

    id: int
    provider: str
    instance: str
    accept_new: bool
    show_private: bool


@dataclass(frozen=True)
class Home:
    """A repository as a connection sees it."""

    id: int
    name: str
    private: bool
    standing: str
    gone: bool = False


def settle(connection: Known, facts: RepositoryFacts, reading: Reading | None = None) -> Home | None:
    """Find or make the repository, refresh its name, follow its visibility. None: it has no id and is not known.

    `reading` is the payload that describes it; without one (backfill) the facts are current.
    """
    host = connection.instance or facts.host or DEFAULT_HOSTS[connection.provider]
    row = _find(connection.id, host, facts) or _placed(connection, host, facts)
    if row is None:
        if facts.id is None:
            return None
        row = _make(connection, host, facts)
    _refresh(row, facts)
    private = _follow(connection, row, facts, reading)
    standing = row.standing or _join(connection, row.id, facts)
    return Home(row.id, facts.name or row.name, private, standing, row.deleted_at is not None)


_columns = (
    Repository.id, Repository.external_id, Repository.name, Repository.url, Repository.private,
    Repository.private_at, Repository.deleted_at, ConnectionRepository.standing,
)  # fmt: skip


_joined = and_(
    ConnectionRepository.repository_id == Repository.id,
    ConnectionRepository.connection_id == bindparam("connection_id"),
)
_named = Repository.name == bindparam("name")
_FOUND = select(*_columns).outerjoin(ConnectionRepository, _joined).where(Repository.instance == bindparam("host"))
_BY_NAME = _FOUND.where(_named).order_by(Repository.external_id.is_(None)).limit(1)
_BY_ID = (
    _FOUND.where(
        or_(Repository.external_id == bindparam("external_id"), and_(Repository.external_id.is_(None), _named))
    )
    .order_by(Repository.external_id.is_(None))
    .limit(1)
)


def _find(connection_id: int, host: str, facts: RepositoryFacts) -> Any:
    """By id; a repository that a file import named before any id was known is recognised by its name."""
    keys = {"connection_id": connection_id, "host": host, "name": facts.name}
    if facts.id is None:
        return db.session.connection().execute(_BY_NAME, keys).one_or_none()
    return db.session.connection().execute(_BY_ID, {**keys, "external_id": facts.id}).one_or_none()


def _placed(connection: Known, host: str, facts: RepositoryFacts) -> Any:
    """One that the operator named before its host was known: now it is."""
    row = _find(connection.id, _nowhere(connection), facts)
    if row is not None:
        update_row(Repository, row.id, {"instance": host}, shown=True)
    return row


def _nowhere(connection: Known) -> str:
    """Stands for the host of a connection without an instance, until the first payload names it."""
    return connection.instance or f"?{connection.id}"


def _make(connection: Known, host: str, facts: RepositoryFacts) -> Any:
    insert_once(
        Repository, provider=connection.provider, instance=host, external_id=facts.id, name=facts.name, url=facts.url,
        private=bool(facts.private), private_at=now() if facts.private else None,
    )  # fmt: skip
    return _find(connection.id, host, facts)


def _join(connection: Known, repository_id: int, facts: RepositoryFacts) -> str:
    named = _find(connection.id, _nowhere(connection), facts)
    known = connection.accept_new or (named is not None and named.standing == Standing.KNOWN)
    standing = Standing.KNOWN if known else Standing.WAITING
    row = db.session.get(ConnectionRepository, (connection.id, repository_id))
    if row is None:
        row = ConnectionRepository(connection_id=connection.id, repository_id=repository_id, standing=standing)
        db.session.add(row)
        db.session.flush()
        act(FORGE, "repository.appear", row, connection=connection.id, repository=repository_id)
    return row.standing


def _refresh(row: Any, facts: RepositoryFacts) -> None:
    told = {"external_id": facts.id, "name": facts.name, "url": facts.url}
    changed = {name: value for name, value in told.items() if value and value != getattr(row, name)}
    if changed:
        update_row(Repository, row.id, changed, shown=True)


def _follow(connection: Known, row: Any, facts: RepositoryFacts, reading: Reading | None) -> bool:
    """Private at once; public again only when that is certainly news (a late old payload must not uncover)."""
    if facts.private is None or facts.private == row.private:
        return bool(row.private)
    if facts.private:
        update_row(Repository, row.id, {"private": True, "private_at": now()}, shown=True)
        if not connection.show_private:
            hide(row.id, "private")
        return True
    at = reading.snapshot.updated_at if reading and reading.snapshot else None
    news = reading is None or reading.reason == "repository" or (at and row.private_at and at >= row.private_at)
    if news:
        update_row(Repository, row.id, {"private": False, "private_at": None}, shown=True)
    return not news


def lost(repository_id: int) -> None:
    """The repository was deleted: its issues become tombstones for good."""
    update_row(Repository, repository_id, {"deleted_at": now()}, shown=True)
    hide(repository_id, "deleted")


def hide(repository_id: int, why: str) -> None:
    """Its issues become tombstones, and nobody reads what its merge requests were called."""
    withdraw_all(repository_id, why)
    db.session.execute(
        update(Development)
        .where(Development.repository_id == repository_id)
        .values(title="")
        .execution_options(synchronize_session=False)
    )


def name(connection: Known, full_name: str, external_id: int | None) -> int:
    """Make a repository known before any payload came; returns its id."""
    host = _nowhere(connection)
    url = f"https://{host}/{full_name}" if connection.instance else ""
    facts = RepositoryFacts(external_id, full_name, url, host, None)
    row = _own(connection, facts) or _find(connection.id, host, facts) or _make(connection, host, facts)
    _refresh(row, facts)
    known = db.session.get(ConnectionRepository, (connection.id, row.id))
    if known is None:
        db.session.add(ConnectionRepository(connection_id=connection.id, repository_id=row.id))
    else:
        known.standing = Standing.KNOWN
    db.session.flush()
    return int(row.id)


def _own(connection: Known, facts: RepositoryFacts) -> Any:
    """One that the connection has already, on whatever host."""
    same = Repository.external_id == facts.id if facts.id is not None else Repository.name == facts.name
    wanted = (
        select(*_columns)
        .join(ConnectionRepository, ConnectionRepository.repository_id == Repository.id)
        .where(ConnectionRepository.connection_id == connection.id, same)
    )
    return db.session.execute(wanted.limit(1)).one_or_none()


def loose(provider: str, instance: str, facts: RepositoryFacts) -> Home:
    """The repository of a file that is imported without a connection; made if need be."""
    nobody = Known(0, provider, instance, accept_new=True, show_private=False)
    row = _find(0, instance, facts) or _make(nobody, instance, facts)
    _refresh(row, facts)
    private = _follow(nobody, row, facts, None)
    return Home(row.id, facts.name or row.name, private, Standing.KNOWN)


def accept(connection_id: int, repository_id: int, by: Actor) -> None:
    """From now on its issues are taken in; what was ignored can be replayed."""
    _stand(connection_id, repository_id, by, "repository.accept", Standing.KNOWN)


def refuse(connection_id: int, repository_id: int, by: Actor) -> None:
    """Its issues are not taken in; those already here stay as they are."""
    _stand(connection_id, repository_id, by, "repository.refuse", Standing.REFUSED)


def _stand(connection_id: int, repository_id: int, by: Actor, verb: str, standing: Standing) -> None:
    row = db.session.get(ConnectionRepository, (connection_id, repository_id), with_for_update=True)
    if row is None:
        raise Missing(_("There is no such repository."))
    act(by, verb, row, connection=connection_id, repository=repository_id)
    row.standing = standing
