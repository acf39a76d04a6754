"""Live streams on a node of their own, by deploy/nginx-streams.conf; if it dies, they go on where pages are made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.cluster.front import Front
from tests.cluster.load import Load, put_to_work
from tests.cluster.once import TOKEN
from tests.cluster.place import HTMX, Listener, Place, until
from tests.cluster.test_killed import TOLD
from tests.long.trials import Trial
from tests.test_deploy import _ports

pytestmark = pytest.mark.postgres
LISTENERS = 3


@dataclass
class Apart:
    """The same two nodes behind a second nginx: the first makes the pages, the second one holds the streams."""

    place: Place
    door: int

    def streams(self) -> tuple[int, int]:
        """How many are open at the node for pages and at that for streams."""
        first, second = (self._open(port) for port in self.place.nodes)
        return first, second

    def _open(self, port: int) -> int:
        told = self.place.ask("/metrics", port=port, Authorization=f"Bearer {TOKEN}").text
        found = re.search(r"^\w*streams(?:\{.*\})? ([\d.]+)$", told, re.MULTILINE)
        assert found, told
        return int(float(found[1]))

    def listen(self, token: str) -> list[Listener]:
        """Some browsers that follow live through this door."""
        return [Listener(self.place, token, port=self.door).begin() for _n in range(LISTENERS)]


@pytest.fixture
def apart(place: Place) -> Iterator[Apart]:
    """No stream is open when it begins."""
    (door,) = _ports(1)
    pages, streams = (f"127.0.0.1:{port}" for port in place.nodes)
    front = Front(f"127.0.0.1:{door}", [pages], place.cluster.folder / "apart", [streams])
    front.start()
    made = Apart(place, door)
    until(lambda: made.streams() == (0, 0), "those of the test before are gone")
    yield made
    front.close()


def test_streams_are_held_by_their_node_and_everything_else_by_the_other(apart: Apart) -> None:
    place = apart.place
    ada = place.token(place.people.ada)
    listeners = apart.listen(ada)
    try:
        assert apart.streams() == (0, LISTENERS)
        for choice in ("abstain", "for"):  # Whatever a test before has voted, one of the two is news.
            assert place.ask(place.path("/ballot"), ada, {"choice": choice}, port=apart.door, **HTMX).status == 200
        for listener in listeners:
            until(lambda one=listener: one.heard.get(f"tally-{place.proposal}"), "each is told")
    finally:
        _close(listeners)


def test_a_stream_for_which_their_node_has_no_room_is_held_where_pages_are_made(apart: Apart) -> None:
    ada = apart.place.token(apart.place.people.ada)
    listeners = [listener for _n in range(5) for listener in apart.listen(ada)]
    try:
        assert apart.streams() == (3, 12)
        assert not any(listener.refused for listener in listeners)
    finally:
        _close(listeners)


@pytest.mark.trial("streams-kill", short=1, long=50)
def test_the_streams_node_is_killed_and_its_streams_miss_nothing(apart: Apart, trial: Trial) -> None:
    load = put_to_work(apart.place, seed=5)
    token, listeners = load.voters[0].token, apart.listen(load.voters[0].token)
    try:
        for _turn in trial.turns():
            _kill_and_start(apart, load, listeners)
            trial.note(**load.look(listeners))
            _close(listeners)
            until(lambda: apart.streams() == (0, 0), "they are gone")
            until(lambda: _goes_to_its_node(apart, token), "nginx trusts the node again")
            listeners = apart.listen(token)
            assert apart.streams() == (0, LISTENERS)
    finally:
        load.end()
        _close(listeners)
    assert set(load.failed) <= TOLD, load.failed
    trial.note(streams_moved=LISTENERS * trial.done)


def _kill_and_start(apart: Apart, load: Load, listeners: list[Listener]) -> None:
    node = apart.place.cluster.nodes[1]
    load.begin()
    load.until(10)
    node.kill()
    until(lambda: min(one.connections for one in listeners) == 2, "all come again")
    load.until(20)
    node.start()
    node.until_ready()
    load.end()
    until(lambda: not any(one.missed(load.claimed) for one in listeners), "every stream has heard it all")


def _goes_to_its_node(apart: Apart, token: str) -> bool:
    one = Listener(apart.place, token, port=apart.door).begin()
    there = apart.streams()
    one.close()
    until(lambda: apart.streams() == (0, 0), "it is gone")
    return there == (0, 1)


def _close(listeners: list[Listener]) -> None:
    for listener in listeners:
        listener.close()
