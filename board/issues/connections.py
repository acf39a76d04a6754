"""Connections: made, rotated, switched off and on, deleted by administrators and product owners.

A secret is returned once, by the verb that made it; afterwards only its box is kept.
"""

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.issues import repositories, secrets
from board.issues.models import Connection, ConnectionRepository, ConnectionSecret, Provider, Repository
from board.issues.repositories import Known
from board.issues.signatures import Secret
from board.policy import Actor

SLOTS = (1, 2)
SHORTEST = 16


@dataclass(frozen=True)
class Wishes:
    """What an operator says about a connection. Repositories as (name, numeric id or None)."""

    provider: str
    name: str
    instance: str = ""
    repositories: Sequence[tuple[str, int | None]] = ()
    accept_new: bool = True
    show_private: bool = False
    token: str = ""
    public_id: str = ""
    forget_token: bool = False


def create(by: Actor, wishes: Wishes, given: Sequence[str] = ()) -> tuple[Connection, list[str]]:
    """A new connection and its secrets (the given ones, else a generated one), to be shown once. Raises Conflict."""
    connection = Connection(
        public_id=wishes.public_id or new_public_id(), provider=Provider(wishes.provider).value, name=wishes.name,
        instance=host_of(wishes.instance), accept_new=wishes.accept_new, show_private=wishes.show_private,
    )  # fmt: skip
    taken = select(Connection.id).where(Connection.public_id == connection.public_id)
    if db.session.scalar(taken) is not None:
        raise Conflict(_("This connection was created already; its secret is not shown again."))
    db.session.add(connection)
    db.session.flush()
    act(by, "connection.create", connection, connection=connection.id, provider=connection.provider)
    set_token(connection, wishes.token)
    made = [_add_secret(connection, text) for text in given or (secrets.generate(connection.provider),)]
    for full_name, external_id in wishes.repositories:
        repositories.name(known(connection), full_name, external_id)
    return connection, made


def edit(connection: Connection, by: Actor, wishes: Wishes) -> None:
    """Change name, instance and choices; an empty token keeps the stored one. Private issues hide with the choice."""
    act(by, "connection.edit", connection, connection=connection.id)
    hides = connection.show_private and not wishes.show_private
    connection.name, connection.instance = wishes.name, host_of(wishes.instance)
    connection.accept_new, connection.show_private = wishes.accept_new, wishes.show_private
    if wishes.forget_token:
        connection.token_box = None
    set_token(connection, wishes.token)
    if hides:
        _hide_private(connection)


def rotate(connection: Connection, by: Actor, given: str = "") -> str:
    """A second valid secret beside the first; raises Conflict when two are active already."""
    act(by, "connection.rotate", connection, connection=connection.id)
    return _add_secret(connection, given or secrets.generate(connection.provider))


def retire(connection: Connection, by: Actor, secret_id: int) -> None:
    """A secret is valid no more and is forgotten; once more is harmless. Raises Missing; Conflict for the last one."""
    act(by, "connection.retire", connection, connection=connection.id, secret=secret_id)
    row = db.session.get(ConnectionSecret, secret_id)
    if row is None or row.connection_id != connection.id:
        raise Missing(_("There is no such secret."))
    if row.retired_at is not None:
        return
    if len(_live(connection.id)) == 1:
        raise Conflict(_("This is the only secret left: make a new one first, or disable the connection."))
    row.retired_at, row.box = now(), None


def disable(connection: Connection, by: Actor) -> None:
    """Deliveries are still answered with success, so that the forge keeps the webhook, but nothing is taken in."""
    act(by, "connection.disable", connection, connection=connection.id)
    connection.disabled_at = connection.disabled_at or now()


def enable(connection: Connection, by: Actor) -> None:
    """Take deliveries in again."""
    act(by, "connection.enable", connection, connection=connection.id)
    connection.disabled_at = None


def delete(connection: Connection, by: Actor) -> None:
    """The address answers 404, secrets and token are gone; its log stays until its time is over, public issues stay."""
    act(by, "connection.delete", connection, connection=connection.id)
    connection.deleted_at, connection.token_box = now(), None
    for row in _live(connection.id):
        row.retired_at, row.box = now(), None
    if connection.show_private:
        connection.show_private = False
        _hide_private(connection)


def new_public_id() -> str:
    """128 random bits; no secret lies in them."""
    return random.token_hex(16)


def _hide_private(connection: Connection) -> None:
    """Issues of its private repositories become tombstones, unless another connection shows them."""
    db.session.flush()
    shown_elsewhere = (
        select(ConnectionRepository.repository_id)
        .join(Connection, Connection.id == ConnectionRepository.connection_id)
        .where(Connection.show_private, Connection.deleted_at.is_(None))
    )
    wanted = (
        select(Repository.id)
        .join(ConnectionRepository, ConnectionRepository.repository_id == Repository.id)
        .where(
            ConnectionRepository.connection_id == connection.id, Repository.private,
            Repository.id.not_in(shown_elsewhere),
        )
    )  # fmt: skip
    for repository_id in db.session.scalars(wanted).all():
        repositories.hide(repository_id, "private")


def locked(wanted: int | str) -> Connection:
    """By id or public id, held until the transaction ends. Raises Missing."""
    same = Connection.id == wanted if isinstance(wanted, int) else Connection.public_id == wanted
    found = db.session.scalar(select(Connection).where(same, Connection.deleted_at.is_(None)).with_for_update())
    if found is None:
        raise Missing(_("There is no such connection."))
    return found


def known(connection: Connection) -> Known:
    """What deliveries, imports and backfill need of it."""
    return Known(
        connection.id, connection.provider, connection.instance, connection.accept_new, connection.show_private
    )


def active(connection_id: int) -> list[Secret]:
    """Its valid secrets, readable."""
    return [opened(row.id, connection_id, row.box) for row in _live(connection_id) if row.box]


def opened(secret_id: int, connection_id: int, box: bytes) -> Secret:
    """A readable secret; raises secrets.Unreadable."""
    return Secret(secret_id, secrets.unseal(box, _purpose(connection_id)))


def set_token(connection: Connection, token: str) -> None:
    """Keep an access token for backfill, encrypted; an empty one changes nothing."""
    if token:
        connection.token_box = secrets.seal(token, f"token-{connection.id}")


def token(connection: Connection) -> str:
    """The access token for backfill, or nothing."""
    return secrets.unseal(connection.token_box, f"token-{connection.id}") if connection.token_box else ""


def host_of(instance: str) -> str:
    """`https://gitlab.example/` and `gitlab.example` are the same host."""
    return instance.strip().lower().removeprefix("https://").removeprefix("http://").split("/")[0]


def _add_secret(connection: Connection, text: str) -> str:
    if len(text) < SHORTEST:
        raise Conflict(_("A secret needs at least %(n)s characters.", n=SHORTEST))
    taken = {row.slot for row in _live(connection.id)}
    free = [slot for slot in SLOTS if slot not in taken]
    if not free:
        raise Conflict(_("Two secrets are active already: retire one first."))
    box = secrets.seal(text, _purpose(connection.id))
    db.session.add(ConnectionSecret(connection_id=connection.id, slot=free[0], box=box))
    db.session.flush()
    return text


def _live(connection_id: int) -> list[ConnectionSecret]:
    wanted = select(ConnectionSecret).where(
        ConnectionSecret.connection_id == connection_id, ConnectionSecret.retired_at.is_(None)
    )
    return list(db.session.scalars(wanted.order_by(ConnectionSecret.id)))


def _purpose(connection_id: int) -> str:
    return f"secret-{connection_id}"
