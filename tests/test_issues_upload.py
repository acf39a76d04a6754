"""Operators import issues from a file: a preview first, the same file again, nothing kept in between."""

import json
import re
from typing import Any

from flask import Flask

from board.db import db
from board.issues import queries
from board.issues.models import Issue
from tests.conftest import Browser
from tests.people import Cast
from tests.test_issues_import import EXPORT, FILES, GITLAB
from tests.webhooks.forge import Forge


def send(client: Browser, raw: bytes, step: str = "preview", partial: bool = False, **fields: str) -> Any:
    """As a browser sends it; by hand, because the test client would leave large files open."""
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in {"step": step, **fields}.items()
    ]
    kind = 'name="file"; filename="a.json"\r\nContent-Type: application/json'
    head = f"--X\r\nContent-Disposition: form-data; {kind}\r\n\r\n"
    body = "".join(parts).encode() + head.encode() + raw + b"\r\n--X--\r\n"
    return client.post("/issues/import", data=body, content_type="multipart/form-data; boundary=X", partial=partial)


def seen(text: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', text)
    assert found
    return found[1]


def test_a_file_is_previewed_then_imported(app: Flask, people: Cast, dora: Browser, pia: Browser) -> None:
    raw = FILES["gitlab"][0]
    for partial in (False, True):
        answer = send(dora, raw, partial=partial)
        assert answer.status_code == 200
        assert "Noch ist nichts importiert" in answer.text
        assert "<dd>1</dd>" in re.sub(r"\s|<b>|</b>", "", answer.text) or ">1<" in answer.text
        assert "Geheim" not in answer.text
        with app.app_context():
            assert db.session.query(Issue).count() == 0
    done = send(pia, raw, "import", seen=seen(answer.text))
    assert "Importiert." in done.text
    assert "Geheim" not in done.text
    with app.app_context():
        assert [one["title"] for one in queries.listed()] == ["Karte"]
    again = send(pia, raw)
    assert "unverändert" in again.text


def test_only_what_was_previewed_is_imported(app: Flask, people: Cast, pia: Browser) -> None:
    other = json.dumps([{**GITLAB[0], "iid": 7}]).encode()
    answer = send(pia, other, "import", seen=seen(send(pia, FILES["gitlab"][0]).text))
    assert "Noch ist nichts importiert" in answer.text
    with app.app_context():
        assert queries.listed() == []


def test_a_connections_rules_and_a_named_repository_apply(app: Flask, people: Cast, pia: Browser) -> None:
    forge = Forge(app, "gitlab", instance="gitlab.opencode.de")
    raw = "\n".join(json.dumps(line) for line in EXPORT).encode()
    fields = {"connection": str(forge.id), "repository": "stadt/app#4712"}
    first = send(pia, raw, **fields)
    assert 'value="stadt/app#4712"' in first.text
    assert f'<option selected value="{forge.id}">' in first.text
    send(pia, raw, "import", seen=seen(first.text), **fields)
    with app.app_context():
        assert [(one["repo"], one["number"]) for one in queries.listed()] == [("stadt/app", 1)]


def test_a_bad_file_is_told_and_what_was_chosen_is_kept(people: Cast, pia: Browser) -> None:
    bad = {
        b"": "Bitte wählen Sie eine Datei aus.",
        b"<html>": "weder ein JSON-Array",
        b'{"a": 1}': "weder",
        b"[" * 100_000: "weder ein JSON-Array",
        b"\xff\xfe[]": "weder ein JSON-Array",
    }
    for raw, told in bad.items():
        answer = send(pia, raw, repository="stadt/app")
        assert answer.status_code == 422
        assert told in answer.text
        assert 'value="stadt/app"' in answer.text
    answer = send(pia, FILES["export"][0])
    assert answer.status_code == 422
    assert "--repository" not in answer.text
    assert send(pia, FILES["gh"][0], repository="kein Repository").status_code == 422
    assert send(pia, FILES["gh"][0], connection="999").status_code == 422


def test_a_file_of_some_megabytes_fits_and_a_huge_one_does_not(people: Cast, pia: Browser) -> None:
    assert send(pia, json.dumps([{**GITLAB[0], "description": "x" * 3_000_000}]).encode()).status_code == 200
    assert send(pia, b" " * (21 * 1024 * 1024)).status_code == 413


def test_members_and_strangers_import_nothing(people: Cast, ben: Browser, rolf: Browser, gast: Browser) -> None:
    for client, status in ((ben, 403), (rolf, 403), (gast, 401)):
        assert client.get("/issues/import").status_code == status
        assert send(client, FILES["gh"][0]).status_code == status
