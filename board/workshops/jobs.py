"""The job of workshops: when the stated hour has come, the late answers join the minutes."""

from sqlalchemy import exists, select

from board.db import db, now, transaction
from board.workshops import verbs
from board.workshops.models import Minutes, Workshop


def complete_due() -> None:
    """Freeze the late answers of workshops whose hour has come. Can be repeated."""
    done = exists().where(Minutes.workshop_id == Workshop.id, Minutes.part == "late")
    due = select(Workshop.id).where(Workshop.late_until <= now(), ~done).limit(20)
    for workshop_id in list(db.session.scalars(due)):
        with transaction():
            verbs.complete(verbs.locked(workshop_id))
