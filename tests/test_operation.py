"""What whoever runs the board asks it: metrics, and the security sheet."""

import json
import re
import runpy
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from board import create_app
from board.accounts import devices, passwords, session, throttle, verbs
from board.accounts.models import Person
from board.backup import folder
from board.config import BadSetting
from board.db import at, db, now, transaction
from board.identities import client
from board.mail import outbox
from board.mail.models import Mail
from board.policy import SYSTEM
from board.sheet import access
from tests.conftest import Browser, settings, sign_in
from tests.factories import cast, make_proposal
from tests.people import Cast

ROOT = Path(__file__).parent.parent
TOKEN = "t" * 32
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def metered(app: Flask, people: Cast, tmp_path: Path) -> Any:
    """The board once more on the same database, with metrics."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    board = create_app(settings(tmp_path, url, BOARD_METRICS_TOKEN=TOKEN, BOARD_PUBLIC="0"))
    board.test_client_class = Browser
    board.extensions["live"].jobs = ()
    yield board
    with board.app_context():
        db.engine.dispose()


def test_metrics_are_closed_without_a_token_in_the_settings(gast: Browser) -> None:
    assert gast.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[1:]}"]
)
def test_metrics_are_for_the_holder_of_the_token(metered: Flask, given: str) -> None:
    assert metered.test_client().get("/metrics", headers={"Authorization": given}).status_code == 401


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="BOARD_METRICS_TOKEN"):
        settings(tmp_path, BOARD_METRICS_TOKEN="short")


def test_metrics_count_answers_by_route_and_name_nobody(metered: Flask, people: Cast) -> None:
    client = sign_in(metered, people.ada.person_id, people.ada.membership_id)
    with metered.app_context():
        proposal = make_proposal(people)
        cast(people, proposal, "for")
    client.get(f"/proposals/FV-{proposal}?q=geheim")
    client.get("/nowhere/ada@example.org")
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    lines = answer.text.splitlines()
    assert 'stadtrunde_requests_total{endpoint="proposals.show",method="GET",status="200"} 1.0' in lines
    assert 'stadtrunde_requests_total{endpoint="none",method="GET",status="404"} 1.0' in lines
    assert 'stadtrunde_request_seconds_count{endpoint="proposals.show"} 1.0' in lines
    assert "stadtrunde_streams 0.0" in lines
    assert "stadtrunde_database_up 1.0" in lines
    assert "stadtrunde_mail_waiting 0.0" in lines
    assert "stadtrunde_mail_given_up 0.0" in lines
    assert "stadtrunde_backup_age_seconds +Inf" in lines, "no backup was ever made"
    assert "stadtrunde_backup_fresh 0.0" in lines
    for personal in ("geheim", "ada", "@", "FV-", "Aalen"):
        assert personal not in answer.text.replace("database", "")


def test_metrics_tell_how_old_the_last_backup_is_and_what_mail_was_given_up(metered: Flask) -> None:
    data = metered.config["BOARD"].data
    data.mkdir(exist_ok=True)
    moment = now()
    (data / folder.LAST).write_text(json.dumps({"made_at": (moment - timedelta(hours=2)).isoformat()}))
    with metered.app_context(), transaction():
        for n, why in enumerate(("550 5.1.1", outbox.TOO_LATE, *outbox.HARMLESS)):
            db.session.add(Mail(kind="trial", message_id=f"<{n}@x>", until=moment, dead_at=moment, problem=why))
    with at(moment):
        lines = metered.test_client().get("/metrics", headers=BEARER).text.splitlines()
    assert {"stadtrunde_backup_age_seconds 7200.0", "stadtrunde_backup_fresh 1.0"} <= set(lines)
    assert "stadtrunde_mail_given_up 2.0" in lines, "what was said already, or to nobody, is no loss"


def test_metrics_tell_when_the_database_is_away(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, f"sqlite:///{tmp_path}/none/board.sqlite", BOARD_METRICS_TOKEN=TOKEN))
    client = app.test_client()
    client.get("/readyz")
    told = client.get("/metrics", headers=BEARER).text
    assert "stadtrunde_database_up 0.0" in told


# flask security-sheet


def sheet(app: Flask, *args: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code and the lines by topic."""
    answer = app.test_cli_runner().invoke(args=["security-sheet", "--json", "--locale", "en", *args])
    assert answer.exit_code in {0, 1}, answer.output
    return answer.exit_code, {line["topic"]: line for line in json.loads(answer.stdout)["lines"]}


