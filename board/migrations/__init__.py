"""Migrations (Alembic by Flask-Migrate), forward and back on both databases."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from board.db import db

FOLDER = Path(__file__).parent


def init_app(app: Flask) -> None:
    """Make `flask db …` work."""
    Migrate(app, db, directory=str(FOLDER), render_as_batch=True, compare_type=True)
