"""What of an issue's delivery is kept for the log and for replay: what the board reads, and nothing else.

Reading what was picked gives the same as reading the whole (a test compares them for every payload there is).
"""

import json
from typing import Any

from board.issues.snapshot import without_addresses

ISSUE = ("number", "title", "body", "state", "updated_at", "html_url", "pull_request")
REPOSITORY = ("id", "full_name", "html_url", "private", "visibility", "internal")
GITLAB = ("object_kind", "event_name", "event_type", "project_id", "path_with_namespace", "project_visibility")
ATTRIBUTES = (
    "action", "iid", "title", "description", "body", "state", "url", "web_url", "updated_at", "confidential", "type",
    "project_id",
)  # fmt: skip
_written = json.JSONEncoder(separators=(",", ":")).encode
PROJECT = ("id", "path_with_namespace", "web_url", "homepage", "visibility_level", "visibility")


def picked(provider: str, data: dict[str, Any]) -> str:
    """An issue's delivery as ASCII JSON, without addresses of people."""
    kept = _gitlab(data) if provider == "gitlab" else _github(data)
    return _written(kept)


def _github(data: dict[str, Any]) -> dict[str, Any]:
    kept = _of(data, ("action", "is_pull"))
    kept["issue"] = _of(data["issue"], ISSUE) | _labels(data["issue"], "name")
    kept["repository"] = _of(data["repository"], REPOSITORY)
    return kept


def _gitlab(data: dict[str, Any]) -> dict[str, Any]:
    kept = _of(data, GITLAB) | _labels(data, "title")
    attributes = data["object_attributes"]
    kept["object_attributes"] = _of(attributes, ATTRIBUTES) | _labels(attributes, "title")
    if isinstance(data.get("project"), dict):
        kept["project"] = _of(data["project"], PROJECT)
    return kept


def _of(data: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    kept = {name: data[name] for name in names if name in data}
    for name, value in kept.items():
        if isinstance(value, str) and "@" in value:
            kept[name] = without_addresses(value)
    return kept


def _labels(data: dict[str, Any], key: str) -> dict[str, Any]:
    """Their names; anything that is not a list of labels as it is."""
    if "labels" not in data:
        return {}
    labels = data["labels"]
    if not isinstance(labels, list):
        return {"labels": labels}
    return {"labels": [_of(one, (key,)) if isinstance(one, dict) else one for one in labels]}