@pytest.fixture
def deployed(app: Flask, people: Cast, tmp_path: Path) -> Any:
    """The board on the same database as it would be deployed."""
    board = create_app(settings(
        tmp_path / "data", app.config["SQLALCHEMY_DATABASE_URI"], BOARD_ORIGIN="https://stadtrunde.example",
        BOARD_PROXIES="1", SECRET_KEY="", BOARD_SECOND_FACTOR="", BOARD_BACKUPS=str(tmp_path / "backups"),
    ))  # fmt: skip
    yield board
    with board.app_context():
        db.engine.dispose()


def test_the_sheet_tells_what_is_so_on_a_deployed_board(deployed: Flask) -> None:
    _code, lines = sheet(deployed)
    good = {
        "Address", "Content-Security-Policy", "Strict-Transport-Security", "Cross-Origin-Opener-Policy",
        "Session cookie", "Rights", "Protection of the record", "Database", "SECRET_KEY",
        "Second factor for delegates", "Proxies", "Backups lie",
    }  # fmt: skip
    assert {topic for topic in good if not lines[topic]["ok"]} == set()
    assert lines["Session cookie"]["told"] == "__Host-session; HttpOnly; SameSite=Lax; Secure"
    assert not lines["Last backup"]["ok"]
    assert not lines["Mail"]["ok"]


