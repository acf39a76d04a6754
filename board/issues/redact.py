"""What of a payload may be kept for the log and for replay: no addresses, no commits, no secrets, no comments' text."""

import json
from typing import Any

from board.issues import mentions
from board.issues.snapshot import without_addresses

DROPPED = frozenset({"email", "user_email", "owner_email", "secret", "author_email", "public_email", "commit_email"})
COMMITS = frozenset({"commits", "head_commit", "last_commit", "commit", "merge_commit", "pusher", "committer"})
BULK = frozenset({"diff", "st_diff", "diff_hunk", "hook", "installation", "comment"})
DROP = DROPPED | COMMITS | BULK


def redact(payload: dict[str, Any]) -> str:
    """The payload as ASCII JSON without what must not be kept. Raises RecursionError when it is nested too deeply."""
    kept = _object(payload)
    if isinstance(payload.get("commits"), list):
        kept["commits"] = [{"message": " ".join(_named(payload["commits"]))}]
    if payload.get("object_kind") == "note" and isinstance(kept.get("object_attributes"), dict):
        kept["object_attributes"].pop("note", None)
        kept["object_attributes"].pop("description", None)
    return json.dumps(kept, separators=(",", ":"))


def _object(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _value(one) for key, one in value.items() if key not in DROP}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return without_addresses(value)
    if isinstance(value, dict):
        return _object(value)
    return [_value(one) for one in value] if isinstance(value, list) else value


def _named(commits: list[Any]) -> list[str]:
    """The keys of packages that the commit messages name: all that replaying a push needs."""
    texts = [c.get("message") for c in commits[:100] if isinstance(c, dict)]
    return [f"AP-{number}" for number in mentions.packages(*(t for t in texts if isinstance(t, str)))]
