"""The dialects of the forges: each module turns event, headers and payload into a `Reading`."""

from typing import Any

from werkzeug.datastructures import Headers

from board.issues.providers import gitea, github, gitlab
from board.issues.snapshot import Reading

READERS = {"github": github.read, "gitlab": gitlab.read, "gitea": gitea.read}
IDS = {
    "github": ("X-GitHub-Delivery",),
    "gitlab": ("Idempotency-Key", "webhook-id"),
    "gitea": ("X-Forgejo-Delivery", "X-Gitea-Delivery", "X-Gogs-Delivery", "X-GitHub-Delivery"),
}
EVENTS = {
    "github": ("X-GitHub-Event",),
    "gitlab": ("X-Gitlab-Event",),
    "gitea": ("X-Forgejo-Event", "X-Gitea-Event", "X-Gogs-Event", "X-GitHub-Event"),
}


def event_of(provider: str, headers: Headers) -> str:
    """The event as the connection's provider names it: the header alone, at most 60 printable characters."""
    return _first(headers, EVENTS[provider])[:60]


def id_of(provider: str, headers: Headers) -> str:
    """The forge's id of the delivery, or nothing."""
    return _first(headers, IDS[provider])[:100]


def read(provider: str, event: str, payload: dict[str, Any]) -> Reading:
    """What the payload is about; raises snapshot.Malformed."""
    return READERS[provider](event, payload)


def _first(headers: Headers, candidates: tuple[str, ...]) -> str:
    for name in candidates:
        if value := headers.get(name, "").strip():
            plain = value.isascii() and value.isprintable()
            return value if plain else "".join(c if " " <= c <= "~" else "?" for c in value)
    return ""
