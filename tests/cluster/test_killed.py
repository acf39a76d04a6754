"""`kill -9` under load, of a node and of PostgreSQL: what was acknowledged is there, every stream has heard it all."""

import time

import pytest

from tests.cluster.load import Load, put_to_work
from tests.cluster.place import HTMX, Listener, Place, until
from tests.long.trials import Trial

pytestmark = pytest.mark.postgres
WORK = ("ballot", "claim", "delivery", "page")
TOLD = {f"{what} 503" for what in WORK}
"""What may be said instead of success: come again. Never an error of ours, never success for nothing."""
CUT_OFF = {"IncompleteRead"}
"""An answer that has begun when its node is killed ends in the middle: nginx passes it on, the browser knows."""


@pytest.mark.trial("node-kill", short=1, long=50)
def test_a_node_is_killed_under_load_and_the_other_one_goes_on(place: Place, trial: Trial) -> None:
    load, listeners = _begin(place, seed=2)
    try:
        for turn in trial.turns():
            load.begin()
            load.until(20)
            node = place.cluster.nodes[turn % len(place.cluster.nodes)]
            node.kill()
            trial.most(seconds_until_answered_again=load.until(1), seconds_for_twenty=load.until(20))
            node.start()
            node.until_ready()
            load.until(10)
            load.end()
            _look(load, listeners, trial)
    finally:
        _close(load, listeners)
    assert set(load.failed) <= TOLD | CUT_OFF, load.failed
    moved = sum(listener.connections - 1 for listener in listeners)
    trial.note(answered=load.answered, not_acknowledged=sum(load.failed.values()), streams_moved=moved)
    assert moved >= trial.done, "some stream was at each node that was killed"


@pytest.mark.trial("postgres-kill", short=1, long=200)
def test_postgresql_is_killed_under_load_and_the_board_heals_by_itself(place: Place, trial: Trial) -> None:
    assert place.cluster.database
    load, listeners = _begin(place, seed=3)
    pids = [node.pid for node in place.cluster.nodes]
    try:
        for _turn in trial.turns():
            load.begin()
            load.until(20)
            place.cluster.database.kill()
            time.sleep(0.5)
            place.cluster.database.start()
            begun = time.monotonic()
            for port in place.nodes:
                until(lambda port=port: _writes(place, load, port), "it is written again at each node")
            trial.most(seconds_until_healed=time.monotonic() - begun)
            load.until(10)
            load.end()
            _look(load, listeners, trial)
    finally:
        _close(load, listeners)
    assert [node.pid for node in place.cluster.nodes] == pids, "nothing was restarted"
    assert set(load.failed) <= TOLD | {"page 200 as it was"}, load.failed
    trial.note(answered=load.answered, told_to_come_again=sum(load.failed.values()))


def _begin(place: Place, seed: int) -> tuple[Load, list[Listener]]:
    """Two listeners at each node, which come again through nginx, wherever that leads them."""
    load = put_to_work(place, seed)
    return load, [Listener(place, load.voters[0].token, first=port).begin() for port in place.nodes for _n in range(2)]


def _writes(place: Place, load: Load, port: int) -> bool:
    path = f"/proposals/FV-{place.proposal}/ballot"
    return place.ask(path, load.voters[0].token, {"choice": "for"}, port=port, **HTMX).status == 200


def _look(load: Load, listeners: list[Listener], trial: Trial) -> None:
    until(lambda: not any(listener.missed(load.claimed) for listener in listeners), "every stream has heard it all")
    trial.note(**load.look(listeners))


def _close(load: Load, listeners: list[Listener]) -> None:
    load.end()
    for listener in listeners:
        listener.close()
