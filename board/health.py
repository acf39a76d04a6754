"""`/healthz`: the process lives. `/readyz`: it can also reach its database."""

from flask import Blueprint, Flask, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from board.db import db

bp = Blueprint("ground", __name__)


def init_app(app: Flask) -> None:
    """Register both."""
    app.register_blueprint(bp)


@bp.get("/healthz")
def healthz() -> Response:
    """Answer without touching anything."""
    return _plain("ok\n", 200)


@bp.get("/readyz")
def readyz() -> Response:
    """Answer 503 while the database is away."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return _plain("database away\n", 503)
    return _plain("ready\n", 200)


def _plain(body: str, status: int) -> Response:
    return Response(body, status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
