"""When a person was here last: so that pages can say what has changed since.

A visit ends with half an hour of silence. `visit_activity` follows the newest activity id during a visit;
at the start of the next one it becomes `seen_activity`, the line above which things are new.
"""

from datetime import timedelta

from sqlalchemy import case, func, select, update

from board.accounts.models import LoginSession, Person
from board.activity.models import Activity
from board.db import db, now

AWAY = timedelta(minutes=30)


def note(person_id: int, session_id: int | None = None) -> int:
    """The person is here, inside a transaction; returns the activity id they had seen when this visit began.

    On the very first visit nothing is new.
    """
    newest = select(func.coalesce(func.max(Activity.id), 0)).scalar_subquery()
    seen = db.session.scalar(
        update(Person)
        .where(Person.id == person_id)
        .values(
            seen_activity=case(
                (Person.visited_at.is_(None), newest),
                (Person.visited_at <= now() - AWAY, Person.visit_activity),
                else_=Person.seen_activity,
            ),
            visit_activity=newest,
            visited_at=now(),
        )
        .returning(Person.seen_activity)
        .execution_options(synchronize_session=False)
    )
    if session_id is not None:
        db.session.execute(
            update(LoginSession)
            .where(LoginSession.id == session_id)
            .values(seen_at=now())
            .execution_options(synchronize_session=False)
        )
    return seen or 0
