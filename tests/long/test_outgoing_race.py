"""Outgoing webhooks under fire: two real processes send at once, and one of them is killed in the middle.

Each message goes out once; only the one that was on its way when its process died goes out again, the same to the byte.
"""

import multiprocessing
import tempfile
import threading
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from board import create_app
from board.db import at, db, now, transaction
from board.outgoing import endpoints, sending, spooling
from board.outgoing.endpoints import Wishes
from board.outgoing.models import OutgoingDelivery
from tests.conftest import settings
from tests.factories import make_proposal
from tests.people import Cast
from tests.receiver import Receiver
from tests.test_outgoing import allowing, wait_for

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
EVENTS = 24


def work(url: str, listed: str, endpoint_id: int, go: Event, stop: Event) -> None:
    """The other process: reads the log and sends until it is stopped, or killed."""
    app = create_app(settings(Path(tempfile.mkdtemp()), url, BOARD_WEBHOOKS=listed, BOARD_KEY=KEY))
    with app.app_context():
        go.set()
        while not stop.wait(0.01):
            spooling.spool()
            sending.work_off(endpoint_id)


def test_two_processes_send_each_message_once_and_a_killed_one_loses_none(
    app: Flask, database_url: str, people: Cast
) -> None:
    context = multiprocessing.get_context("spawn")
    go, stop = context.Event(), context.Event()
    with Receiver() as receiver, allowing(app, receiver.listed, key=KEY), app.app_context():
        with transaction():
            made, _secret = endpoints.create(people.pia.actor, Wishes(receiver.url, ("proposals",)))
        number = made.id
        other = context.Process(target=work, args=(database_url, receiver.listed, number, go, stop), daemon=True)
        other.start()
        assert go.wait(60)
        for turn in range(EVENTS):
            make_proposal(people, title=f"Vorschlag {turn}")
            spooling.spool()
            sending.work_off(number)
        wait_for(lambda: waiting() == 0)
        assert len(receiver.messages) == EVENTS == len({message.id for message in receiver.messages})

        receiver.wait = threading.Event()  # From here on the receiver thinks, and the process is killed meanwhile.
        make_proposal(people, title="Der letzte")
        wait_for(lambda: len(receiver.messages) == EVENTS + 1)
        other.kill()
        other.join(10)
        receiver.wait.set()
        assert waiting() == 1, "nobody noted that it arrived"
        assert sending.work_off(number) == 0, "and nobody knows yet that nobody will"
        with at(now() + sending.LEASE + timedelta(seconds=1)):
            assert sending.work_off(number) == 1
        first, second = receiver.messages[-2:]
        assert (first.id, first.body) == (second.id, second.body)
        attempts = db.session.scalars(select(OutgoingDelivery.attempts)).all()
        assert attempts == [1] * (EVENTS + 1), "each attempt that came to an end is noted once"


def waiting() -> int:
    """How many messages are not noted as delivered."""
    db.session.close()
    return len(db.session.scalars(select(OutgoingDelivery.id).where(OutgoingDelivery.status != "delivered")).all())
