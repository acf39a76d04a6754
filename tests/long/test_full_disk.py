"""A full disk and a database that can only be read: changes are answered with 503, pages with 200, and both heal.

The disk is a real one, of a few megabytes (a tmpfs, which only root may mount); the server runs as in production.
"""

import http.client
import os
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import event, update

from board import create_app
from board.accounts import session
from board.accounts.models import LoginSession
from board.db import db, now, on_postgres, transaction
from tests.conftest import Browser, bring_up_to_date, cannot_run, settings, sign_in
from tests.factories import make_proposal
from tests.long.test_kill import Place, kill, serve
from tests.people import Cast, populate

MEGABYTES = 6
WORDS = "Ein langer Beitrag. " * 200


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        cannot_run("no small disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def ask(port: int, method: str, path: str, token: str, form: dict[str, str] | None = None) -> Any:
    """One request of a signed-in browser; the answer, read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"session={token}", "Sec-Fetch-Site": "same-origin"}
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(form) if form else None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_on_a_full_disk_all_is_read_nothing_acknowledged_is_lost_and_it_heals_by_itself(disk: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = create_app(settings(disk, BOARD_ORIGIN=f"http://127.0.0.1:{port}"))
    app.extensions["live"].jobs = ()
    bring_up_to_date(app)
    with app.app_context():
        with transaction():
            people = populate()
            token = session.begin(people.pia.person_id, None)
        proposal = make_proposal(people)
        db.session.remove()
        db.engine.dispose()
    server = serve(Place(disk, app, port, [proposal], []))
    path = f"/proposals/FV-{proposal}"

    def write(number: int) -> Any:
        return ask(port, "POST", f"{path}/comments", token, {"text": f"{number}: {WORDS}"})

    try:
        assert write(0).status == 303
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            while True:
                try:
                    file.write(b"x" * 65_536)
                except OSError:
                    break
        acknowledged, refused = 1, None
        while refused is None:
            answer = write(acknowledged)
            assert answer.status in {303, 503}
            refused = answer if answer.status == 503 else None
            acknowledged += answer.status == 303
        assert refused.headers["Retry-After"]
        for _attempt in range(3):
            for page in (path, "/proposals", "/partners", "/account", "/activity", "/readyz"):
                assert ask(port, "GET", page, token).status == 200, page
            assert write(-1).status == 503
        ballast.unlink()
        assert write(acknowledged).status == 303
        assert ask(port, "GET", path, token).status == 200
    finally:
        kill(server)
    with sqlite3.connect(disk / "board.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM comment").fetchone() == (acknowledged + 1,)
    connection.close()
    assert app.test_cli_runner().invoke(args=["check"]).exit_code == 0
    with app.app_context():
        db.engine.dispose()


def test_a_database_that_can_only_be_read_is_read_and_heals(app: Flask, people: Cast) -> None:
    with app.app_context():
        proposal = make_proposal(people)
        only = "SET SESSION default_transaction_read_only = on" if on_postgres() else "PRAGMA query_only = ON"
        db.session.remove()
        engine = db.engine
    ada: Browser = sign_in(app, people.ada.person_id, people.ada.membership_id)
    with app.app_context(), transaction():  # Long enough ago that a page would note this visit.
        db.session.execute(update(LoginSession).values(seen_at=now() - timedelta(minutes=5)))

    def readonly(connection: Any, *_more: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(only)
        if hasattr(connection, "commit"):
            connection.commit()
        cursor.close()

    event.listen(engine, "checkout", readonly)
    path = f"/proposals/FV-{proposal}"
    try:
        assert ada.get(path).status_code == 200
        answer = ada.post(f"{path}/ballot", data={"choice": "for"})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert ada.post(f"{path}/ballot", data={"choice": "for"}, partial=True).status_code == 503
        assert ada.get("/proposals").status_code == 200
    finally:
        event.remove(engine, "checkout", readonly)
        with app.app_context():
            engine.dispose()
    assert ada.post(f"{path}/ballot", data={"choice": "for"}).status_code == 303
