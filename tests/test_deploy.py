"""The board as it is deployed: gunicorn behind nginx with the very files of deploy/, and the units of systemd."""

import base64
import hashlib
import html
import http.client
import itertools
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import select

from board import config, create_app, security
from board.accounts import closing, passwords, session, throttle
from board.accounts.models import LoginSession, Person
from board.db import db, transaction
from board.policy import SYSTEM
from board.settings.models import Setting
from tests.conftest import bring_up_to_date, cannot_run, settings
from tests.factories import cast, make_proposal
from tests.long.trials import Trial
from tests.people import PASSWORD, Cast, populate

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
NAME = "stadtrunde.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}

# The files that need no server


def example() -> dict[str, str]:
    """The settings in force in the example."""
    lines = (DEPLOY / "stadtrunde.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_page_for_the_time_away_may_show_its_own_style_and_nothing_else() -> None:
    page = (DEPLOY / "away.html").read_text()
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert (
        f"default-src 'none'; style-src 'sha256-{hashed}'; frame-ancestors 'none'"
        in (DEPLOY / "nginx.conf").read_text()
    )
    assert not re.search(r"<script|\bstyle=|\bsrc=|\bhref=|https?:", page)


def test_the_example_names_every_setting_with_its_default_and_can_be_started_with(tmp_path: Path) -> None:
    text = (DEPLOY / "stadtrunde.env.example").read_text()
    for setting in config.SETTINGS:
        assert re.search(rf"^# {re.escape(setting.sentence)}\n#?{setting.name}=", text, re.MULTILINE), setting.name
        commented = re.search(rf"^#{setting.name}=(.*)$", text, re.MULTILINE)
        assert commented is None or commented[1] == setting.default, setting.name
    names = set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))
    assert names == {setting.name for setting in config.SETTINGS}
    board = config.read(example() | {"BOARD_DATA": str(tmp_path)})
    assert board.https
    assert board.proxies == 1


def test_the_units_are_right_and_hardened(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        cannot_run("systemd is not installed")
    for unit in sorted((DEPLOY / "systemd").iterdir()):
        text = unit.read_text().replace("/opt/stadtrunde/.venv/bin/", f"{Path(sys.executable).parent}/")
        (tmp_path / unit.name).write_text(text)
    units = sorted(tmp_path.iterdir())
    told = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert "stadtrunde" not in told.stderr, told.stderr
    for unit in units:
        if unit.suffix == ".service":
            told = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
                capture_output=True,
                text=True,
            )
            assert told.returncode == 0, told.stdout[-400:]


def test_units_call_commands_and_a_configuration_that_exist(tmp_path: Path) -> None:
    board = create_app(settings(tmp_path))
    for unit in (DEPLOY / "systemd").glob("*.service"):
        command = re.search(r"^ExecStart=\S+/(\w+) (.*)$", unit.read_text(), re.MULTILINE)
        assert command
        if command[1] == "flask":
            assert command[2].split()[2] in board.cli.commands
        else:
            assert command[2] == "--config deploy/gunicorn.conf.py wsgi:app"


# gunicorn behind nginx


