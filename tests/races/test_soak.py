"""Mixed load for a while: no answer above 499, no memory and no descriptor that only grows."""

import http.client
import itertools
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.races.test_full_disk import ask
from tests.races.test_kill import CHOICES, Place, kill, place, serve

__all__ = ["place"]  # The fixture.
PAGES = ("/", "/proposals", "/partners", "/work", "/activity", "/activity.atom", "/proposals?q=Vorschlag&sort=support")
MEGABYTE = 1024 * 1024


@dataclass
class Soak:
    """The load, and what was seen of the worker process."""

    place: Place
    statuses: list[int] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def browse(self, number: int) -> None:
        """Read pages, signed in; every fifth time vote."""
        voter = self.place.voters[number % len(self.place.voters)]
        for turn in itertools.count(number):
            if self.stop.is_set():
                return
            proposal = self.place.proposals[turn % len(self.place.proposals)]
            if turn % 5 == 0:
                form = {"choice": CHOICES[turn % 3], "reason": "Grund"}
                answer = ask(self.place.port, "POST", f"/proposals/FV-{proposal}/ballot", voter.token, form)
            else:
                page = (*PAGES, f"/proposals/FV-{proposal}")[turn % (len(PAGES) + 1)]
                answer = ask(self.place.port, "GET", page, voter.token if turn % 2 else "")
            self.statuses.append(answer.status)

    def listen(self) -> None:
        """Open a stream, hear a little, go without a word; again and again."""
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=1)
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/live")
                answer = connection.getresponse()
                self.statuses.append(answer.status if answer.status != 503 else 200)  # Full: the browser polls.
                answer.read(64)
            connection.close()

    def watch(self, worker: int, seconds: float) -> None:
        """Note memory and descriptors of the worker, twenty times."""
        for _sample in range(20):
            time.sleep(seconds / 20)
            status = Path(f"/proc/{worker}/status").read_text()
            self.memory.append(int(status.partition("VmRSS:")[2].split()[0]) * 1024)
            self.descriptors.append(len(list(Path(f"/proc/{worker}/fd").iterdir())))


def soak(place: Place, seconds: float) -> Soak:
    """So long a load by four browsers and two streams."""
    run, server = Soak(place), serve(place)
    threads = [threading.Thread(target=run.browse, args=(n,)) for n in range(4)]
    threads += [threading.Thread(target=run.listen) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        (worker,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        run.watch(int(worker), seconds)
    finally:
        run.stop.set()
        for thread in threads:
            thread.join()
        kill(server)
    return run


def test_under_mixed_load_nothing_fails(place: Place) -> None:
    run = soak(place, 3)
    assert [status for status in run.statuses if status >= 400] == []
    assert len(run.statuses) > 20


@pytest.mark.long
def test_ten_minutes_of_mixed_load_leave_memory_flat_and_descriptors_constant(place: Place) -> None:
    run = soak(place, 600)
    early, late = run.memory[5:10], run.memory[15:]
    print(f"{len(run.statuses)} answers; memory {min(early) // MEGABYTE} → {max(late) // MEGABYTE} MB; "
          f"descriptors {min(run.descriptors[5:])}–{max(run.descriptors[5:])}")  # fmt: skip
    assert [status for status in run.statuses if status >= 400] == []
    assert max(late) < max(early) * 1.1
    assert max(run.descriptors[15:]) <= max(run.descriptors[5:10]) + 4
