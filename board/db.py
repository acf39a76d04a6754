"""The database: Base, engine set-up for SQLite and PostgreSQL, and `transaction()`, the one place that commits."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    URL,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Executable,
    MetaData,
    case,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from board import joined, quick
from board.errors import Busy
from board.joined import BoardSession
from board.pen import Pen

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
LOCK_SECONDS = 10

READ_ONLY = "25006"
"""PostgreSQL's code for a write in a transaction that may only read."""
GOING = ("08", "57P")
"""How its codes begin when a connection is broken, or the server shuts down, has crashed or is starting."""
LOST = "8s2b"
"""SQLAlchemy's code for a statement in a transaction whose connection was found broken by one before."""
PATIENCE = {
    "connect_timeout": 3, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}  # fmt: skip


def fenced(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same condition, by which no index is looked up.

    SQLite knows no distributions and would take such an index for the better one, however much of the table is in it.
    """
    return case((condition, 1), else_=0) == 1


def only_with(column: str) -> dict[str, Any]:
    """Options of an index that holds only the rows in which this column has a value.

    It costs nothing where there is none, and SQLite's planner does not take the many without for a common value.
    """
    where = text(f"{column} IS NOT NULL")
    return {"sqlite_where": where, "postgresql_where": where}


class Moment(TypeDecorator[datetime]):
    """A point in time: aware and UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database; a naive time is a bug and raises."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime must not reach the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The same in one step for SQLite's texts, of which a list has hundreds."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


class Base(DeclarativeBase):
    """The parent of all models."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment}


db = SQLAlchemy(
    metadata=Base.metadata,
    disable_autonaming=True,
    session_options={"class_": BoardSession, "join_transaction_mode": "control_fully", "expire_on_commit": False},
)


def init_app(app: Flask) -> None:
    """Give the application its database; each request and job gives its connection back, whatever became of it."""
    db.init_app(app)
    app.teardown_appcontext(let_go)  # Before Flask-SQLAlchemy's own, which would spoil an answer that is made already.


def _session() -> BoardSession:
    return cast("BoardSession", db.session.registry())


def let_go(_error: BaseException | None = None) -> None:
    """Undo what is not committed. If the server is gone by now, nothing has to be undone: the connection is dropped."""
    if not db.session.registry.has():
        return
    session = db.session()
    try:
        session.close()
    except DBAPIError:
        session.invalidate()


_writing = threading.Lock()
_THEIR_CLOCK = select(func.clock_timestamp())
_clock: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """This moment, UTC; inside `at(…)` the moment given there."""
    return _clock.get() or datetime.now(UTC)


def clock_error() -> timedelta:
    """By how much this machine's clock is ahead of the database's; SQLite has none of its own."""
    if not on_postgres():
        return timedelta()
    theirs: datetime = db.session.execute(_THEIR_CLOCK).scalar_one()
    return datetime.now(UTC) - theirs


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let things happen at another moment: for imports, the demo and tests of leases and dates."""
    token = _clock.set(moment)
    try:
        yield
    finally:
        _clock.reset(token)


def engine_options(url: str) -> dict[str, Any]:
    """Options for create_engine. Enough connections for every thread; streams hold none.

    What a failing statement was given (addresses, tokens) stays out of its error, and so out of the log.
    """
    if url.startswith("sqlite"):
        return {
            "hide_parameters": True,
            "connect_args": {"isolation_level": None, "timeout": 5, "cached_statements": 512},
            "pool_size": 16,
            "max_overflow": 100,
            "pool_use_lifo": True,  # The connection used last has the pages and the statements at hand.
        }
    return {
        "hide_parameters": True,
        "connect_args": patience(make_url(url)),
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 20,
        "pool_timeout": 5,
    }


def patience(url: URL) -> dict[str, Any]:
    """How long to wait for a PostgreSQL whose machine has gone without a word; what DATABASE_URL says of it holds."""
    return {name: value for name, value in PATIENCE.items() if name not in url.query}


def away(error: Exception | None) -> bool:
    """Whether this error of SQLAlchemy's or of a driver says that PostgreSQL is gone, going or not up yet."""
    if isinstance(error, PendingRollbackError):  # Its transaction's connection was lost, and somebody went on.
        return error.code == LOST
    if isinstance(error, DBAPIError):
        error = error.orig if isinstance(error.orig, Exception) else None
    if not type(error).__module__.startswith("psycopg"):
        return False
    state = getattr(error, "sqlstate", None)
    return (
        state.startswith(GOING) if state else any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
    )


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: Any, _record: Any) -> None:
    """WAL for readers beside a writer, FULL so that an acknowledged write survives a power cut."""
    if not type(connection).__module__.startswith("sqlite3"):
        return
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "connect")
def _set_up_postgres(connection: Any, _record: Any) -> None:
    """No statement is compiled: where the planner guesses high, that takes it longer than a whole page may take."""
    if not type(connection).__module__.startswith("psycopg"):
        return
    connection.execute("SET jit = off")
    connection.commit()