@dataclass
class Place:
    """A board on SQLite behind nginx. `door` is nginx's port for https, `plain` the one for http."""

    folder: Path
    app: Flask
    people: Cast
    door: int
    plain: int
    server: subprocess.Popen[bytes]
    token: str
    proposal: int

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> "Answer":
        """One request through nginx, on a connection of its own."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {"Host": NAME, **(headers or {})})
            got = connection.getresponse()
            headers_ = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, headers_, got.read(), tuple(got.headers.get_all("Set-Cookie", [])))
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        """A connection that believes this machine to be the board's name."""
        connection = http.client.HTTPConnection(NAME, timeout=60)
        connection.sock = self.tls()
        return connection

    def tls(self, name: str = NAME, protocols: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLSocket:
        """An encrypted socket to nginx."""
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        context.set_alpn_protocols(list(protocols))
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.door), 60), server_hostname=name)

    @property
    def signed_in(self) -> dict[str, str]:
        """The headers of Ada's browser."""
        return {**FORM, "Cookie": f"__Host-session={self.token}"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Served as deploy/ says, on ports and in folders of its own."""
    nginx = shutil.which("nginx") or next((p for p in ("/usr/sbin/nginx",) if Path(p).exists()), None)
    if nginx is None:
        cannot_run("nginx is not installed")
    folder = tmp_path_factory.mktemp("deploy")
    door, plain, port = _ports(3)
    app = create_app(settings(folder / "data", BOARD_ORIGIN=f"https://{NAME}", BOARD_PROXIES="1"))
    app.extensions["live"].jobs = ()
    bring_up_to_date(app)
    with app.app_context():
        with transaction():
            people = populate()
            db.session.add_all(Setting(name=f"factor_{role}", value=False) for role in ("delegate", "admin"))
            token = session.begin(people.ada.person_id, people.ada.membership_id)
        proposal = make_proposal(people)
    _certificate(folder)
    (folder / "nginx.conf").write_text(_nginx(folder, door, plain, port))
    server = _serve(folder, port)
    told = subprocess.run([nginx, "-t", "-c", folder / "nginx.conf"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    front = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        _until_open(port)
        _until_open(door)
        yield Place(folder, app, people, door, plain, server, token, proposal)
    finally:
        for process in (front, server):
            process.terminate()
            process.wait(20)
        with app.app_context():
            db.engine.dispose()


def _ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    try:
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def _environment(folder: Path, port: int) -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONWARNINGS"}},
        **example(), "BOARD_DATA": str(folder / "data"), "SECRET_KEY": "s" * 40, "BOARD_LOG": "error",
        "BOARD_BACKUPS": str(folder / "backups"), "BOARD_WORKER": "apart", "PORT": str(port), "THREADS": "16",
        "BOARD_STREAMS": "8", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def _serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "--config", str(DEPLOY / "gunicorn.conf.py"), "wsgi:app"]
    return subprocess.Popen(command, cwd=ROOT, env=_environment(folder, port), stdout=subprocess.DEVNULL)


def _nginx(folder: Path, door: int, plain: int, port: int) -> str:
    """The file of deploy/ with ports and folders of this trial, in the frame that a distribution gives it."""
    site = (DEPLOY / "nginx.conf").read_text()
    for pattern, new in (
        ("127.0.0.1:8000", f"127.0.0.1:{port}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("listen 443", f"listen 127.0.0.1:{door}"),
        ("/etc/letsencrypt/live/stadtrunde.example/fullchain.pem", str(folder / "cert.pem")),
        ("/etc/letsencrypt/live/stadtrunde.example/privkey.pem", str(folder / "key.pem")),
        ("/var/cache/nginx/stadtrunde", str(folder / "cache")),
        ("/var/log/nginx/stadtrunde.log", str(folder / "access.log")),
        ("/opt/stadtrunde/deploy", str(DEPLOY)),
    ):
        assert pattern in site, pattern
        site = site.replace(pattern, new)
    temporary = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{ worker_connections 512; }}
        http {{ types {{ text/html html; }} {temporary}\n{site}\n}}"""


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1)).not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip


