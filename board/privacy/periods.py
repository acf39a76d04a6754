"""How long what is kept: one table for the job that clears, the privacy page, the operator's documents and tests.

A period begins with what `since` says. `rows` counts what is overdue, `clear` removes it; both are given by the
feature that owns the rows, where it does its own clearing `clear` is None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, delete, exists, or_

from board.accounts.devices import KNOWN
from board.accounts.models import AccessToken, Device, LoginSession, Throttle
from board.accounts.throttle import WINDOW_SECONDS
from board.api import repeating
from board.api.models import KeptAnswer
from board.credentials import verbs as credentials
from board.db import db, now, transaction
from board.i18n import ngettext, translate
from board.issues import retention as deliveries
from board.joining import verbs as joining
from board.mail import outbox
from board.notifications.models import TOLD_KEPT, Told
from board.outgoing import retention as outgoing

N_ = str  # Marks a message id; it is translated where it is shown.


@dataclass(frozen=True)
class Period:
    """One kind of data and how long it is kept."""

    name: str
    what: str
    kept: timedelta
    since: str
    clear: Callable[[], int] | None = None

    @property
    def days(self) -> int:
        """Whole days; what is kept for less than a day counts as one."""
        return max(1, self.kept.days)

    def told(self) -> str:
        """`90 days`, in the request's language."""
        return ngettext("%(n)s day", "%(n)s days", self.days)


SESSION = timedelta(days=90)
THROTTLE = timedelta(days=1)
TOKEN = timedelta(days=90)


def _sessions() -> int:
    """Sessions that ended long ago, and those nobody came back to: all of them are too old to be used."""
    end = now() - SESSION
    over = or_(LoginSession.ended_at < end, and_(LoginSession.ended_at.is_(None), LoginSession.seen_at < end))
    return _delete(LoginSession, over)


def _devices() -> int:
    """Browsers in which nobody has signed in for a year; their sessions are gone before."""
    used = exists().where(LoginSession.device_id == Device.id)
    return _delete(Device, and_(Device.seen_at < now() - KNOWN, ~used))


def _throttle() -> int:
    """Failures of windows that nobody counts any more."""
    return _delete(Throttle, Throttle.window < int((now() - THROTTLE).timestamp()) // WINDOW_SECONDS)


def _told() -> int:
    """Digests and reminders whose week and date are past."""
    return _delete(Told, Told.told_at < now() - TOLD_KEPT)


def _tokens() -> int:
    """Tokens that have opened nothing for long; what was kept for them is gone before."""
    end = now() - TOKEN
    used = exists().where(KeptAnswer.token_id == AccessToken.id)
    return _delete(AccessToken, and_(or_(AccessToken.ended_at < end, AccessToken.expires_at < end), ~used))


def _answers() -> int:
    """Answers that are no longer given a second time."""
    return _delete(KeptAnswer, KeptAnswer.at < now() - repeating.KEPT)


def _delete(table: type, over: object) -> int:
    with transaction():
        gone = db.session.execute(delete(table).where(over).execution_options(synchronize_session=False))  # type: ignore[arg-type]
    return int(gone.rowcount)  # type: ignore[attr-defined]


PERIODS = (
    Period("sessions", N_("sessions of a browser"), SESSION, N_("after their end or last use"), _sessions),
    Period("devices", N_("browsers in which somebody has signed in"), KNOWN, N_("after the last sign-in"), _devices),
    Period("throttle", N_("failed attempts to sign in, without address and account"), THROTTLE, N_("after the attempt"),
           _throttle),
    Period("kept_answers", N_("answers to programs that may ask twice"), repeating.KEPT, N_("after the request"),
           _answers),
    Period("access_tokens", N_("access tokens for programs, as hashes"), TOKEN, N_("after they ended"), _tokens),
    Period("delivery_bodies", N_("contents of deliveries from Git forges"), deliveries.BODY,
           N_("after receipt; of failed ones 90 days")),
    Period("mail", N_("mail that was sent or given up"), outbox.RETENTION, N_("after sending")),
    Period("told", N_("notes of which digest or reminder somebody was sent"), TOLD_KEPT, N_("after sending"), _told),
    Period("invitations", N_("invitations that nobody accepted, with their address"), joining.RETENTION,
           N_("after they expired")),
    Period("links", N_("links for a new password or address"), credentials.RETENTION, N_("after they expired")),
    Period("deliveries", N_("deliveries from Git forges"), deliveries.ALL, N_("after receipt")),
    Period("outgoing_bodies", N_("contents of messages to outgoing webhooks"), outgoing.BODY,
           N_("after sending; of failed ones 90 days")),
    Period("outgoing", N_("messages to outgoing webhooks"), outgoing.ALL, N_("after sending")),
)  # fmt: skip


def clear() -> int:
    """Remove what is overdue, each kind in a transaction of its own; safe to repeat. Returns how many rows went."""
    return sum(period.clear() for period in PERIODS if period.clear)


def table(locale: str) -> str:
    """The periods as a Markdown table in that language."""
    head = [translate(locale, text) for text in ("What is kept", "How long", "Since when")]
    rows = [[translate(locale, p.what), p.told(), translate(locale, p.since)] for p in PERIODS]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * 3, *rows))