@event.listens_for(Engine, "handle_error")
def _read_only_is_busy(context: Any) -> None:
    """PostgreSQL that can only be read (a standby after a failover): what wants to write is told to come again."""
    if getattr(context.original_exception, "sqlstate", "") == READ_ONLY:
        raise Busy() from context.original_exception


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """SQLite's driver does not begin by itself; what a session's line has begun goes on."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:
            joined.begin(driver)


@contextmanager
def transaction() -> Iterator[None]:
    """One transaction, begun anew: all or nothing, with its activity rows.

    What was loaded before is detached and stale; verbs refuse it. Load with FOR UPDATE inside
    (PostgreSQL; SQLite has one writer). Raises Busy when the writer's lock cannot be had.
    """
    session = _session()
    if session.info.get("writing"):
        raise RuntimeError("transaction() does not nest: begin it once, at the edge")
    session.end()
    sqlite = session.on_sqlite
    if sqlite and not _writing.acquire(timeout=LOCK_SECONDS):
        raise Busy()
    session.info["writing"] = object()  # What was read inside this transaction carries it.
    later: dict[str, Callable[[], None]] = {}
    session.info["afterwards"] = later
    try:
        _take_lock(session)
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("writing", None)
        session.info.pop("afterwards", None)
        session.end()
        if sqlite:
            _writing.release()
    for do in later.values():
        do()


class Witness(Protocol):
    """Who wants to know when a raw transaction holds SQLite's lock, and when it has been committed."""

    def begun(self, connection: Any) -> None:
        """It holds the lock, on this connection of the driver."""

    def ended(self, committed: bool) -> None:
        """It is committed or undone, and the connection is still its own."""


@contextmanager
def raw_transaction(engine: Engine, witness: Witness | None = None, pen: Pen | None = None) -> Iterator[Any]:
    """A cursor of the driver in one write transaction, for the one path that must cost next to nothing.

    `pen` (SQLite only) spares it to fetch a connection and to give it back.
    """
    sqlite = engine.dialect.name == "sqlite"
    if sqlite and not _writing.acquire(timeout=LOCK_SECONDS):
        raise Busy()
    try:
        connection, committed = pen.take(engine) if pen else engine.raw_connection(), False
        try:
            cursor = connection.cursor()
            if sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            if sqlite and witness:
                witness.begun(connection.dbapi_connection)
            yield cursor
            connection.commit()
            committed = True
        except BaseException as why:
            if isinstance(why, Exception) and away(why):
                connection.invalidate()
            else:
                connection.rollback()
            raise
        finally:
            if sqlite and witness:
                witness.ended(committed)
            if pen is None:
                connection.close()
            elif not committed:
                pen.put_down()
    finally:
        if sqlite:
            _writing.release()


def afterwards(name: str, do: Callable[[], None]) -> None:
    """Do something once the running transaction has been committed, once per name; never if it is undone.

    For hints only (look at the outbox now): what must not be lost is written in the transaction itself.
    """
    db.session().info["afterwards"][name] = do


def _take_lock(session: BoardSession) -> None:
    """Begin to write; another process that holds SQLite's lock for too long, or a database that is away: Busy."""
    try:
        session.begin_writing()
    except OperationalError as why:
        raise Busy() from why


def run(statement: Executable, **values: Any) -> quick.Rows:
    """Run a statement that was built once, with its values, past the ORM: a fraction of the cost of a built one.

    For what every request asks. Within the session's transaction; nothing pending is flushed first.
    """
    found: quick.Rows = quick.run(_session(), statement, values)
    return found


def connection() -> quick.Place:
    """The connection of this request, begun if need be, for who reads past the ORM: `quick.on` takes it."""
    session = _session()
    return session if session.on_sqlite else session.held()


def on_postgres() -> bool:
    """Whether the database is PostgreSQL."""
    return not _session().on_sqlite
