"""The webhook door under kill -9: in a storm of deliveries, each one answered 2xx is in the log and applied."""

import http.client
import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board import create_app
from board.db import db, transaction
from board.issues import replay
from board.issues.models import Delivery, Issue
from board.policy import SYSTEM
from tests.conftest import bring_up_to_date, settings
from tests.long.test_kill import kill, serve
from tests.long.trials import Trial
from tests.webhooks.forge import Forge, github_issue, sign

SENDERS = 4


@dataclass
class Place:
    """A board of its own on a SQLite file, with a connection."""

    folder: Path
    app: Flask
    port: int
    forge: Forge
    minutes: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)
    odd: list[int] = field(default_factory=list)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = create_app(settings(tmp_path, BOARD_ORIGIN=f"http://127.0.0.1:{port}"))
    bring_up_to_date(app)
    forge = Forge(app, "github")
    with app.app_context():
        yield Place(tmp_path, app, port, forge)
        db.engine.dispose()


def storm(place: Place) -> None:
    """Deliver without pause until the server is gone: each of ten issues ever newer."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    try:
        while True:
            minute = next(place.minutes)
            number, id_ = minute % 10 + 1, f"id-{minute}"
            at = f"2026-{minute // 40_000 + 1:02}-01T{minute // 3600 % 24:02}:{minute // 60 % 60:02}:{minute % 60:02}Z"
            raw = json.dumps(github_issue(number, title=f"Stand {minute}", updated_at=at)).encode()
            headers = sign("github", place.forge.secret, raw, raw, "issues", id_, "")
            connection.request("POST", place.forge.url, raw, {**headers, "Content-Type": "application/json"})
            with connection.getresponse() as answer:
                answer.read()
                if answer.status != 200:
                    place.odd.append(answer.status)
                    return
            place.acknowledged[id_] = (number, minute)
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def look(place: Place) -> None:
    db.session.remove()
    log = {row.external_id: row.status for row in db.session.execute(select(Delivery.external_id, Delivery.status))}
    assert {log.get(id_) for id_ in place.acknowledged} <= {"processed", "stale"}
    assert "received" not in log.values()
    newest: dict[int, int] = {}
    for number, minute in place.acknowledged.values():
        newest[number] = max(newest.get(number, 0), minute)
    stored = {row.number: int(row.title.split()[1]) for row in db.session.execute(select(Issue.number, Issue.title))}
    for number, minute in newest.items():
        assert stored[number] >= minute, "an acknowledged state is not behind"
        assert f"id-{stored[number]}" in log, "and no state without its delivery"
    db.session.remove()


def replayed(place: Place) -> Any:
    with transaction():
        ids = list(db.session.scalars(select(Delivery.id).order_by(Delivery.id)))
        before = db.session.execute(select(Issue.number, Issue.title, Issue.version)).all()
    for delivery_id in random.Random(1).sample(ids, min(60, len(ids))):
        with transaction():
            assert replay.replay(delivery_id, SYSTEM).code == 200
    return before, db.session.execute(select(Issue.number, Issue.title, Issue.version)).all()


@pytest.mark.trial("kill-webhooks", short=2, long=200)
def test_what_was_answered_2xx_survives_kill_9_and_a_replay_changes_nothing(place: Place, trial: Trial) -> None:
    for cycle in trial.turns():
        before, begun = len(place.acknowledged), time.monotonic()
        server = serve(place)  # type: ignore[arg-type]
        trial.most(slowest_start_seconds=round(time.monotonic() - begun, 2))
        goal = before + random.Random(cycle).randint(5, 80)
        threads = [threading.Thread(target=storm, args=(place,)) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 60
        while len(place.acknowledged) < goal and not place.odd:
            assert time.monotonic() < until, "the server takes nothing in"
            time.sleep(0.002)
        kill(server)
        for thread in threads:
            thread.join(timeout=60)
        assert place.odd == []
        look(place)
        trial.count(acknowledged=len(place.acknowledged) - before, lost=0)
    once, again = replayed(place)
    assert once == again
