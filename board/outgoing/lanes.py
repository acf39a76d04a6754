"""Lanes: one thread for each endpoint that has something due, so that a slow one holds up no other, nor other jobs.

They live in the process of the worker, for as long as there is something to do. What a lane had in hand when its
process ends goes out again once its lease has run out.
"""

import threading
from contextvars import copy_context

from flask import Flask, current_app
from sqlalchemy import select

from board.db import db, now
from board.log import log
from board.outgoing import sending, spooling
from board.outgoing.models import OutgoingDelivery, Standing

MOST = 8
LINGER = 8.0
"""A lane waits so many seconds for what is due next: the first repetition comes after five."""


class Lanes:
    """The endpoints that this process is sending to."""

    def __init__(self) -> None:
        self._busy: set[int] = set()
        self._changed = threading.Condition()

    def start(self, app: Flask, endpoint_ids: list[int]) -> None:
        """Give each of them a thread, as far as there are any left; the others come with the next turn."""
        for endpoint_id in endpoint_ids:
            with self._changed:
                if endpoint_id in self._busy or len(self._busy) >= MOST:
                    continue
                self._busy.add(endpoint_id)
            args = (self._run, app, endpoint_id)
            threading.Thread(target=copy_context().run, args=args, name=f"outgoing-{endpoint_id}", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait until all of them have ended; False when some have not in that time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, seconds)

    def _run(self, app: Flask, endpoint_id: int) -> None:
        stopping: threading.Event = app.extensions["stopping"]
        try:
            with app.app_context():
                while sending.work_off(endpoint_id, going_on=lambda: not stopping.is_set()):
                    if (pause := _next(endpoint_id)) is None or stopping.wait(pause):
                        break
        except Exception as why:  # noqa: BLE001 - the next turn tries again.
            log.error("outgoing", endpoint=endpoint_id, exc_info=why)
        finally:
            with self._changed:
                self._busy.discard(endpoint_id)
                self._changed.notify_all()


def drive() -> int:
    """Take what happened from the log and send what is due; returns how many endpoints have something to be sent."""
    if not spooling.wanted():
        return 0
    spooling.spool()
    found = sending.due_endpoints()
    lanes: Lanes = current_app.extensions.setdefault("outgoing", Lanes())
    lanes.start(current_app._get_current_object(), found)  # type: ignore[attr-defined]
    return len(found)


def _next(endpoint_id: int) -> float | None:
    """Seconds until something of this endpoint is due, if that is soon."""
    wanted = select(OutgoingDelivery.next_at).where(
        OutgoingDelivery.endpoint_id == endpoint_id, OutgoingDelivery.status == Standing.WAITING
    )
    soonest = db.session.scalar(wanted.order_by(OutgoingDelivery.next_at).limit(1))
    db.session.close()
    seconds = (soonest - now()).total_seconds() if soonest else LINGER + 1
    return max(0.05, seconds) if seconds <= LINGER else None
