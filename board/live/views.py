"""`/live`, the event stream, and `/live/topics`, the same news for browsers that found no free stream."""

from collections.abc import Iterator
from functools import partial
from typing import cast

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from flask.blueprints import BlueprintSetupState

from board.accounts import session
from board.db import connection, db
from board.errors import Busy, Unknown
from board.i18n import gettext as _
from board.live import log
from board.live.handover import fits
from board.live.hub import BATCH, Hub
from board.live.log import Position
from board.live.stream import Stream
from board.live.wire import HEARTBEAT_SECONDS, HELLO, RELOAD, cursor, events, told
from board.narrow import watched
from board.web import actor, is_partial, no_store

bp = Blueprint("live", __name__)

BUSY_SECONDS = 30
WITHOUT_LIVE = frozenset({"live", "ground", "metrics", "accounts", "factors", "identities"})


@bp.record_once
def _set_up(state: BlueprintSetupState) -> None:
    """Give the application its hub, and every page the position in the log at which its request began."""
    app = cast("Flask", state.app)
    app.extensions["live"] = new_hub(app)
    app.before_request_funcs.setdefault(None, []).insert(0, _note_position)


def new_hub(app: Flask) -> Hub:
    """A hub as the settings want it."""
    board = app.config["BOARD"]
    return Hub(
        app,
        cap=board.streams,
        threaded_cap=board.threads // 2,
        stopping=app.extensions["stopping"],
        alive=session.alive,
    )


def hub() -> Hub:
    """The hub of this process."""
    found: Hub = current_app.extensions["live"]
    return found


def _note_position() -> None:
    """Before anything of the page is read: what is written while the page is made must come as an event."""
    feature = (request.endpoint or "live").split(".")[0]
    if request.method != "GET" or feature in WITHOUT_LIVE or is_partial():
        return
    with watched(None):  # An older position than need be only makes the page's stream begin earlier.
        g.live_position = hub().position or log.log_of(db.engine).latest(connection())


@bp.before_app_request
def _give_cursor() -> None:
    """The cursor that the page's stream begins with."""
    if "live_position" in g:
        g.live_cursor = cursor(g.live_position, actor().person_id)


def _asked() -> tuple[Position | None, int | None]:
    """Where to begin, None when the cursor says nothing, and the person for whom the page was made.

    Raises Unknown when somebody else asks now: the session has ended, or the browser changed hands.
    """
    given = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    position, mark, person = given.partition("~")
    by = actor().person_id
    if not mark:
        return log.read(position), by
    if person and person != str(by):
        raise Unknown(_("You are no longer signed in as before. What you have typed is still here."))
    return log.read(position), by if person else None


def _since(position: Position | None) -> tuple[list[log.Entry], Position, bool]:
    """What was written after a position, where that leads to, and whether the log could not say it all."""
    source, held = log.log_of(db.engine), connection()
    entries = source.since(held, position, BATCH) if position else None
    if position is None or entries is None or len(entries) == BATCH:
        return [], source.latest(held), True
    return entries, max([position, *(e.position for e in entries if e.settled)]), False


@bp.get("/live")
def stream() -> Response:
    """An endless stream of topics, from the cursor on; 503 when the process has no stream left, 401 after sign-out."""
    position, person_id = _asked()
    session_id = actor().session_id if person_id else None
    here, environ = hub(), request.environ
    moves = here.takes_over and fits(environ)
    one = Stream(session_id, person_id, environ.get("gunicorn.socket"), moves)
    if not here.open(one, db.engine):
        raise Busy(_("Live updates are coming a little slower at the moment."), seconds=BUSY_SECONDS)
    # It hears the hub from here on, so what is read now, by a new look, overlaps with that and leaves no gap.
    db.session.close()
    entries, reached, lost = _since(position)
    one.tell([RELOAD] if lost else _topics(entries, session_id is not None), reached)
    db.session.close()  # Streaming holds no connection.
    response = Response(_speak(here, one), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(partial(here.leave, one))
    return _never_kept(response)


@bp.get("/live/topics")
def topics() -> Response:
    """The topics since a cursor, and the next cursor, as JSON."""
    position, person_id = _asked()
    entries, reached, lost = _since(position)
    found = [RELOAD] if lost else _topics(entries, person_id is not None)
    return _never_kept(jsonify(cursor=cursor(reached, person_id), topics=found))


def _topics(entries: list[log.Entry], signed_in: bool) -> list[str]:
    return list(dict.fromkeys(t for e in entries for t in (e.topics if signed_in else e.public)))


def _speak(here: Hub, one: Stream) -> Iterator[str]:
    """Say hello at once (the server sends its headers with it), then hand the connection over; where that cannot be,
    tell topics as they come, else a heartbeat.
    """
    yield HELLO
    if one.moves:
        here.adopt(one)
        return
    while (news := one.wait(HEARTBEAT_SECONDS)) is not None:
        found, position = news
        yield told(events(found), position, one.person_id)


def _never_kept(response: Response) -> Response:
    no_store(response)
    return response
