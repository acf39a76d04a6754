"""Changing a setting: checked, logged by its name only, in force with the next request of every process."""

from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite

from board.activity.models import act
from board.db import db, now, on_postgres
from board.errors import Missing, Refusal
from board.i18n import gettext as _
from board.policy import Actor
from board.settings.current import forget
from board.settings.models import Setting
from board.settings.registry import BY_NAME, Value, fits


def change(name: str, value: Value | None, by: Actor) -> bool:
    """Set it, or give it its initial value back (None). Returns whether anything changed; if not, nothing is written.

    Raises Missing for a setting that does not exist, Refusal for a value out of bounds.
    """
    definition, config = BY_NAME.get(name), current_app.config["BOARD"]
    if definition is None:
        raise Missing(_("There is no such setting."))
    if value is not None and not fits(definition, value, config):
        raise Refusal(_("This value does not fit the setting."))
    row = db.session.get(Setting, name, with_for_update=True)
    if (row.value if row else None) == value:
        return False
    row = row or _new(name)
    act(by, "setting.change", row, setting=name)
    row.value, row.version, row.changed_at = value, row.version + 1, now()
    db.session.flush()
    forget()
    return True


def _new(name: str) -> Setting:
    """A row for a setting that was never changed; two administrators at once get the same one."""
    insert = (postgresql if on_postgres() else sqlite).insert(Setting)
    db.session.execute(insert.values(name=name, version=0, changed_at=now()).on_conflict_do_nothing())
    return db.session.get_one(Setting, name, with_for_update=True)