def test_the_sheet_compares_each_length_with_what_is_promised(deployed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _code, lines = sheet(deployed)
    promised = {
        "Sessions end unused after": "12 hours (at most 12 hours)",
        "for administration and product ownership after": "30 minutes (at most 30 minutes)",
        "on a remembered device after": "30 days (at most 30 days)",
        "A device skips the second factor for": "30 days (at most 30 days)",
        "Who one is is asked again after": "12 hours (at most 12 hours)",
        "An invitation's link works for": "72 hours (at most 72 hours)",
        "A link for a new password works for": "60 minutes (at most 60 minutes)",
        "A link for a new address works for": "24 hours (at most 24 hours)",
        "Passwords": "at least 15 characters, beside a second factor 8, up to 256; Argon2id, offline blocklist",
        "Throttle": "30 failures per address, 100 per account in 15 minutes",
    }
    assert {topic: lines[topic]["told"].replace("\N{NO-BREAK SPACE}", " ") for topic in promised} == promised
    assert all(lines[topic]["ok"] for topic in promised)
    for module, name, value in (
        (session, "IDLE", timedelta(hours=13)), (session, "IDLE_PRIVILEGED", timedelta(hours=1)),
        (session, "IDLE_REMEMBERED", timedelta(days=31)), (session, "FRESH", timedelta(hours=13)),
        (devices, "REMEMBERED", timedelta(days=31)), (access, "HOURS", (24, 96)),
        (access, "RESET_VALID", timedelta(hours=2)), (access, "EMAIL_VALID", timedelta(days=2)),
        (passwords, "MIN_LENGTH_WITH_FACTOR", 7), (throttle, "PER_ADDRESS", 31),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    _code, lines = sheet(deployed)
    assert not any(lines[topic]["ok"] for topic in promised)
    assert "beside a second factor 7" in lines["Passwords"]["told"].replace("\N{NO-BREAK SPACE}", " ")


def test_the_sheet_names_the_identity_providers(
    app: Flask, people: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {
        f"BOARD_OIDC_{name}_{key}": value
        for name, issuer in (("WORK", "https://login.example"), ("CODE", "http://localhost:9"))
        for key, value in (("ISSUER", issuer), ("CLIENT_ID", "board"), ("CLIENT_SECRET", "geheim-geheim"))
    }
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    board = create_app(settings(tmp_path, url, BOARD_OIDC="work,code", BOARD_OIDC_WORK_FACTOR="1",
                                BOARD_OIDC_CODE_EMAIL="1", **named))  # fmt: skip
    _code, lines = sheet(board)
    assert lines["Identity provider Work"] == {
        "topic": "Identity provider Work", "told": "https://login.example; counts as second factor", "ok": True,
    }  # fmt: skip
    assert lines["Identity provider Code"]["told"] == (
        "http://localhost:9; a second factor is asked for besides; "
        "its verified addresses open accounts (never those of administrators)"
    )
    assert not lines["Identity provider Code"]["ok"]
    assert "geheim" not in str(lines)
    monkeypatch.setattr(client, "NEEDED", ("a_package_that_is_not_installed",))
    _code, lines = sheet(board)
    assert not lines["Identity provider Work"]["ok"]
    _code, lines = sheet(app)
    assert lines["Identity providers"]["told"] == "none is set"
    with board.app_context():
        db.engine.dispose()


def test_the_sheet_marks_what_asks_for_attention(app: Flask, deployed: Flask, people: Cast, tmp_path: Path) -> None:
    code, lines = sheet(app)
    assert code == 1
    assert not lines["HTTPS"]["ok"]
    (tmp_path / "data" / "secret").chmod(0o644)
    with deployed.app_context(), transaction():
        person = db.session.get_one(Person, people.cleo.person_id)
        verbs.appoint(person, SYSTEM, admin=True)
    _code, lines = sheet(deployed)
    assert not lines["SECRET_KEY"]["ok"]
    assert not lines["Separation"]["ok"]


def test_the_sheet_speaks_german_and_tells_no_secret(deployed: Flask) -> None:
    told = deployed.test_cli_runner().invoke(args=["security-sheet"]).stdout
    assert "verlangen Aufmerksamkeit" in told
    assert deployed.config["BOARD"].secret_key not in told


# The bill of materials


def test_the_bill_of_materials_names_every_locked_package(tmp_path: Path) -> None:
    for target in re.findall(r"cyclonedx-py (requirements .*)", (ROOT / "Makefile").read_text()):
        command = target.replace(" sbom", f" {tmp_path}/sbom").split()
        command.insert(1, "--no-validate")  # Asking the schema takes longer than writing.
        told = subprocess.run(
            [Path(sys.executable).parent / "cyclonedx-py", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        bill = json.loads(Path(command[-2]).read_text())
        locked = set(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / command[-1]).read_text(), re.MULTILINE))
        assert {(part["name"], part["version"]) for part in bill["components"]} == locked
        assert bill["bomFormat"] == "CycloneDX"


def test_a_second_signal_in_the_middle_of_the_first_does_not_hold_the_server() -> None:
    conf = runpy.run_path(str(Path(__file__).parent.parent / "deploy" / "gunicorn.conf.py"))

    class Interrupted(threading.Event):
        """The second signal arrives while the event is being set, when its lock is taken."""

        calls = 0

        def set(self) -> None:
            self.calls += 1
            if self.calls == 1:
                signal.raise_signal(signal.SIGQUIT)
            super().set()

    stopping, then = Interrupted(), list[int]()
    standing = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)}
    board, jobs = SimpleNamespace(worker="apart"), None
    wsgi = SimpleNamespace(extensions={"stopping": stopping, "jobs": jobs}, config={"BOARD": board})
    try:
        for number in standing:
            signal.signal(number, lambda number, _frame: then.append(number))
        conf["post_worker_init"](SimpleNamespace(wsgi=wsgi))
        signal.raise_signal(signal.SIGINT)
    finally:
        for number, handler in standing.items():
            signal.signal(number, handler)
    assert stopping.is_set()
    assert stopping.calls == 1, "its lock would be taken twice by one thread: the server hangs until it is killed"
    assert then == [signal.SIGQUIT, signal.SIGINT], "gunicorn hears both"
