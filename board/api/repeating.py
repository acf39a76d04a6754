"""`Idempotency-Key`: a change that is sent twice is done once, and answered twice alike for a day.

The key's row is written first in the transaction of the change. Whoever comes second while it runs waits for it there
(the unique constraint), and finds its answer; what was refused has kept nothing and may be tried again.
"""

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

from flask import Response, request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from board.api.models import KeptAnswer
from board.db import db, now, on_postgres
from board.errors import Refusal
from board.i18n import gettext as _
from board.web import actor

KEPT = timedelta(hours=24)
KEY = r"^[A-Za-z0-9_-]{1,64}$"
REPEATED = ("Content-Type", "ETag", "Location")


class BadKey(Refusal):
    """The key cannot be used; nothing was changed."""

    status = 422


def key() -> str:
    """The key of the running request, empty without one. Raises BadKey."""
    given = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    if given is None:
        return ""
    if not re.fullmatch(KEY, given):  # An empty one too: whoever sends it believes to be safe from doing it twice.
        raise BadKey(_("An idempotency key has 1 to 64 letters, digits, “-” and “_”."))
    return given


def begin(given: str) -> Response | None:
    """Take the key, inside a transaction; the kept answer where the same request was answered before.

    Raises BadKey where another request has it.
    """
    by, asked = actor(), _asked()
    mine = (KeptAnswer.token_id == by.token_id, KeptAnswer.key == given)
    db.session.execute(
        delete(KeptAnswer).where(*mine, KeptAnswer.at < now() - KEPT).execution_options(synchronize_session=False)
    )
    insert: Any = postgres_insert if on_postgres() else sqlite_insert
    taken = db.session.execute(
        insert(KeptAnswer)
        .values(token_id=by.token_id, person_id=by.person_id, key=given, asked=asked, status=0, headers={}, body="",
                at=now())
        .on_conflict_do_nothing(index_elements=["token_id", "key"])
        .returning(KeptAnswer.id)
    ).first()  # fmt: skip
    if taken is not None:
        return None
    kept = db.session.scalars(select(KeptAnswer).where(*mine)).one()
    if kept.asked != asked:
        raise BadKey(_("This idempotency key was used for another request."), problem="key-reused")
    response = Response(kept.body, kept.status)
    response.headers.pop("Content-Type", None)
    response.headers.extend(kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def keep(given: str, response: Response) -> None:
    """Keep the answer beside what it answers to, in the same transaction."""
    headers = {name: response.headers[name] for name in REPEATED if name in response.headers}
    db.session.execute(
        update(KeptAnswer)
        .where(KeptAnswer.token_id == actor().token_id, KeptAnswer.key == given)
        .values(status=response.status_code, headers=headers, body=response.get_data(as_text=True))
        .execution_options(synchronize_session=False)
    )


def _asked() -> str:
    """What a request asks, as a hash: method, address, edition and body."""
    asked = json.dumps([request.method, request.full_path, request.headers.get("If-Match", "")])
    return hashlib.sha256(asked.encode() + b"\0" + request.get_data()).hexdigest()