def _until_open(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, f"nothing listens on {port}"
            time.sleep(0.05)
        else:
            return


def test_pages_arrive_with_all_headers_and_speak_http2(place: Place) -> None:
    with place.tls(protocols=("h2", "http/1.1")) as tls:
        assert tls.selected_alpn_protocol() == "h2"
    page = place.ask("GET", "/partners")
    assert page.status == 200
    assert b"Aalen" in page.body
    for name, value in {**security.HEADERS, **security.HTTPS_HEADERS}.items():
        assert page.headers[name.lower()] == value
    assert "nginx/" not in page.headers["server"], "no version"
    css = re.search(rb"/static/[^\"]+board\.css", page.body)
    assert css
    for _attempt in range(2):  # From the board, then from the cache.
        static = place.ask("GET", css[0].decode())
        assert "immutable" in static.headers["cache-control"]
        assert static.headers["content-security-policy"] == security.CSP


def test_cookies_are_bound_to_the_host_and_to_https(place: Place) -> None:
    body = urlencode({"email": "ada@example.org", "password": "nicht das richtige"})
    refused = place.ask("POST", "/sign-in", body, FORM)
    assert refused.status == 422
    with place.app.app_context(), transaction():
        ben = db.session.get_one(Person, place.people.ben.person_id)
        ben.password_hash = passwords.hash_password(PASSWORD)
    body = urlencode({"email": "ben@example.org", "password": PASSWORD, "next": "//evil.example/"})
    answer = place.ask("POST", "/sign-in", body, FORM)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith("//")
    assert any(cookie.startswith("__Host-session=") for cookie in answer.cookies)
    for cookie in answer.cookies:
        assert cookie.startswith("__Host-"), cookie
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("host", ["evil.example", f"{NAME}.evil.example", "127.0.0.1", f"{NAME}@evil.example", ""])
def test_another_host_gets_neither_page_nor_redirect(place: Place, host: str) -> None:
    answer = place.ask("GET", "/partners", headers={"Host": host})
    assert answer.status in {400, 421}
    assert b"evil" not in answer.body
    connection = http.client.HTTPConnection("127.0.0.1", place.plain, timeout=10)
    connection.request("GET", "/partners", headers={"Host": host})
    got = connection.getresponse()
    assert got.status in {400, 421}
    assert "evil" not in got.headers.get("Location", "")
    connection.close()


def test_another_name_gets_no_certificate(place: Place) -> None:
    context = ssl.create_default_context(cafile=str(place.folder / "cert.pem"))
    with socket.create_connection(("127.0.0.1", place.door), 20) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="evil.example")


def test_plain_http_leads_to_https_on_our_name(place: Place) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", place.plain, timeout=10)
    connection.request("GET", "/proposals?state=open", headers={"Host": NAME})
    got = connection.getresponse()
    assert (got.status, got.headers["Location"]) == (301, f"https://{NAME}/proposals?state=open")
    connection.close()


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example", "/\\evil.example", "/%5cevil.example",
                                  "\thttps://evil.example", "javascript:alert(1)"])  # fmt: skip
def test_no_address_redirects_elsewhere(place: Place, goal: str) -> None:
    for path in (f"/sign-in?{urlencode({'next': goal})}", f"//evil.example/{goal}", f"/{goal}"):
        answer = place.ask("GET", path.replace("\t", "%09"))
        location = answer.headers.get("location", "/")
        assert location.startswith("/"), (path, location)
        assert not location.startswith(("//", "/\\")), (path, location)


@pytest.mark.parametrize(("path", "size", "status"), [
    ("/proposals", 1_100_000, 413), ("/proposals", 7_000_000, 413),
    ("/hooks/github/0123456789abcdef", 7_000_000, 413), ("/hooks/github/0123456789abcdef", 4_000_000, 404),
])  # fmt: skip
def test_what_is_too_large_is_refused_with_all_headers(place: Place, path: str, size: int, status: int) -> None:
    headers = {"Content-Type": "application/json"} if path.startswith("/hooks") else place.signed_in
    answer = place.ask("POST", path, b"x" * size, headers)
    assert answer.status == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("raw", [
    b"GET / HTTP/1.1\r\nHost: %s\r\nX: " + b"a" * 70_000, b"GET /partners\x00 HTTP/1.1\r\nHost: %s", b"NONSENSE",
    b"POST /sign-in HTTP/1.1\r\nHost: %s\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0",
    b"POST /sign-in HTTP/1.1\r\nHost: %s\r\nContent-Length: -1", b"GET / HTTP/1.1\r\nHost: %s\r\nHost: evil.example",
])  # fmt: skip
def test_malformed_requests_are_refused(place: Place, raw: bytes) -> None:
    with place.tls() as tls:
        tls.sendall(raw.replace(b"%s", NAME.encode()) + b"\r\n\r\n")
        line = tls.recv(4096).partition(b"\r\n")[0]
    assert re.match(rb"HTTP/1\.1 4\d\d", line), line


