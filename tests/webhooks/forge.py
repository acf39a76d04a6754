"""A small forge: builds payloads of the three dialects and posts them signed, as the real ones do."""

import base64
import hashlib
import hmac
import itertools
import json
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from board.db import transaction
from board.issues import connections, rules
from board.issues.connections import Wishes
from board.policy import SYSTEM, Actor

SECRETS = {
    "github": "ein-geheimnis-fuer-github-0123",
    "gitlab": "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
    "gitea": "ein-geheimnis-fuer-gitea-0123",
}
_ids = itertools.count(1)


class Forge:
    """A connection and the forge on its other side."""

    def __init__(self, app: Flask, provider: str, **wishes: Any) -> None:
        self.app, self.provider, self.secret = app, provider, SECRETS[provider]
        with app.app_context(), transaction():
            made, _secrets = connections.create(SYSTEM, Wishes(provider, provider, **wishes), [self.secret])
            self.id, self.public_id = made.id, made.public_id
        self.url = f"/hooks/{provider}/{self.public_id}"

    def post(
        self,
        payload: Any,
        event: str = "issues",
        *,
        id_: str = "",
        form: bool = False,
        variant: str = "",
        **kwargs: Any,
    ) -> Any:
        """Send a payload (a dict, or raw bytes); the answer."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        body = urlencode({"payload": raw}).encode() if form else raw
        headers = sign(self.provider, self.secret, raw, body, event, id_ or f"id-{next(_ids)}", variant)
        headers |= kwargs.pop("headers", {})
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        client = self.app.test_client()
        return client.post(self.url, data=body, content_type=kind, headers=headers, **kwargs)


def rule_on(forge: Forge, by: Actor, label: str, effect: str, **names: int) -> None:
    """A label rule that was tried and switched on; inside a transaction."""
    rule = rules.put(by, forge.id, label, effect, **names)
    rules.enable(by, forge.id, rule.id, mark=rules.tried(rule))


def sign(provider: str, secret: str, raw: bytes, body: bytes, event: str, id_: str, variant: str) -> dict[str, str]:
    """The headers of a forge. GitHub signs the body, Gitea the JSON in it, GitLab id, time and body."""
    if provider == "github":
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {"X-GitHub-Event": event, "X-GitHub-Delivery": id_, "X-Hub-Signature-256": f"sha256={mac}"}
    if provider == "gitea":
        mac = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        name = variant or "Gitea"
        return {
            f"X-{name}-Event": event, f"X-{name}-Delivery": id_, f"X-{name}-Signature": mac,
            "X-GitHub-Event": event, "X-GitHub-Delivery": id_, "X-Hub-Signature-256": f"sha256={mac}",
        }  # fmt: skip
    headers = {"X-Gitlab-Event": event, "Idempotency-Key": id_, "X-Gitlab-Event-UUID": "shared"}
    if variant != "signed":
        return headers | {"X-Gitlab-Token": secret}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    good = base64.b64encode(hmac.digest(key, f"{id_}.1700000000.".encode() + body, "sha256")).decode()
    other = base64.b64encode(b"x" * 32).decode()
    signed = {"webhook-id": id_, "webhook-timestamp": "1700000000", "webhook-signature": f"v1,{other} v1,{good}"}
    return headers | signed


VARIANTS = [
    ("github", "", False), ("github", "", True), ("gitlab", "", False), ("gitlab", "signed", False),
    ("gitea", "Gitea", False), ("gitea", "Forgejo", False), ("gitea", "Gogs", False), ("gitea", "Gitea", True),
]  # fmt: skip


def github_issue(number: int = 5, action: str = "opened", **changes: Any) -> dict[str, Any]:
    """An issue as GitHub (and nearly Gitea) tells it; `changes` go into the issue, `repository` beside it."""
    repository = {
        "id": 4712, "full_name": "stadt/app", "private": False, "html_url": "https://github.com/stadt/app",
    } | changes.pop("repository", {})  # fmt: skip
    issue = {
        "number": number, "title": "Karte lädt nicht", "body": "Beim Start bleibt sie leer.", "state": "open",
        "labels": [{"name": "bug"}], "updated_at": "2026-03-01T10:00:00Z",
        "html_url": f"https://github.com/stadt/app/issues/{number}",
    } | changes  # fmt: skip
    return {"action": action, "issue": issue, "repository": repository, "sender": {"email": "person@example.org"}}


def gitlab_issue(number: int = 5, action: str = "open", **changes: Any) -> dict[str, Any]:
    """An issue as GitLab tells it; `changes` go into its attributes, `labels`, `project`, `event_type` beside it."""
    project = {
        "id": 4712, "path_with_namespace": "stadt/app", "web_url": "https://gitlab.opencode.de/stadt/app",
        "visibility_level": 20,
    } | changes.pop("project", {})  # fmt: skip
    labels = changes.pop("labels", [{"title": "bug"}])
    event_type = changes.pop("event_type", "issue")
    attributes = {
        "iid": number, "title": "Karte lädt nicht", "description": "Beim Start bleibt sie leer.", "state": "opened",
        "updated_at": "2026-03-01 10:00:00 UTC", "confidential": False, "action": action,
        "url": f"https://gitlab.opencode.de/stadt/app/-/issues/{number}",
    } | changes  # fmt: skip
    return {
        "object_kind": "issue", "event_type": event_type, "project": project, "object_attributes": attributes,
        "labels": labels, "user": {"email": "person@example.org"},
    }  # fmt: skip


def issue(provider: str, **changes: Any) -> dict[str, Any]:
    """An issue in a provider's dialect."""
    return gitlab_issue(**changes) if provider == "gitlab" else github_issue(**changes)


EVENT = {"github": "issues", "gitlab": "Issue Hook", "gitea": "issues"}
