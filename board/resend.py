"""What a refused form held, so that without JavaScript, too, nothing that somebody typed is lost.

The error page shows it again and lets it be sent once more. Only of forms that came from our own pages: whoever is
refused by the cross-site check gets nothing back.
"""

import re
from dataclasses import dataclass

from flask import g, request
from werkzeug.exceptions import HTTPException

from board.policy import Actor

TOLD = frozenset({401, 403, 409, 429, 500, 503})
"""The answers that may come in spite of a good form; 422 shows the form itself."""
TECHNICAL = frozenset({"acting_for", "edition", "next", "once", "seen", "text_version", "version"})
_SECRET = re.compile("password|secret|token|code|current", re.IGNORECASE)
_CHOSEN = re.compile(r"[a-z0-9_-]{0,40}")


@dataclass(frozen=True)
class Part:
    """A field as it was sent; `typed` when somebody wrote it, rather than chose it."""

    name: str
    value: str
    typed: bool


@dataclass(frozen=True)
class Resend:
    """A form to send again. `may`: whether that can help."""

    address: str
    parts: tuple[Part, ...]
    may: bool


def held(status: int, by: Actor) -> Resend | None:
    """The form of this request, if somebody typed something in it; it speaks for the partner acted for now."""
    if request.method != "POST" or status not in TOLD or "actor" not in g:
        return None
    try:
        sent = [(name, value) for name, value in request.form.items(multi=True) if value]
    except HTTPException:  # Too large to be read, so there is nothing to show.
        return None
    if any(_SECRET.search(name) for name, _value in sent):
        return None
    parts = tuple(
        Part(name, str(by.partner_id or "") if name == "acting_for" and by.signed_in else value, _typed(name, value))
        for name, value in sent
    )
    if not any(part.typed for part in parts):
        return None
    return Resend(request.full_path.rstrip("?"), parts, may=status != 403)


def _typed(name: str, value: str) -> bool:
    return name not in TECHNICAL and not _CHOSEN.fullmatch(value)