def test_live_news_pass_without_being_held_back(place: Place) -> None:
    connection = place.connect()
    page = place.ask("GET", f"/proposals/FV-{place.proposal}", headers=place.signed_in).body.decode()
    stream = re.search(r'"(/live\?after=[^"]+)"', page)
    assert stream, "the page names its stream"
    connection.request("GET", html.unescape(stream[1]), headers={"Host": NAME, **place.signed_in})
    got = connection.getresponse()
    assert got.status == 200
    assert got.headers["Content-Type"].startswith("text/event-stream")
    begun = time.monotonic()
    with place.app.app_context():
        cast(place.people, place.proposal, "for", place.people.cleo.actor)
    heard = b""
    while f"tally-{place.proposal}".encode() not in heard:
        heard += got.readline()
        assert time.monotonic() - begun < 5, heard
    assert time.monotonic() - begun < 2
    connection.close()


class Listening:
    """A browser of one of Ben's sessions that follows live through nginx; `ended` once the server has cut it off."""

    def __init__(self, place: Place) -> None:
        ben = place.people.ben
        with place.app.app_context(), transaction():
            self.token = session.begin(ben.person_id, ben.membership_id)
        with place.app.app_context():
            mine = LoginSession.token_hash == session.token_hash(self.token)
            self.id = db.session.scalars(select(LoginSession.id).where(mine)).one()
        self.headers = {**FORM, "Cookie": f"__Host-session={self.token}"}
        page = place.ask("GET", f"/proposals/FV-{place.proposal}", headers=self.headers).body.decode()
        stream = re.search(r'"(/live\?after=[^"]+)"', page)
        assert stream
        self.path = html.unescape(stream[1])
        self._connection = place.connect()
        self._connection.request("GET", self.path, headers={"Host": NAME, **self.headers})
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._answer.readline() == b": hi\n"
        self.ended = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError, http.client.HTTPException):
            while self._answer.readline():
                pass
        self.ended.set()

    def close(self) -> None:
        """Go away."""
        self._connection.close()


def seconds_until_ended(place: Place, listening: Listening, revoke: Callable[[Listening], None]) -> float:
    """How long a stream goes on after its session was revoked; another of the same person goes on."""
    begun = time.monotonic()
    revoke(listening)
    assert listening.ended.wait(30), "it must end within thirty seconds"
    again = place.ask("GET", listening.path, headers=listening.headers)
    assert again.status == 401, "and is not given again"
    listening.close()
    return time.monotonic() - begun


def test_a_live_stream_ends_with_its_session_and_no_other(place: Place) -> None:
    def sign_out(listening: Listening) -> None:
        assert place.ask("POST", "/sign-out", "", listening.headers).status == 303

    def end_from_the_list(listening: Listening) -> None:
        own = {**FORM, "Cookie": f"__Host-session={staying.token}"}
        assert place.ask("POST", f"/account/sessions/{listening.id}/end", "", own).status == 303

    staying = Listening(place)
    for revoke in (sign_out, end_from_the_list):
        assert seconds_until_ended(place, Listening(place), revoke) < 10
        assert not staying.ended.is_set()
    told = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "user", "disable", "ben@example.org"],
        cwd=ROOT, env=_environment(place.folder, 8113), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert staying.ended.wait(30), "another process closed the account"
    staying.close()
    with place.app.app_context(), transaction():
        closing.enable(db.session.get_one(Person, place.people.ben.person_id), SYSTEM)


@pytest.mark.trial("revoked", short=0, long=3)
def test_a_live_stream_ends_within_thirty_seconds_of_a_revocation_that_nothing_tells(
    place: Place, trial: Trial
) -> None:
    """The worst case: the row is ended in the database, past the board, and the log says nothing of it."""

    def behind_its_back(listening: Listening) -> None:
        with place.app.app_context(), transaction():
            row = db.session.get_one(LoginSession, listening.id)
            row.ended_at = datetime.now(UTC)

    for _attempt in trial.turns():
        took = seconds_until_ended(place, Listening(place), behind_its_back)
        trial.most(seconds_until_it_ended=round(took, 1))
        assert took < 30


