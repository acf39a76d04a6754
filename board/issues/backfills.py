"""Backfills as jobs: an operator or the clock asks for one, a job runs it, its state is shown meanwhile."""

from datetime import timedelta

from flask import current_app
from sqlalchemy import or_, select

from board.activity.models import act
from board.db import db, now, transaction
from board.errors import Conflict, Refusal
from board.i18n import gettext as _
from board.issues import backfill, connections
from board.issues.egress import Client
from board.issues.importing import Counts
from board.issues.models import Backfill, Connection, ConnectionRepository, Repository, Standing
from board.issues.secrets import Unreadable
from board.issues.store import insert_once
from board.log import log
from board.policy import SYSTEM, Actor

GIVEN_UP = timedelta(hours=6)
KEPT = timedelta(days=180)


def ask(connection: Connection, by: Actor, *, full: bool = False) -> int:
    """Have the issues of its known repositories fetched soon. Raises Conflict while one is under way."""
    act(by, "connection.backfill", connection, connection=connection.id, full=full)
    made = insert_once(Backfill, connection_id=connection.id, full=full)
    if made is None:
        raise Conflict(_("A fetch is under way already."))
    return made


def run_asked() -> int:
    """Run what was asked for, oldest first; returns how many. A job: opens its own transactions.

    One that a dead process began is taken over after six hours.
    """
    done = 0
    while (taken := _take()) is not None:
        backfill_id, connection_id, full = taken
        _finish(backfill_id, *_fetched(connection_id, full))
        done += 1
    return done


def reconcile() -> int:
    """Ask for a fetch of every connection whose forge may be called; returns for how many. A job."""
    with transaction():
        asked = 0
        for connection_id in _callable():
            try:
                with db.session.begin_nested():
                    ask(connections.locked(connection_id), SYSTEM)
            except Conflict:
                continue
            asked += 1
        db.session.execute(
            Backfill.__table__.delete().where(Backfill.__table__.c.ended_at < now() - KEPT)  # type: ignore[attr-defined]
        )
    return asked


def _callable() -> list[int]:
    """Connections that are on, with at least one known repository on a host that the board calls."""
    client = Client(current_app.config["BOARD"].forges)
    wanted = (
        select(Connection.id, Connection.provider, Repository.instance)
        .join(ConnectionRepository, ConnectionRepository.connection_id == Connection.id)
        .join(Repository, Repository.id == ConnectionRepository.repository_id)
        .where(
            Connection.deleted_at.is_(None), Connection.disabled_at.is_(None), Repository.deleted_at.is_(None),
            ConnectionRepository.standing == Standing.KNOWN,
        )
        .order_by(Connection.id)
    )  # fmt: skip
    rows = db.session.execute(wanted)
    return list(dict.fromkeys(i for i, provider, host in rows if backfill.may_call(client, provider, host)))


def _take() -> tuple[int, int, bool] | None:
    """The oldest that nobody runs, marked as begun."""
    with transaction():
        waits = (Backfill.ended_at.is_(None), or_(Backfill.began_at.is_(None), Backfill.began_at < now() - GIVEN_UP))
        row = db.session.scalar(
            select(Backfill).where(*waits).order_by(Backfill.id).limit(1).with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.began_at = now()
        connection = db.session.get_one(Connection, row.connection_id)
        act(SYSTEM, "connection.fetch", connection, connection=connection.id)
        return row.id, row.connection_id, row.full


def _fetched(connection_id: int, full: bool) -> tuple[Counts, str]:
    """What came, and what went wrong: codes and hosts, never texts of issues."""
    try:
        found = backfill.run(connection_id, full=full)
    except (Refusal, Unreadable) as why:
        return Counts(), str(why) or type(why).__name__
    except Exception as crash:  # noqa: BLE001 - the state must be told, whatever happened.
        log.error("backfill failed", connection=connection_id, exc_info=crash)
        return Counts(), type(crash).__name__
    total = Counts()
    for one in found:
        for name in ("new", "changed", "unchanged", "confidential", "skipped", "unreadable"):
            setattr(total, name, getattr(total, name) + getattr(one.found, name))
    return total, "; ".join(f"{one.repository}: {one.problem}" for one in found if one.problem)


def _finish(backfill_id: int, counts: Counts, problem: str) -> None:
    with transaction():
        row = db.session.get_one(Backfill, backfill_id, with_for_update=True)
        row.ended_at, row.problem = now(), problem[:300]
        row.n_new, row.n_changed, row.n_unchanged = counts.new, counts.changed, counts.unchanged
        row.n_confidential, row.n_skipped = counts.confidential, counts.skipped + counts.unreadable
        connection = db.session.get_one(Connection, row.connection_id)
        act(SYSTEM, "connection.fetch", connection, connection=connection.id, ended=True)
