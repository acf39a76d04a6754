"""How the board knows that its database is gone; what people see then is in tests/cluster/."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, PendingRollbackError

from board.db import away, db, on_postgres


def test_a_page_that_goes_on_after_its_connection_was_lost_knows_that_the_database_is_away(app: Flask) -> None:
    with app.app_context():
        if not on_postgres():
            pytest.skip("SQLite has no connection that is lost")
        own = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text(f"SELECT pg_terminate_backend({own})"))
        with pytest.raises(OperationalError) as first:
            db.session.execute(text("SELECT 1"))
        with pytest.raises(PendingRollbackError) as later:
            db.session.execute(text("SELECT 1"))
        assert away(first.value)
        assert away(later.value)
        db.session.rollback()
        assert db.session.scalar(text("SELECT 1")) == 1
