"""nginx in front of several nodes: the files of deploy/, with other ports, without TLS on this machine only."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from deploy.cluster.database import Lacking

DEPLOY = Path(__file__).parent.parent
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
EXAMPLES = ("10.0.0.11:8000", "10.0.0.12:8000")
STREAM_EXAMPLES = ("10.0.0.21:8000", "10.0.0.22:8000")


def program() -> str:
    """The installed nginx."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Lacking("nginx is not installed: apt install nginx-light, or brew install nginx, then once more.")
    return found


def site(listen: str, nodes: Sequence[str], folder: Path, streams: Sequence[str] = ()) -> str:
    """deploy/nginx.conf with deploy/nginx-nodes.conf in it, as it is served here; fails where they no longer fit.

    `streams`: nodes for live streams alone, by deploy/nginx-streams.conf.
    """
    text = (DEPLOY / "nginx.conf").read_text()
    upstream = _addressed("nginx-nodes.conf", (EXAMPLES, nodes))
    if streams:
        apart = _addressed("nginx-streams.conf", (EXAMPLES, nodes), (STREAM_EXAMPLES, streams))
        told = "".join(f"        {line}\n" for line in re.findall(r"^# +(proxy_.*)", apart, re.MULTILINE))
        text = _put(text, r"(location = /live \{[^}]*?)^ +proxy_pass [^;]+;\n", rf"\1{told}")
        upstream += apart
    text = _put(text, r"^upstream stadtrunde \{.*?^\}\n", upstream)
    text = _put(
        text, r"^# Whoever asks for another name.*?(?=^server \{\n    listen 443)", ""
    )  # And the server for plain http.
    text = _put(text, r"listen 443 ssl http2;\n    server_name stadtrunde\.example;", f"listen {listen};")
    text = _put(text, r"^ +ssl_\w+ .*?;\n", "")
    text = _put(text, r"X-Forwarded-Proto https", "X-Forwarded-Proto http")
    text = _put(text, r"(Host|X-Forwarded-Host) \$host;", r"\1 $http_host;")  # With the port, which is not 443.
    text = _put(text, r"/var/cache/nginx/stadtrunde", str(folder / "cache"))
    text = _put(text, r"/var/log/nginx/stadtrunde\.log", str(folder / "access.log"))
    return _put(text, r"/opt/stadtrunde/deploy", str(DEPLOY))


def whole(text: str, folder: Path) -> str:
    """A site in the frame that a distribution gives it, with every file of nginx in one folder."""
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{ worker_connections 4096; }}
        http {{ types {{ text/html html; }} {temporary}\n{text}\n}}"""


def _addressed(file: str, *addresses: tuple[Sequence[str], Sequence[str]]) -> str:
    """A file of upstreams with our addresses in place of its examples; an example that is not needed goes."""
    text = (DEPLOY / file).read_text()
    for examples, ours in addresses:
        if len(ours) > len(examples):
            raise Lacking(f"On one machine the cluster is tried with at most {len(examples)} nodes of a kind.")
        for example, node in zip_longest(examples, ours, fillvalue=""):
            place = re.escape(example)
            text = _put(text, place, node) if node else _put(text, rf"^ +server {place}.*?\n", "")
    return text


def _put(text: str, pattern: str, new: str) -> str:
    changed, times = re.subn(pattern, new, text, flags=re.MULTILINE | re.DOTALL)
    if not times:
        raise Lacking(f"deploy/nginx.conf does not hold what the cluster would change: {pattern}")
    return changed


class Front:
    """A running nginx."""

    def __init__(self, listen: str, nodes: Sequence[str], folder: Path, streams: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._program = program()
        self._conf = folder / "nginx.conf"
        self._conf.write_text(whole(site(listen, nodes, folder, streams), folder))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to listen; a configuration that nginx refuses is told."""
        told = subprocess.run([self._program, "-t", "-c", self._conf], capture_output=True, text=True, check=False)
        if told.returncode:
            raise Lacking(f"nginx refuses its configuration: {told.stderr.strip()}")
        self._process = subprocess.Popen(
            [self._program, "-c", self._conf], stderr=subprocess.DEVNULL, start_new_session=True
        )

    def reload(self) -> None:
        """Read the configuration again; what is under way comes to its end."""
        if self._process:
            self._process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        """Stop it, and the streams that pass through it."""
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
