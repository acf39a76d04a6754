"""`make cluster`: the demo on two nodes, a worker, nginx and PostgreSQL, until Ctrl-C.

What dies is started again after a second, as systemd would: kill a node or PostgreSQL and watch. SIGHUP renews node
by node. STREAM_NODES=1 (or 2) adds nodes for live streams alone.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from board.door import why_shut
from board.security import own_addresses
from deploy.cluster.database import Lacking
from deploy.cluster.running import Cluster

NODES = 2
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


def main() -> None:
    """Start, say where it is and what can be done, and look after it."""
    host, port = os.environ.get("HOST") or "0.0.0.0", int(os.environ.get("PORT") or 8000)
    streams = int(os.environ.get("STREAM_NODES") or 0)
    ports = range(port, port + 1 + NODES + streams)
    for number in ports:
        if shut := why_shut(host if number == port else "127.0.0.1", number):
            raise Lacking(shut)
    own = {k: v for k, v in os.environ.items() if k in PASSED_ON or k.startswith("BOARD_") or k == "DATABASE_URL"}
    folder = Path(os.environ.get("BOARD_DATA") or "data").absolute() / "cluster"
    cluster = Cluster(folder, host, ports, {**own, "BOARD_DEMO": "1"}, streams=streams)
    done, renew = threading.Event(), threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        done.set()

    def again(_number: int, _frame: FrameType | None) -> None:
        renew.set()

    try:
        if cluster.database:
            cluster.database.start()
        cluster.flask("demo")
        cluster.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        signal.signal(signal.SIGHUP, again)
        _tell(cluster, host)
        while not done.wait(1):
            _look_after(cluster)
            if renew.is_set():
                renew.clear()
                cluster.roll()
                print("All nodes and the worker are renewed.", flush=True)
    finally:
        print("Stopping …", flush=True)
        cluster.close()


def _look_after(cluster: Cluster) -> None:
    """Start again what has died."""
    if cluster.database and not cluster.database.alive:
        print("PostgreSQL has died; it is started again.", flush=True)
        cluster.database.start()
    for process in (*cluster.nodes, *cluster.workers):
        if process.dead:
            print("A node or worker has died; it is started again.", flush=True)
            process.start()


def _tell(cluster: Cluster, host: str) -> None:
    addresses = sorted(a for a in own_addresses() if not a.startswith("127.")) if host == "0.0.0.0" else []
    print(f"The board is at {'  '.join(f'http://{name}:{cluster.port}' for name in ('localhost', *addresses))}")
    for number, node in enumerate(cluster.nodes, 1):
        streams = " (live streams alone)" if node in cluster.stream_nodes else ""
        print(f"  node {number}: process {node.pid}, port {node.port}{streams}")
    print(f"  worker: process {', '.join(str(worker.pid) for worker in cluster.workers)}")
    print(f"Try: kill -9 -<process of a node>, or kill -HUP {os.getpid()} to renew node by node. Ctrl-C stops it all.")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except Lacking as why:
        sys.exit(str(why))
    except KeyboardInterrupt:
        sys.exit(130)