def test_a_spoofed_address_does_not_escape_the_throttle(place: Place) -> None:
    with place.app.app_context():
        for failed in range(throttle.PER_ADDRESS - 1):
            throttle.attempt("s" * 40, "127.0.0.1", f"somebody-{failed}@example.org")
    statuses = []
    for attempt in range(10):
        body = urlencode({"email": f"nobody-{attempt}@example.org", "password": "ganz und gar falsch"})
        spoofed = dict.fromkeys(("X-Forwarded-For", "X-Real-IP"), f"203.0.113.{attempt}")
        spoofed["Forwarded"] = f"for=203.0.113.{attempt}"
        statuses.append(place.ask("POST", "/sign-in", body, FORM | spoofed).status)
    assert statuses[-1] == 429, statuses


def test_metrics_and_logs_tell_nothing_to_strangers(place: Place) -> None:
    assert place.ask("GET", "/metrics").status in {403, 404}
    place.ask("GET", "/partners?q=geheim", headers={"X-Request-Id": "abcdefgh-1"})
    end = time.monotonic() + 5
    while "/partners" not in (log := (place.folder / "access.log").read_text()) and time.monotonic() < end:
        time.sleep(0.05)  # nginx writes the line after the answer.
    assert "/partners" in log
    assert "geheim" not in log
    assert "127.0.0.1" not in log
    assert "127.0.0.0" in log


@dataclass
class Load:
    """Browsers that read and vote without pause; whatever is not answered as it should is kept."""

    place: Place
    failed: list[str] = field(default_factory=list)
    answered: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self, number: int) -> None:
        """Until told to stop: two reads, then a ballot."""
        for turn in itertools.count(number):
            if self.stop.is_set():
                return
            path = f"/proposals/FV-{self.place.proposal}"
            try:
                if turn % 3:
                    answer, good = self.place.ask("GET", path, headers=self.place.signed_in), {200}
                else:
                    body = urlencode({"choice": ("for", "abstain")[turn % 2]})
                    answer, good = self.place.ask("POST", f"{path}/ballot", body, self.place.signed_in), {303}
            except (OSError, http.client.HTTPException) as why:
                self.failed.append(repr(why))
                continue
            if answer.status in good:
                self.answered += 1
            else:
                self.failed.append(f"{turn % 3} {answer.status}")


def reload_under_load(place: Place, hangups: int, terms: int, pause: float) -> Load:
    """So many HUPs of the server and TERMs of its worker process, while four browsers read and vote."""
    load = Load(place)
    threads = [threading.Thread(target=load.work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(hangups + terms):
            time.sleep(pause)
            before = _workers(place.server.pid)
            if turn < hangups:
                place.server.send_signal(signal.SIGHUP)
            else:
                os.kill(before[0], signal.SIGTERM)
            _until_renewed(place.server.pid, before)
            _until_answered(load, load.answered + 8)
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
    return load


def _workers(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _until_renewed(pid: int, before: list[int]) -> None:
    end = time.monotonic() + 30
    while not (now := _workers(pid)) or set(now) & set(before):
        assert time.monotonic() < end, "the worker was not renewed"
        time.sleep(0.05)


def _until_answered(load: Load, number: int) -> None:
    """The new worker serves: a worker is only renewed again when it has."""
    end = time.monotonic() + 60
    while load.answered < number:
        assert time.monotonic() < end, f"nothing is answered any more; failed: {load.failed}"
        time.sleep(0.05)


def test_a_reload_under_load_fails_no_request(place: Place) -> None:
    load = reload_under_load(place, hangups=2, terms=0, pause=0.3)
    assert load.failed == []
    assert load.answered > 20


@pytest.mark.long
def test_fifty_reloads_and_ten_terms_under_load_fail_no_request(place: Place) -> None:
    load = reload_under_load(place, hangups=50, terms=10, pause=0.1)
    print(f"{load.answered} answered, {len(load.failed)} failed")
    assert load.failed == []


def test_while_the_board_is_away_people_read_so(place: Place) -> None:
    """Last: it stops the board."""
    place.server.terminate()
    place.server.wait(20)
    answer = place.ask("GET", "/partners")
    assert answer.status == 503
    assert "gleich wieder da" in answer.body.decode()
    assert answer.headers["retry-after"] == "30"
    with suppress(ProcessLookupError):
        place.server.kill()
