"""The cluster: one PostgreSQL, two nodes, a worker, nginx; each can be stopped, killed and renewed by itself."""

import base64
import http.client
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.cluster.database import Lacking, Postgres
from deploy.cluster.front import DEPLOY, Front

ROOT = DEPLOY.parent
READY_SECONDS = 60
GONE_SECONDS = 5
SETTLE_SECONDS = 4.0
"""Longer than nginx leaves a node alone (fail_timeout), so that it trusts this one again before the next one goes."""


class Process:
    """A server process of ours with its children, in a process group of its own."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = command, dict(environment)
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin."""
        self._running = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def tell(self, number: int) -> None:
        """Send a signal to the main process, as systemd would."""
        if self._running:
            self._running.send_signal(number)

    def stop(self) -> None:
        """SIGTERM, and wait until what is under way has been answered."""
        if self._running:
            self.tell(signal.SIGTERM)
            self._running.wait(30)
            self._running = None

    def kill(self) -> None:
        """`kill -9` of the process and its children at once; gone when this returns, their open doors too."""
        if self._running:
            children = _children(self._running.pid)
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait(30)
            for child in children:
                select.select([child], [], [], GONE_SECONDS)
                os.close(child)
            self._running = None

    @property
    def pid(self) -> int:
        """The main process, 0 while there is none."""
        return self._running.pid if self._running else 0

    @property
    def dead(self) -> bool:
        """Whether it has ended without being told to."""
        return self._running is not None and self._running.poll() is not None


def _children(pid: int) -> list[int]:
    """A handle on each child of a process, which becomes readable when that child has ended."""
    handles = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(ProcessLookupError):
            handles.append(os.pidfd_open(int(child)))
    return handles


class Node(Process):
    """One gunicorn on a port of its own, as deploy/gunicorn.conf.py wants it."""

    def __init__(self, port: int, environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "gunicorn", "--config", str(DEPLOY / "gunicorn.conf.py"), "wsgi:app"]
        super().__init__(command, {**environment, "HOST": "127.0.0.1", "PORT": str(port)})
        self.port = port

    def ready(self) -> bool:
        """Whether it answers and reaches its database."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def until_ready(self) -> None:
        """Wait for it."""
        end = time.monotonic() + READY_SECONDS
        while not self.ready():
            if self.dead or time.monotonic() > end:
                raise Lacking(f"the node on port {self.port} did not start")
            time.sleep(0.05)


class Cluster:
    """All of it in one folder. `ports`: nginx's, then one for each node. The last `streams` only serve live streams."""

    def __init__(
        self, folder: Path, host: str, ports: Sequence[int], settings: Mapping[str, str], *, workers: int = 1,
        streams: int = 0,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, ports[0]
        given = settings.get("DATABASE_URL", "")
        self.database = None if given else Postgres(folder / "postgres")
        self.url = self.database.url if self.database else given
        shared = {**settings, **_secrets(folder), "DATABASE_URL": self.url}
        self.settings = {"BOARD_WORKER": "apart", "BOARD_PROXIES": "1", "BOARD_LOG": "warning", **shared}
        # Each has a BOARD_DATA of its own: as on two machines, nothing can be shared but the database.
        self.nodes = [Node(port, self._of(f"node-{number}")) for number, port in enumerate(ports[1:], 1)]
        self.stream_nodes = self.nodes[len(self.nodes) - streams :]
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        self.workers = [Process(command, self._of(f"worker-{number}")) for number in range(1, workers + 1)]
        places = [f"127.0.0.1:{node.port}" for node in self.nodes]
        pages = len(places) - streams
        self.front = Front(f"{host}:{self.port}", places[:pages], folder / "nginx", places[pages:])

    def _of(self, name: str) -> dict[str, str]:
        return {**self.settings, "BOARD_DATA": str(self.folder / name)}

    def flask(self, *arguments: str, quiet: bool = False) -> None:
        """Call a command of the board, such as `init`."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        out = subprocess.DEVNULL if quiet else None
        if subprocess.run(command, cwd=ROOT, env=self._of("node-1"), stdout=out, check=False).returncode:
            raise Lacking(f"`flask {' '.join(arguments)}` failed.")

    def start(self) -> None:
        """Nodes, workers and nginx; the database has been started and prepared."""
        for process in (*self.nodes, *self.workers):
            process.start()
        for node in self.nodes:
            node.until_ready()
        self.front.start()

    def renew(self, node: Node) -> None:
        """Stop a node and start it again; meanwhile nginx asks the other one."""
        node.stop()
        node.start()
        node.until_ready()

    def roll(self) -> None:
        """Renew node by node, and the workers, without losing a request."""
        for node in self.nodes:
            self.renew(node)
            time.sleep(SETTLE_SECONDS)
        for worker in self.workers:
            worker.stop()
            worker.start()

    def close(self) -> None:
        """Stop everything, the database last."""
        self.front.close()
        for process in (*self.nodes, *self.workers):
            process.tell(signal.SIGTERM)
        for process in (*self.nodes, *self.workers):
            process.stop()
        if self.database:
            self.database.close()


def _secrets(folder: Path) -> dict[str, str]:
    """What all nodes must share: made once, readable by their owner only."""
    made = {}
    for name, new in (
        ("SECRET_KEY", secrets.token_urlsafe(48)),
        ("BOARD_KEY", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()),
    ):
        path = folder / name.lower()
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(new)
        made[name] = path.read_text()
    return made
