"""Issues from files, and over the REST APIs of small local forges."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from board.db import db, transaction
from board.issues import backfill, connections, importing, queries
from board.issues.connections import Wishes
from board.issues.egress import Client
from board.issues.models import Issue
from board.issues.problems import Refused
from board.policy import SYSTEM
from tests.webhooks.forge import Forge, github_issue

GH = [
    {"number": 1, "title": "Karte", "body": "Text", "state": "OPEN", "labels": [{"id": "x", "name": "bug"}],
     "url": "https://github.com/stadt/app/issues/1", "updatedAt": "2026-03-01T10:00:00Z"},
    {"number": 2, "title": "Liste", "state": "CLOSED", "labels": [], "url": "https://github.com/stadt/app/issues/2",
     "updatedAt": "2026-03-01T11:00:00Z"},
]  # fmt: skip
GITLAB = [
    {"id": 9, "iid": 1, "project_id": 4712, "title": "Karte", "description": "Text", "state": "opened",
     "labels": ["bug"], "updated_at": "2026-03-01T10:00:00.000Z", "confidential": False,
     "web_url": "https://gitlab.opencode.de/stadt/app/-/issues/1", "references": {"full": "stadt/app#1"}},
    {"id": 10, "iid": 2, "project_id": 4712, "title": "Geheim", "state": "opened", "labels": [], "confidential": True,
     "web_url": "https://gitlab.opencode.de/stadt/app/-/issues/2", "updated_at": "2026-03-01T10:00:00.000Z"},
]  # fmt: skip
EXPORT = [
    {"iid": 1, "title": "Karte", "description": "Text", "state": "opened", "confidential": False,
     "updated_at": "2026-03-01T10:00:00.000Z", "label_links": [{"label": {"title": "bug"}}]},
    {"iid": 2, "title": "Geheim", "description": "Geheim", "state": "opened", "confidential": True,
     "updated_at": "2026-03-01T10:00:00.000Z", "label_links": []},
]  # fmt: skip
GITEA = [
    {"number": 1, "title": "Karte", "body": "Text", "state": "open", "labels": [{"name": "bug"}],
     "html_url": "https://codeberg.org/stadt/app/issues/1", "url": "https://codeberg.org/api/v1/repos/stadt/app/issues/1",
     "updated_at": "2026-03-01T10:00:00Z", "repository": {"id": 4712, "name": "app", "full_name": "stadt/app"}},
    {"number": 2, "title": "Ein Pull", "state": "open", "html_url": "https://codeberg.org/stadt/app/pulls/2",
     "pull_request": {"merged": False}, "repository": {"id": 4712, "full_name": "stadt/app"}},
]  # fmt: skip
FILES: dict[str, tuple[bytes, int, int, int]] = {
    "gh": (json.dumps(GH).encode(), 2, 0, 0),
    "gitlab": (json.dumps(GITLAB).encode(), 1, 1, 0),
    "export": ("\n".join(json.dumps(line) for line in EXPORT).encode(), 1, 1, 0),
    "gitea": (json.dumps(GITEA).encode(), 1, 0, 1),
}


@pytest.mark.parametrize("kind", FILES)
def test_each_kind_of_file_is_previewed_imported_and_changes_nothing_the_second_time(app: Flask, kind: str) -> None:
    raw, new, confidential, skipped = FILES[kind]
    where = ("stadt/app", 4712) if kind == "export" else None
    with app.app_context():
        preview = importing.run(raw, None, where, dry_run=True)
        assert (preview.new, preview.confidential, preview.skipped) == (new, confidential, skipped)
        assert queries.listed() == []
        assert importing.run(raw, None, where).new == new
        again = importing.run(raw, None, where)
        assert (again.new, again.changed, again.unchanged) == (0, 0, new)
        listed = queries.listed()
        assert len(listed) == new
        assert listed[0] | {"url": "", "triage": "", "provider": ""} == {
            "provider": "", "repo": "stadt/app", "number": 1, "title": "Karte", "state": "open", "labels": ["bug"],
            "url": "", "proposal": None, "package": None, "keys": [], "triage": "",
        }  # fmt: skip
        assert "Geheim" not in str([(i.title, i.body) for i in db.session.scalars(select(Issue))])


def test_the_command_imports_previews_and_explains(app: Flask, tmp_path: Any) -> None:
    run = app.test_cli_runner().invoke
    file = tmp_path / "issues.json"
    file.write_bytes(FILES["gitlab"][0])
    preview = run(args=["issues", "import", str(file), "--dry-run"])
    assert "Would import: 1 new, 0 changed, 0 unchanged, 1 dropped as confidential" in preview.output
    done = run(args=["issues", "import", str(file), "--json"])
    assert json.loads(done.stdout)["new"] == 1
    file.write_bytes(FILES["export"][0])
    homeless = run(args=["issues", "import", str(file)])
    assert homeless.exit_code == 1
    assert "--repository" in homeless.output
    file.write_bytes(b"<html>")
    assert run(args=["issues", "import", str(file)]).exit_code == 1


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b"[" * 99_999, b"\xff", b'[{"a": 1}]', b"null", b'"x"'])
def test_files_that_are_none_are_refused_in_a_sentence(app: Flask, raw: bytes) -> None:
    with app.app_context():
        if not raw:
            assert importing.run(raw, None, ("a/b", 1)).new == 0
            return
        with pytest.raises(importing.BadFile, match=r"\w+ \w+"):
            importing.run(raw, None, ("a/b", 1))


def test_a_file_never_overrides_what_a_webhook_told_later(app: Flask) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue(1, title="Neuer", updated_at="2026-04-01T10:00:00Z"))
    with app.app_context():
        with transaction():
            who = connections.known(connections.locked(forge.id))
        counts = importing.run(FILES["gh"][0], who)
        assert (counts.new, counts.unchanged) == (1, 1)
        assert [i["title"] for i in queries.listed()] == ["Neuer", "Liste"]


def test_a_repository_named_by_a_file_is_recognised_by_the_first_webhook(app: Flask) -> None:
    with app.app_context():
        importing.run(FILES["gh"][0], None)
    Forge(app, "github").post(github_issue(1, updated_at="2026-04-01T10:00:00Z"))
    with app.app_context():
        assert [i["title"] for i in queries.listed()] == ["Karte lädt nicht", "Liste"]


# Backfill


class Small:
    """A forge that speaks one of the three APIs: pages of two, tags, limits and failures as told."""

    def __init__(self, provider: str, issues: list[dict[str, Any]]) -> None:
        self.provider, self.issues, self.calls = provider, issues, []  # type: ignore[var-annotated]
        self.before: Callable[[Any], bool] = lambda _handler: False
        self.private = False

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.calls.append((handler.path, dict(handler.headers)))
        if self.before(handler):
            return
        parts = urlsplit(handler.path)
        if not parts.path.endswith("/issues"):
            self.say(handler, self.project())
            return
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        since = query.get("since") or query.get("updated_after") or ""
        found = [i for i in self.issues if i["updated_at"] >= since]
        page = int(query.get("page", "1"))
        shown, tag = found[page * 2 - 2 : page * 2], f'"{len(self.issues)}-{since}"'
        if handler.headers.get("If-None-Match") == tag:
            handler.send_response(304)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        base = f"http://{handler.headers['Host']}{parts.path}?{parts.query}"
        more = {"ETag": tag}
        if page * 2 < len(found):
            more["Link"] = f'<{base}&page={page + 1}>; rel="next", <{base}&page=99>; rel="last"'
        self.say(handler, shown, more)

    def project(self) -> dict[str, Any]:
        if self.provider == "gitlab":
            return {
                "id": 4712,
                "path_with_namespace": "stadt/app",
                "web_url": "",
                "visibility": "private" if self.private else "public",
            }
        return {"id": 4712, "full_name": "stadt/app", "private": self.private, "html_url": ""}

    @staticmethod
    def say(handler: BaseHTTPRequestHandler, data: Any, more: dict[str, str] | None = None, status: int = 200) -> None:
        raw = json.dumps(data).encode()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **(more or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(raw)


@contextmanager
def served(small: Small) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            small.answer(self)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def entries(provider: str) -> list[dict[str, Any]]:
    if provider == "gitlab":
        return [
            GITLAB[0] | {"iid": n, "title": f"Issue {n}", "updated_at": f"2026-03-0{n}T10:00:00Z", "web_url": ""}
            for n in range(1, 6)
        ] + [GITLAB[1] | {"iid": 7, "updated_at": "2026-03-05T10:00:00Z"}]
    return [
        {"number": n, "title": f"Issue {n}", "state": "open", "labels": [], "updated_at": f"2026-03-0{n}T10:00:00Z"}
        for n in range(1, 6)
    ] + [{"number": 9, "title": "Pull", "pull_request": {}, "updated_at": "2026-03-01T10:00:00Z"}]


def connected(provider: str, host: str) -> int:
    wishes = Wishes(provider, provider, instance=host, repositories=[("stadt/app", 4712)], token="ein-schluessel")
    with transaction():
        return connections.create(SYSTEM, wishes)[0].id


def patient(host: str, waits: list[float], **more: Any) -> Client:
    return Client([f"http://{host}"], sleep=waits.append, clock=lambda: 1000.0, **more)


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea"])
def test_backfill_pages_through_everything_and_asks_only_for_news_the_next_time(
    app: Flask, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Small(provider, entries(provider))
    with served(small) as host, app.app_context():
        listing = replace(app.config["BOARD"], forges=(f"http://{host}",))
        monkeypatch.setitem(app.config, "BOARD", listing)
        connection_id = connected(provider, host)
        (first,) = backfill.run(connection_id)
        assert (first.problem, first.found.new) == ("", 5)
        assert first.found.confidential == (1 if provider == "gitlab" else 0)
        assert "ein-schluessel" in str(small.calls[0][1])
        assert [i["title"] for i in queries.listed()] == [f"Issue {n}" for n in range(1, 6)]
        (second,) = backfill.run(connection_id)
        assert (second.found.new, second.found.changed) == (0, 0)
        assert ("since=2026-03-05" if provider != "gitlab" else "updated_after=2026-03-05") in small.calls[-1][0]
        (third,) = backfill.run(connection_id)
        assert third.unmodified
        small.issues.append(small.issues[4] | {"number": 8, "iid": 8, "updated_at": "2026-03-08T10:00:00Z"})
        assert backfill.run(connection_id)[0].found.new == 1
        small.private = True
        backfill.run(connection_id)
        assert queries.listed() == [], "private by now"


def test_backfill_waits_for_limits_and_retries_what_may_pass(app: Flask) -> None:
    small = Small("github", entries("github"))
    trouble = [
        lambda h: small.say(h, {}, {"Retry-After": "7"}, 429),
        lambda h: small.say(h, {}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1042"}, 403),
        lambda h: small.say(h, {}, status=502),
        lambda h: h.connection.close(),
    ]

    def before(handler: Any) -> bool:
        if not trouble:
            return False
        trouble.pop(0)(handler)
        return True

    small.before = before
    waits: list[float] = []
    with served(small) as host, app.app_context():
        (done,) = backfill.run(connected("github", host), client=patient(host, waits))
        assert (done.problem, done.found.new) == ("", 5)
        assert waits == [7.0, 42.0, 4.0, 8.0]


def test_an_interrupted_backfill_keeps_what_it_has_and_goes_on_there(app: Flask) -> None:
    small = Small("gitea", entries("gitea"))
    small.before = lambda h: "page=2" in h.path and (small.say(h, {}, status=500), True)[1]
    with served(small) as host, app.app_context():
        connection_id = connected("gitea", host)
        (done,) = backfill.run(connection_id, client=patient(host, []))
        assert "500" in done.problem
        assert len(queries.listed()) == 2
        small.before = lambda _h: False
        assert backfill.run(connection_id, client=patient(host, []))[0].found.new == 3


def test_redirects_and_pages_on_other_hosts_are_refused(app: Flask) -> None:
    small = Small("github", entries("github"))

    def elsewhere(handler: Any) -> bool:
        small.say(handler, {}, {"Location": "http://evil.example/x"}, 302)
        return True

    with served(small) as host, app.app_context():
        connection_id = connected("github", host)
        small.before = elsewhere
        assert "another host" in backfill.run(connection_id, client=patient(host, []))[0].problem

        def next_page(handler: Any) -> bool:
            if "/issues" not in handler.path:
                return False
            small.say(handler, [], {"Link": '<https://evil.example/2>; rel="next"'})
            return True

        small.before = next_page
        assert "another host" in backfill.run(connection_id, client=patient(host, []))[0].problem


@pytest.mark.parametrize(
    ("url", "listed", "why"),
    [
        ("https://evil.example/x", (), "not listed"),
        ("http://gitlab.com/x", (), "without https"),
        ("http://intern.example/x", ("intern.example",), "without https"),
        ("https://127.0.0.1/x", (), "not listed"),
        ("https://gitlab.com@evil.example/x", (), "not listed"),
        ("file:///etc/passwd", (), "not listed"),
    ],
)
def test_only_listed_hosts_are_called_over_https(url: str, listed: tuple[str, ...], why: str) -> None:
    with pytest.raises(Refused, match=why):
        Client(listed, sleep=lambda _s: None).get(url)


def test_a_listed_public_name_that_leads_into_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: inside)
    with pytest.raises(Refused, match="private network"):
        Client(sleep=lambda _s: None).get("https://gitlab.com/x")
