"""Rule 5 under fire: the server is killed (kill -9) in the middle of voting; what it answered with success is there.

SQLite only: on PostgreSQL the server's death is an ordinary lost connection.
"""

import http.client
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask

from board import create_app
from board.accounts import session
from board.accounts.models import Membership, Person
from board.db import db, transaction
from board.partners.models import Electorate, Partner
from board.voting import tallies
from tests.conftest import bring_up_to_date, settings
from tests.factories import make_proposal
from tests.long.trials import Trial
from tests.people import populate

ROOT = Path(__file__).parent.parent.parent
VOTERS, PROPOSALS = 4, 5
CHOICES = ("for", "against", "abstain")


@dataclass
class Voter:
    """A delegate's browser that votes without pause and remembers what was acknowledged."""

    partner_id: int
    token: str
    known: dict[int, str] = field(default_factory=dict)
    in_flight: tuple[int, str] | None = None
    acknowledged: int = 0
    odd: list[int] = field(default_factory=list)

    def vote(self, port: int, proposals: list[int], chance: random.Random) -> None:
        """Until the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {
            "Cookie": f"session={self.token}", "Sec-Fetch-Site": "same-origin", "HX-Request": "true",
            "HX-Request-Type": "partial", "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        try:
            while True:
                proposal_id, choice = chance.choice(proposals), chance.choice(CHOICES)
                self.in_flight = (proposal_id, choice)
                body = urlencode({"choice": choice, "reason": "Grund"})
                connection.request("POST", f"/proposals/FV-{proposal_id}/ballot", body, headers)
                with connection.getresponse() as answer:
                    if answer.status != 200:
                        self.odd.append(answer.status)
                        return
                    self.known[proposal_id], self.in_flight = choice, None
                    self.acknowledged += 1
                    answer.read()
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


@dataclass
class Place:
    """A board of its own on a SQLite file, with voters."""

    folder: Path
    app: Flask
    port: int
    proposals: list[int]
    voters: list[Voter]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Prepared by the verbs, then served by gunicorn as in production."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = create_app(settings(tmp_path, BOARD_ORIGIN=f"http://127.0.0.1:{port}"))
    bring_up_to_date(app)
    with app.app_context():
        with transaction():
            people = populate()
            voters = [_voter(number) for number in range(VOTERS)]
            db.session.get_one(Electorate, Electorate.ONLY).size += VOTERS
        proposals = [make_proposal(people, title=f"Vorschlag {n}") for n in range(PROPOSALS)]
        yield Place(tmp_path, app, port, proposals, voters)
        db.engine.dispose()


def _voter(number: int) -> Voter:
    name = f"Stadt {number}"
    partner = Partner(slug=f"stadt-{number}", name=name, sign="ST", kind="municipality", votes=True)
    person = Person(email=f"{number}@example.org", name=name)
    db.session.add_all([partner, person])
    db.session.flush()
    seat = Membership(person_id=person.id, partner_id=partner.id, role="delegate")
    db.session.add(seat)
    db.session.flush()
    return Voter(partner.id, session.begin(person.id, seat.id))


def serve(place: Place) -> subprocess.Popen[bytes]:
    """The server, up and answering."""
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONWARNINGS"}},
        "BOARD_DATA": str(place.folder), "BOARD_ORIGIN": f"http://127.0.0.1:{place.port}",
        "SECRET_KEY": "s" * 40, "BOARD_SECOND_FACTOR": "none",
        "PORT": str(place.port), "HOST": "127.0.0.1", "THREADS": "8", "BOARD_STREAMS": "2", "BOARD_LOG": "error",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if _ready(place.port):
            return server
        assert server.poll() is None, "the server did not start"
        time.sleep(0.05)
    kill(server)
    raise AssertionError("the server did not answer in time")


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        with connection.getresponse() as answer:
            return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def kill(server: subprocess.Popen[bytes]) -> None:
    """Master and worker at once, without a word."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait(timeout=30)


def wait_for(place: Place, number: int) -> None:
    """Until so many ballots are acknowledged: the kill then falls somewhere into the next ones."""
    until = time.monotonic() + 60
    while sum(v.acknowledged for v in place.voters) < number:
        assert time.monotonic() < until, "the server does not vote"
        assert not any(v.odd for v in place.voters), [v.odd for v in place.voters]
        time.sleep(0.002)


def look(place: Place) -> None:
    """Every acknowledged ballot is there, the file is sound, and the tally is what the ballots say."""
    connection = sqlite3.connect(place.folder / "board.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = connection.execute("SELECT partner_id, proposal_id, choice FROM ballot").fetchall()
    connection.close()
    stored = {(partner_id, proposal_id): choice for partner_id, proposal_id, choice in rows}
    for voter in place.voters:
        for proposal_id in place.proposals:
            found, known = stored.get((voter.partner_id, proposal_id)), voter.known.get(proposal_id)
            perhaps = voter.in_flight[1] if voter.in_flight and voter.in_flight[0] == proposal_id else known
            assert found in {known, perhaps}
            if found:
                voter.known[proposal_id] = found
        voter.in_flight = None
    db.session.remove()
    assert tallies.check_tallies() == []
    db.session.remove()


@pytest.mark.trial("kill", short=3, long=200)
def test_killed_again_and_again_every_acknowledged_ballot_is_there(place: Place, trial: Trial) -> None:
    """Vote, kill, look; again and again on the same file."""
    for cycle in trial.turns():
        chance, before = random.Random(cycle), sum(v.acknowledged for v in place.voters)
        begun = time.monotonic()
        server = serve(place)
        trial.most(slowest_start_seconds=round(time.monotonic() - begun, 2))
        threads = [
            threading.Thread(target=v.vote, args=(place.port, place.proposals, random.Random(chance.random())))
            for v in place.voters
        ]
        for thread in threads:
            thread.start()
        wait_for(place, before + chance.randint(1, 12 * VOTERS))
        kill(server)
        for thread in threads:
            thread.join(timeout=60)
        assert [status for v in place.voters for status in v.odd] == []
        look(place)
        trial.count(acknowledged=sum(v.acknowledged for v in place.voters) - before, lost=0)
