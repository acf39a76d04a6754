"""The outbox: put a mail in with what causes it; claim one, mark it sent, put it off, give it up.

A mail is claimed by one conditional UPDATE under a lease before it goes to the mail server, and marked sent right after
the server took it. A worker that is killed in between leaves the lease to run out; only if it was killed after the
server's last answer and before the mark does the recipient's server see the mail twice, with the same Message-ID and
the same text, by which mail servers and programs recognise it. Losing it instead would be worse.
"""

import secrets
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, or_, select, update

from board import db as ground
from board.accounts.models import Person
from board.db import db, now, transaction
from board.i18n import current_locale
from board.mail.models import Mail

KEEPS = timedelta(days=7)
LEASE = timedelta(minutes=2)
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440, 1440))
RETENTION = timedelta(days=30)
SAID_ALREADY, NOBODY, TOO_LATE = "nothing to say", "no recipient", "too late"
HARMLESS = (SAID_ALREADY, NOBODY)
"""Why a mail was not sent though nothing is wrong: all of it was done meanwhile, or the account is closed."""


def put(
    kind: str,
    *,
    to: int | str,
    until: datetime | None = None,
    locale: str | None = None,
    once: str | None = None,
    **details: int | str | list[int],
) -> bool:
    """Put a mail into the outbox, in the running transaction; `to` is a person's id or an address.

    `details` are ids and enumerations that the letter of this kind is made from when it is sent. After `until` (a week)
    it is no longer sent. With `once` (such as `digest-2026-48-7`) it is put at most once; returns whether it was put.
    """
    if not db.session().info.get("writing"):
        raise RuntimeError(f"{kind}: put mail inside transaction(), with what causes it")
    if once is not None and db.session.scalar(select(Mail.id).where(Mail.once == once)) is not None:
        return False
    person = db.session.get(Person, to) if isinstance(to, int) else None
    host = (current_app.config["BOARD"].origin or "http://localhost").split("//")[1].split(":")[0]
    db.session.add(
        Mail(
            kind=kind,
            person_id=person.id if person else None,
            address="" if isinstance(to, int) else to,
            locale=locale or (person.locale if person else None) or current_locale(),
            details=details,
            once=once,
            message_id=f"<{secrets.token_hex(16)}@{host}>",
            until=until or now() + KEEPS,
        )
    )
    if current_app.config["BOARD"].smtp:
        jobs = current_app.extensions["jobs"]
        ground.afterwards("mail", lambda: jobs.soon("mail"))
    return True


def claim() -> Mail | None:
    """The next due mail, ours for the length of a lease; None when none is due. A transaction of its own."""
    mark, moment = secrets.token_hex(16), now()
    free = or_(Mail.claimed_until.is_(None), Mail.claimed_until <= moment)
    due = (Mail.sent_at.is_(None), Mail.dead_at.is_(None), Mail.next_try_at <= moment, free)
    while True:
        found = db.session.scalar(select(Mail.id).where(*due).order_by(Mail.next_try_at, Mail.id).limit(1))
        if found is None:
            return None
        with transaction():
            taken = db.session.execute(
                update(Mail).where(Mail.id == found, *due).values(claim=mark, claimed_until=moment + LEASE)
            )
        if taken.rowcount:  # type: ignore[attr-defined]
            mail = db.session.get_one(Mail, found)
            db.session.expunge(mail)
            return mail


def sent(mail: Mail) -> None:
    """The mail server has taken it."""
    _change(mail, sent_at=now(), claimed_until=None, problem="", address="")


def put_off(mail: Mail, problem: str, *, counts: bool) -> None:
    """Try again later, after growing pauses; given up when it was the last attempt.

    `counts` is False when nothing is wrong with this mail (no connection): then it is never given up.
    """
    attempts = mail.attempts + counts
    if attempts > len(BACKOFF):
        give_up(mail, problem)
        return
    pause = BACKOFF[attempts - 1] if counts else BACKOFF[0]
    _change(mail, attempts=attempts, next_try_at=now() + pause, claimed_until=None, problem=problem[:200])


def give_up(mail: Mail, problem: str) -> None:
    """Send it never, and keep why for administrators to see."""
    _change(mail, dead_at=now(), claimed_until=None, problem=problem[:200])


def revive(mail_id: int) -> bool:
    """Try a mail that was given up once more, at once; returns whether there is such a mail. Within a transaction."""
    again = db.session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.dead_at.is_not(None), Mail.until > now())
        .values(dead_at=None, attempts=0, next_try_at=now(), problem="")
    )
    return bool(again.rowcount)  # type: ignore[attr-defined]


def forget() -> None:
    """Remove what was sent or given up more than 30 days ago: addresses are not kept longer than needed."""
    old = now() - RETENTION
    with transaction():
        db.session.execute(delete(Mail).where(or_(Mail.sent_at < old, Mail.dead_at < old)))


def _change(mail: Mail, **values: object) -> None:
    """Only the worker whose claim it is may change it: one whose lease has run out changes nothing."""
    with transaction():
        db.session.execute(update(Mail).where(Mail.id == mail.id, Mail.claim == mail.claim).values(**values))
