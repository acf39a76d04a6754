"""`python -m bench.apart [--streams 1000] [--rounds 3]`: live streams beside the pages, and on a node of their own.

One PostgreSQL, two nodes and nginx with the files of deploy/. Each round casts one ballot a second, three times over:
with no stream, with all streams at the node that takes the ballots, and with all of them at the other one. Told are the
times at which the streams heard, how long a ballot took, and the CPU of both nodes.
"""

import argparse
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench import live, machine
from bench.cases import delegate
from board import config, create_app
from deploy.cluster.front import Front
from deploy.cluster.running import Cluster

WAYS = ("none", "together", "apart")


def main() -> None:
    """Measure and print, way by way in each round, and the medians of all rounds."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--streams", type=int, default=1000, help="how many follow")
    arguments.add_argument("--rounds", type=int, default=3, help="how often each way is measured")
    arguments.add_argument("--port", type=int, default=8190, help="the first of four free ports")
    chosen = arguments.parse_args()
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else if we are root.
        cluster = _cluster(folder, chosen.port, chosen.streams)
        ending.callback(cluster.close)
        cookie, proposal = _begin(cluster)
        together = Front(f"127.0.0.1:{chosen.port + 3}", [f"127.0.0.1:{chosen.port + 1}"], folder / "together")
        together.start()
        ending.callback(together.close)
        doors = {"none": chosen.port, "together": chosen.port + 3, "apart": chosen.port}
        for way in [*WAYS, *WAYS * chosen.rounds]:
            streams = 0 if way == "none" else chosen.streams
            found[way].append(_measured(cluster, doors[way], streams, cookie, proposal))
            print(f"{way:9}", *(f"{key} {value}" for key, value in found[way][-1].items()), flush=True)
    for way, (_warm, *rounds) in found.items():
        told = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        print(f"median of {way:9}", *(f"{key} {value:g}" for key, value in told.items()))


def _cluster(folder: Path, port: int, streams: int) -> Cluster:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    settings = {
        **kept, "BOARD_DEMO": "1", "BOARD_ORIGIN": "http://localhost", "BOARD_LOG": "error",
        "BOARD_SECOND_FACTOR": "none", "BOARD_STREAMS": str(streams + 8),
    }  # fmt: skip
    return Cluster(folder, "127.0.0.1", range(port, port + 3), settings, streams=1)


def _begin(cluster: Cluster) -> tuple[str, int]:
    """The demo, two nodes and nginx; a delegate's cookie and the proposal that is voted on."""
    if cluster.database:
        cluster.database.start()
    cluster.flask("demo", quiet=True)
    cluster.start()
    given = {name: value for name, value in cluster.settings.items() if name not in {"PATH", "HOME", "LANG"}}
    app = create_app(config.read({**given, "BOARD_DATA": str(cluster.folder / "bench")}))
    cookie, proposals = delegate(app)
    return cookie, proposals[0]


def _measured(cluster: Cluster, door: int, streams: int, cookie: str, proposal: int) -> dict[str, float]:
    live.vote(door, cookie, proposal, "abstain")  # So that each of the measured ones changes something.
    with ExitStack() as listening:
        topic = f"tally-{proposal}"
        crowd = listening.enter_context(live.listening(door, streams, topic)) if streams else None
        time.sleep(1)
        before, clock = _used(cluster), time.monotonic()
        heard, answered = live.told(crowd, door, streams, cookie, proposal)
        elapsed = time.monotonic() - clock
        pages, apart = ((now - then) / elapsed * 100 for now, then in zip(_used(cluster), before, strict=True))
    return {
        **(live.cuts(heard) if heard else {}), "ballot_ms": round(statistics.median(answered)),
        "pages_core_percent": round(pages, 1), "streams_core_percent": round(apart, 1),
    }  # fmt: skip


def _used(cluster: Cluster) -> list[float]:
    """Seconds of CPU that each node has used so far."""
    return [machine.cpu(machine.serving(node.pid)) for node in cluster.nodes]


if __name__ == "__main__":
    main()
