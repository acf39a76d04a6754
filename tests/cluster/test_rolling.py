"""Nodes are renewed under load, by HUP and by TERM, and no request fails, not even one that changes something."""

import signal
import time
from pathlib import Path

import pytest

from deploy.cluster.running import SETTLE_SECONDS, Node
from tests.cluster.load import put_to_work
from tests.cluster.place import Listener, Place, until
from tests.long.trials import Trial

pytestmark = pytest.mark.postgres
TERM_EVERY = 6
"""Five HUPs, then a TERM: 50 and 10 in the long form."""


@pytest.mark.trial("rolling", short=2, long=60)
def test_nodes_are_renewed_under_load_without_a_failed_request(place: Place, trial: Trial) -> None:
    load = put_to_work(place, seed=1)
    listeners = [Listener(place, load.voters[0].token).begin() for _n in range(2)]
    load.begin()
    try:
        for turn in trial.turns():
            node = place.cluster.nodes[turn % len(place.cluster.nodes)]
            if turn % TERM_EVERY == 1:
                place.cluster.renew(node)
                load.until(30)
                time.sleep(SETTLE_SECONDS if trial.left > 1 else 0)
                trial.count(terms=1)
            else:
                _hang_up(node)
                load.until(30)
                trial.count(hups=1)
    finally:
        load.end()
    until(lambda: not any(one.missed(load.claimed) for one in listeners), "the streams have heard it all")
    load.look(listeners)
    trial.note(answered=load.answered, failed=sum(load.failed.values()))
    for listener in listeners:
        listener.close()
    assert dict(load.failed) == {}


def _hang_up(node: Node) -> None:
    """`systemctl reload`: wait until no process of before is left."""
    before = _children(node.pid)
    node.tell(signal.SIGHUP)
    until(lambda: _children(node.pid) and not before & _children(node.pid) and node.ready(), "the node is renewed", 60)


def _children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
