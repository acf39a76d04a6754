"""Mixed load for a while: no answer above 499, no memory and no descriptor that only grows.

Browsers read, search, vote and comment, a forge delivers, streams come and go, and the jobs run inside the server.
"""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.long.test_full_disk import ask
from tests.long.test_kill import CHOICES, Place, kill, place, serve
from tests.long.trials import MEGABYTE, Trial
from tests.webhooks.forge import Forge, github_issue, sign

__all__ = ["place"]  # The fixture.
PAGES = (
    "/", "/proposals", "/partners", "/work", "/activity", "/activity.atom", "/proposals?q=Vorschlag&sort=support",
    f"/search?q={quote('Vorschläge')}", "/roadmap", "/search?q=vorschlga", "/data/proposals.csv", "/reuse", "/figures",
)  # fmt: skip
FEWEST = 20
KINDS = {"page", "ballot", "comment", "stream", "delivery"}
SAMPLES = 20


@dataclass
class Soak:
    """The load, and what was seen of the worker process."""

    place: Place
    forge: Forge
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def browse(self, number: int) -> None:
        """Read pages, signed in or not; every fifth time vote, every twentieth comment."""
        voter = self.place.voters[number % len(self.place.voters)]
        for turn in itertools.count(number):
            if self.stop.is_set():
                return
            path = f"/proposals/FV-{self.place.proposals[turn % len(self.place.proposals)]}"
            if turn % 20 == 10:
                self._ask("comment", "POST", f"{path}/comments", voter.token, {"text": f"Beitrag {number} {turn}"})
            elif turn % 5 == 0:
                form = {"choice": CHOICES[turn // 5 % 3], "reason": "Grund"}
                self._ask("ballot", "POST", f"{path}/ballot", voter.token, form)
            else:
                page = (*PAGES, path)[turn % (len(PAGES) + 1)]
                self._ask("page", "GET", page, voter.token if turn % 2 else "")

    def _ask(self, what: str, method: str, path: str, token: str, form: dict[str, str] | None = None) -> None:
        self.statuses[what, ask(self.place.port, method, path, token, form).status] += 1

    def listen(self) -> None:
        """Open a stream, hear a little, go without a word; again and again."""
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=1)
            with suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/live")
                answer = connection.getresponse()
                # Full: the browser polls.
                self.statuses["stream", answer.status if answer.status != 503 else 200] += 1
                answer.read(64)
            connection.close()

    def deliver(self) -> None:
        """A forge's deliveries, one after another with a breath between them: each of ten issues ever newer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=60)
        for turn in itertools.count(1):
            if self.stop.wait(0.1):
                break
            at = f"2026-01-{turn // 86_400 + 1:02}T{turn // 3600 % 24:02}:{turn // 60 % 60:02}:{turn % 60:02}Z"
            raw = json.dumps(github_issue(turn % 10 + 1, title=f"Stand {turn} FV-1", updated_at=at)).encode()
            headers = sign("github", self.forge.secret, raw, raw, "issues", f"soak-{turn}", "")
            connection.request("POST", self.forge.url, raw, {**headers, "Content-Type": "application/json"})
            with connection.getresponse() as answer:
                answer.read()
                self.statuses["delivery", answer.status] += 1
        connection.close()

    def watch(self, worker: int, seconds: float) -> None:
        """Note memory and descriptors of the worker from time to time."""
        for _sample in range(SAMPLES):
            time.sleep(seconds / SAMPLES)
            status = Path(f"/proc/{worker}/status").read_text()
            self.memory.append(int(status.partition("VmRSS:")[2].split()[0]) * 1024)
            self.descriptors.append(len(list(Path(f"/proc/{worker}/fd").iterdir())))
        until = time.monotonic() + 60  # A busy machine may need longer than a short trial lasts.
        while (self.kinds().keys() != KINDS or self.kinds().total() <= FEWEST) and time.monotonic() < until:
            time.sleep(0.05)

    def kinds(self) -> Counter[str]:
        """How many answers there were of each kind."""
        kinds = Counter[str]()
        for (what, _status), n in self.statuses.copy().items():
            kinds[what] += n
        return kinds


def soak(place: Place, seconds: float) -> Soak:
    """So long a load by four browsers, two streams and a forge."""
    run, server = Soak(place, Forge(place.app, "github")), serve(place)
    work: list[tuple[Callable[..., None], tuple[int, ...]]] = [(run.browse, (n,)) for n in range(4)]
    threads = [threading.Thread(target=do, args=args) for do, args in [*work, (run.listen, ()), (run.listen, ())]]
    threads.append(threading.Thread(target=run.deliver))
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


@pytest.mark.trial("soak", short=3, long=600)
def test_under_mixed_load_nothing_fails_memory_is_flat_and_descriptors_are_constant(place: Place, trial: Trial) -> None:
    run = soak(place, trial.whole())
    early, late = run.memory[5:10], run.memory[15:]
    failed = {what: n for what, n in run.statuses.items() if what[1] >= 400}
    trial.count(**run.kinds(), failed=sum(failed.values()))
    trial.note(
        memory=f"{min(early) // MEGABYTE} → {max(late) // MEGABYTE} MB",
        descriptors=f"{min(run.descriptors[5:])}-{max(run.descriptors[5:])}",
    )
    assert failed == {}
    assert run.kinds().keys() == KINDS
    assert run.kinds().total() > FEWEST
    if trial.long:
        assert max(late) < max(early) * 1.1
        assert max(run.descriptors[15:]) <= max(run.descriptors[5:10]) + 4
