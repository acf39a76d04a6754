"""What a forge sends: signed GitHub deliveries of 15 KB, each about another state of the board's issues."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator
from typing import Any

from flask import Flask

from board.db import transaction
from board.issues import connections
from board.issues.connections import Wishes
from board.policy import SYSTEM

SECRET = "ein-geheimnis-fuer-das-messen-0123"
SIZE = 15 * 1024
_LINKS = (
    "forks",
    "keys",
    "collaborators",
    "teams",
    "hooks",
    "events",
    "assignees",
    "branches",
    "tags",
    "blobs",
    "trees",
)


def connection(app: Flask, name: str = "bench") -> str:
    """Connect a forge; the address of its webhook."""
    with app.app_context(), transaction():
        made, _secrets = connections.create(SYSTEM, Wishes("github", name), [SECRET])
        return f"/hooks/github/{made.public_id}"


def payloads(first: int = 1) -> Iterator[bytes]:
    """Without end: an issue is opened, then labelled, then another one is opened."""
    for number in itertools.count(first):
        yield payload(number, "opened", ["bug"], "2026-03-01T10:00:00Z")
        yield payload(number, "labeled", ["bug", "iOS"], "2026-03-01T10:05:00Z")


def payload(number: int, action: str, labels: list[str], at: str) -> bytes:
    """A delivery of about 15 KB as GitHub writes it: mostly addresses that the board does not need."""
    data: dict[str, Any] = {
        "action": action,
        "issue": {
            "url": f"https://api.github.com/repos/stadt/app/issues/{number}", "id": 10_000 + number, "number": number,
            "html_url": f"https://github.com/stadt/app/issues/{number}", "title": f"Karte {number} lädt nicht",
            "user": _person("melderin"), "labels": [{"id": 1, "name": name, "color": "d73a4a"} for name in labels],
            "state": "open", "comments": 0, "created_at": "2026-03-01T10:00:00Z", "updated_at": at, "closed_at": None,
            "body": "Beim Start bleibt die Karte leer. Schritte:\n\n1. App öffnen\n2. Karte wählen\n" * 30,
        },
        "repository": {
            "id": 4712, "name": "app", "full_name": "stadt/app", "private": False, "owner": _person("stadt"),
            "html_url": "https://github.com/stadt/app", "description": "Die App der Stadt", "fork": False,
            **{f"{n}_url": f"https://api.github.com/repos/stadt/app/{n}{{/{n}}}" for n in _LINKS},
        },
        "organization": _person("stadt"), "sender": _person("melderin"),
    }  # fmt: skip
    missing = SIZE - len(json.dumps(data))
    data["repository"] |= {
        f"more_{n}_url": "https://api.github.com/repos/stadt/app/" + "x" * 30 for n in range(missing // 90)
    }
    return json.dumps(data).encode()


def _person(login: str) -> dict[str, Any]:
    urls = ("html", "followers", "following", "gists", "starred", "subscriptions", "repos", "events")
    return {
        "login": login,
        "id": 1,
        "type": "User",
        **{f"{u}_url": f"https://api.github.com/{login}/{u}" for u in urls},
    }


def headers(raw: bytes) -> dict[str, str]:
    """What GitHub sends with it."""
    mac = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return {
        "Host": "localhost", "X-GitHub-Event": "issues", "X-Hub-Signature-256": f"sha256={mac}",
        "X-GitHub-Delivery": hashlib.sha256(raw).hexdigest()[:32],
    }  # fmt: skip
