"""`current()`: what holds now, for everybody who needs a setting.

Kept in this process and asked again by one small statement per request, so that a change made in any process holds
with the next request everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app, g, has_request_context
from sqlalchemy.exc import SQLAlchemyError

from board.config import Config
from board.settings import queries
from board.settings.registry import DEFINITIONS, Settings, fits

KEPT = "settings"


@dataclass(frozen=True)
class _Kept:
    stamp: queries.Stamp
    settings: Settings


def current() -> Settings:
    """The settings as they are now; within a request asked once."""
    found: Settings | None = g.get(KEPT) if has_request_context() else None
    if found is None:
        found = _read()
        if has_request_context():
            g.settings = found
    return found


def known() -> Settings:
    """The settings, or those known last while the database is away: an error page must not fail for them."""
    try:
        return current()
    except SQLAlchemyError:
        kept: _Kept | None = current_app.extensions.get(KEPT)
        return kept.settings if kept else initial(current_app.config["BOARD"])


def forget() -> None:
    """Read anew within this request: something was changed in it."""
    if has_request_context():
        g.pop(KEPT, None)


def initial(config: Config) -> Settings:
    """What holds before anybody changes anything."""
    return _settings((), {}, config)


def _read() -> Settings:
    kept: _Kept | None = current_app.extensions.get(KEPT)
    if kept is None or kept.stamp != queries.stamp():
        stamp, values = queries.changed()
        kept = _Kept(stamp, _settings(stamp, values, current_app.config["BOARD"]))
        current_app.extensions[KEPT] = kept
    return kept.settings


def _settings(stamp: queries.Stamp, changed: Mapping[str, object], config: Config) -> Settings:
    """The initial values with the changes laid over them; a value that does not fit (any more) is left out."""
    values = {d.name: d.initial(config) for d in DEFINITIONS}
    values |= {d.name: changed[d.name] for d in DEFINITIONS if fits(d, changed.get(d.name), config)}  # type: ignore[misc]
    return Settings(stamp=stamp, **values)  # type: ignore[arg-type]
