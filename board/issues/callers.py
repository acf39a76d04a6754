"""Who is at the door: the connection of an address with its valid secrets, and what is noted of their use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from board.activity.models import act
from board.db import db, now, transaction
from board.issues import connections
from board.issues.message import Message
from board.issues.models import Connection, ConnectionSecret
from board.issues.repositories import Known
from board.issues.signatures import Secret
from board.log import log
from board.policy import FORGE

USED_AGAIN = timedelta(hours=1)
HEARD_AGAIN = timedelta(days=1)


@dataclass(frozen=True)
class Caller:
    """The connection that an address belongs to, with its valid secrets."""

    connection: Known
    disabled: bool
    secrets: tuple[Secret, ...]
    used: Mapping[int, datetime | None]


_CALLER = (
    select(
        Connection.id, Connection.provider, Connection.instance, Connection.accept_new, Connection.show_private,
        Connection.disabled_at, ConnectionSecret.id, ConnectionSecret.box, ConnectionSecret.last_used_at,
    )
    .outerjoin(
        ConnectionSecret, (ConnectionSecret.connection_id == Connection.id) & ConnectionSecret.retired_at.is_(None)
    )
    .where(
        Connection.public_id == bindparam("public_id"), Connection.provider == bindparam("provider"),
        Connection.deleted_at.is_(None),
    )
)  # fmt: skip


def caller(provider: str, public_id: str) -> Caller | None:
    """Whose address this is; one statement."""
    rows = db.session.connection().execute(_CALLER, {"public_id": public_id, "provider": provider}).all()
    if not rows:
        return None
    first = rows[0]
    opened = tuple(connections.opened(row[6], row[0], row[7]) for row in rows if row[7] is not None)
    return Caller(Known(*first[:5]), first[5] is not None, opened, {row[6]: row[8] for row in rows})


def note_used(who: Caller, secret: Secret) -> None:
    """Which secret was used last, and when to the hour: no write per delivery."""
    if use_is_news(who, secret.id):
        db.session.execute(
            update(ConnectionSecret)
            .where(ConnectionSecret.id == secret.id)
            .values(last_used_at=now())
            .execution_options(synchronize_session=False)
        )


def note_heard(who: Caller, secret: Secret, message: Message) -> None:
    """A ping, the first use of a secret and the first word after a silent day are news for the operator."""
    last = who.used.get(secret.id)
    ping = message.reading is not None and message.reading.ping
    if ping or last is None or last < now() - HEARD_AGAIN:
        connection = db.session.get_one(Connection, who.connection.id)
        act(FORGE, "connection.hear", connection, connection=connection.id)


def use_is_news(who: Caller, secret_id: int) -> bool:
    """Whether the use of a secret must be noted again: each hour, and when another one was used since."""
    last = who.used.get(secret_id)
    others = [moment for other, moment in who.used.items() if other != secret_id and moment is not None]
    return last is None or last < now() - USED_AGAIN or any(moment > last for moment in others)


def count_refused(connection_id: int, check: str) -> None:
    """No trace of an unverified delivery but a counter; which check failed goes to the log."""
    log.warning("webhook refused", connection=connection_id, check=check)
    with transaction():
        db.session.execute(
            update(Connection)
            .where(Connection.id == connection_id)
            .values(n_refused=Connection.n_refused + 1, refused_at=now())
            .execution_options(synchronize_session=False)
        )
