"""Backfills as jobs: an operator or the clock asks for one, a job runs it, its state is shown meanwhile."""

import time
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, or_, select

from board.activity.models import act
from board.db import db, now, transaction
from board.errors import Conflict, Refusal
from board.i18n import gettext as _
from board.issues import backfill, connections, problems
from board.issues.egress import Client
from board.issues.importing import Counts
from board.issues.models import Backfill, Connection, ConnectionRepository, Repository, Standing
from board.issues.problems import Refused
from board.issues.secrets import Unreadable
from board.issues.store import insert_once
from board.issues.turns import Turn
from board.log import log
from board.policy import SYSTEM, Actor

TURN_SECONDS = 15
LEASE = timedelta(minutes=15)
GIVEN_UP = timedelta(days=1)
KEPT = timedelta(days=180)


def ask(connection: Connection, by: Actor, *, full: bool = False) -> int:
    """Have the issues of its known repositories fetched soon. Raises Conflict while one is under way."""
    act(by, "connection.backfill", connection, connection=connection.id, full=full)
    made = insert_once(Backfill, connection_id=connection.id, full=full)
    if made is None:
        raise Conflict(_("A fetch is under way already."))
    return made


def run_asked() -> int:
    """Run what was asked for, oldest first, for as long as one turn lasts; returns how many were finished. A job.

    Mails and other jobs wait for the same thread: what takes longer goes on in the next turn where it stopped. One
    that a dead process had in hand is taken over after a quarter of an hour.
    """
    ends_at, done, more = time.monotonic() + TURN_SECONDS, 0, False
    while (taken := _take()) is not None:
        backfill_id, connection_id, full, position = taken
        turn = Turn(**position, ends_at=ends_at)
        counts, problem = _fetched(connection_id, full, turn)
        done += _finish(backfill_id, counts, problem, turn)
        more = more or turn.pause == 0
        if time.monotonic() >= ends_at:
            break
    if more:
        current_app.extensions["jobs"].soon("backfills")
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


def _take() -> tuple[int, int, bool, dict[str, Any]] | None:
    """The one that waits the longest and that nobody has in hand, taken in hand."""
    with transaction():
        waits = (Backfill.ended_at.is_(None), or_(Backfill.next_at.is_(None), Backfill.next_at <= now()))
        oldest = (func.coalesce(Backfill.next_at, Backfill.asked_at), Backfill.id)
        row = db.session.scalar(
            select(Backfill).where(*waits).order_by(*oldest).limit(1).with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.next_at = now() + LEASE
        if row.began_at is None:
            row.began_at = now()
            connection = db.session.get_one(Connection, row.connection_id)
            act(SYSTEM, "connection.fetch", connection, connection=connection.id)
        return row.id, row.connection_id, row.full, row.position


def _fetched(connection_id: int, full: bool, turn: Turn) -> tuple[Counts, str]:
    """What came, and what went wrong: codes and hosts, never texts of issues."""
    try:
        found = backfill.run(connection_id, full=full, turn=turn)
    except Unreadable:
        return Counts(), problems.kept([("", Refused("key"))])
    except Refusal as why:
        return Counts(), why.message or type(why).__name__
    except Exception as crash:  # noqa: BLE001 - the state must be told, whatever happened.
        log.error("backfill failed", connection=connection_id, exc_info=crash)
        return Counts(), problems.kept([("", Refused("crash", kind=type(crash).__name__))])
    total = Counts()
    for one in found:
        for name in ("new", "changed", "unchanged", "confidential", "skipped", "unreadable"):
            setattr(total, name, getattr(total, name) + getattr(one.found, name))
    return total, problems.kept((one.repository, one.refused) for one in found if one.refused)


def _finish(backfill_id: int, counts: Counts, problem: str, turn: Turn) -> bool:
    """Keep what the turn brought; returns whether all is done."""
    with transaction():
        row = db.session.get_one(Backfill, backfill_id, with_for_update=True)
        row.n_new, row.n_changed = row.n_new + counts.new, row.n_changed + counts.changed
        row.n_unchanged, row.n_confidential = (
            row.n_unchanged + counts.unchanged,
            row.n_confidential + counts.confidential,
        )
        row.n_skipped += counts.skipped + counts.unreadable
        row.problem = problem[:300] or row.problem
        if turn.pause is not None and (row.began_at or now()) > now() - GIVEN_UP:
            row.next_at = now() + timedelta(seconds=turn.pause)
            row.position = {"done": turn.done, "url": turn.url, "since": turn.since}
            return False
        if turn.pause is not None:
            row.problem = problems.kept([("", Refused("too_long"))])
        row.ended_at, row.position = now(), {}
        connection = db.session.get_one(Connection, row.connection_id)
        act(SYSTEM, "connection.fetch", connection, connection=connection.id, ended=True)
        return True
