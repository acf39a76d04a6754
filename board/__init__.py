"""Stadtrunde: the board on which several municipalities steer one shared city app together.

Files here are ground, folders are features. `create_app` puts the ground down, then the features, nothing else.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from board import cli, config, db, failures, health, log, metrics, migrations, pages, routing, security, static
from board.accounts import choices, session
from board.asking import BoardRequest
from board.jobs import worker

FEATURES = (
    "accounts",
    "factors",
    "identities",
    "joining",
    "credentials",
    "tokens",
    "notifications",
    "partners",
    "proposals",
    "estimates",
    "ordering",
    "milestones",
    "saved",
    "voting",
    "consent",
    "decisions",
    "duplicates",
    "work",
    "comments",
    "activity",
    "desk",
    "live",
    "issues",
    "search",
    "reuse",
    "variants",
    "learnings",
    "workshops",
    "legal",
    "privacy",
    "admin",
    "record",
    "connections",
    "outgoing",
    "figures",
    "roadmap",
    "opendata",
    "feeds",
    "modules",
    "api",
    "reference",
)
MAX_BODY = 1024 * 1024


class Board(Flask):
    """Flask without coroutines, with requests that are read the short way."""

    request_class = BoardRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """None of our functions is one; asking each, fifteen times per request, cost a fiftieth of a ballot."""
        return func


def create_app(settings: config.Config | None = None) -> Flask:
    """The application, ready to serve. Raises config.BadSetting when a setting is refused."""
    board = settings or config.read()
    app = Board(__name__, static_folder=None)
    app.config.update(
        BOARD=board,
        SECRET_KEY=board.secret_key,
        SQLALCHEMY_DATABASE_URI=board.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=db.engine_options(board.database_url),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
    )
    db.init_app(app)
    migrations.init_app(app)
    routing.init_app(app)
    log.init_app(app, board)
    static.init_app(app, board)
    pages.init_app(app, board)
    security.init_app(app, board)
    session.init_app(app, board)
    choices.init_app(app)
    failures.init_app(app)
    worker.init_app(app)
    health.init_app(app)
    cli.init_app(app)
    for feature in FEATURES:
        app.register_blueprint(import_module(f"board.{feature}.views").bp)
    metrics.init_app(app, board)
    if board.proxies:
        hops = board.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
