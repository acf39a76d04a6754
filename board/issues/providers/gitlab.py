"""GitLab and openCode: issue, note, push, merge request and system hooks. Confidential by any sign is confidential."""

from typing import Any

from board.issues.providers.github import push
from board.issues.snapshot import (
    Malformed,
    Reading,
    RepositoryFacts,
    Snapshot,
    Work,
    address,
    body_of,
    host,
    moment,
    names,
    number_of,
    part,
    text,
    title_of,
    whole,
)

PUBLIC = 20
STATES = {"opened": "open", "reopened": "open", "open": "open", "closed": "closed"}
PROJECT_EVENTS = {"project_rename", "project_transfer", "project_update", "project_create", "project_destroy"}


def read(event: str, payload: dict[str, Any]) -> Reading:
    """A reading of one delivery. The header names the event; the payload's kind serves where it does not."""
    kind = str(payload.get("object_kind") or payload.get("event_name") or payload.get("event_type") or "")
    attributes = part(payload, "object_attributes")
    action = text(attributes.get("action"), 60) or text(payload.get("event_name"), 60) or ""
    where = repository(payload, attributes)
    private = confidential(event, payload)
    if kind in {"issue", "work_item"}:
        return _issue(event, action, payload, where, private)
    if kind == "note":
        return _note(event, payload, where, private)
    if kind in PROJECT_EVENTS:
        return Reading(event, action, "repository", repository=where, repository_gone=kind == "project_destroy")
    if kind in {"push", "merge_request"} and where:
        work = _push(payload, where) if kind == "push" else _merge(attributes)
        return Reading(event, action, "work", repository=where, work=work, private=private)
    return Reading(event, action, "unknown_event", repository=where, private=private)


def confidential(event: str, payload: dict[str, Any]) -> bool:
    """Whether any sign says so, whatever the payload is about."""
    return (
        event.lower().startswith("confidential")
        or str(payload.get("event_type")).startswith("confidential")
        or part(payload, "object_attributes").get("confidential") is True
        or part(payload, "issue").get("confidential") is True
    )


def repository(payload: dict[str, Any], attributes: dict[str, Any]) -> RepositoryFacts | None:
    """The project; old payloads carry its id elsewhere, system hooks at the top."""
    data = part(payload, "project")
    url = address(data.get("web_url")) or address(data.get("homepage"))
    id_ = whole(data.get("id")) or whole(payload.get("project_id")) or whole(attributes.get("project_id"))
    name = text(data.get("path_with_namespace") or payload.get("path_with_namespace"), 300) or ""
    if id_ is None:
        return None
    return RepositoryFacts(id_, name, url, host(url, address(attributes.get("url"))), _private(data, payload))


def _private(data: dict[str, Any], payload: dict[str, Any]) -> bool | None:
    level = data.get("visibility_level")
    if isinstance(level, int) and not isinstance(level, bool):
        return level < PUBLIC
    word = payload.get("project_visibility") or data.get("visibility")
    return str(word).rsplit("|", 1)[-1] != "public" if isinstance(word, str) else None


def _issue(event: str, action: str, payload: dict[str, Any], where: RepositoryFacts | None, private: bool) -> Reading:
    data = part(payload, "object_attributes")
    if where is None or data.get("type") == "Epic":
        return Reading(event, action, "no_project", private=private)
    labels = payload["labels"] if "labels" in payload else data.get("labels", ())
    found = snapshot(data, labels, private, f"{where.url}/-/issues/" if where.url else "")
    return Reading(event, action, repository=where, snapshot=found, private=private)


def snapshot(data: dict[str, Any], labels: Any, confidential: bool, base: str = "") -> Snapshot:
    """An issue as hooks and the REST API write it; raises Malformed. `labels` that is () is absent."""
    number = number_of(data.get("iid"))
    key = "description" if "description" in data else "body"
    return Snapshot(
        number=number,
        title=title_of(data.get("title")),
        body=body_of(data, key),
        state=STATES.get(str(data.get("state"))),
        labels=None if labels == () else names(labels, "title"),
        url=address(data.get("url")) or address(data.get("web_url")) or (f"{base}{number}" if base else None),
        updated_at=moment(data.get("updated_at")),
        confidential=confidential,
    )


def _note(event: str, payload: dict[str, Any], where: RepositoryFacts | None, private: bool) -> Reading:
    """A comment refreshes an issue that is known. An internal note says nothing about the issue it stands under."""
    data = part(payload, "issue")
    secret = data.get("confidential") is True
    if where is None or not data or (private and not secret):
        return Reading(event, "", "comment", repository=where, private=private)
    try:
        found = snapshot(data, data.get("labels", ()), secret, f"{where.url}/-/issues/" if where.url else "")
    except Malformed:
        return Reading(event, "", "comment", repository=where, private=private)
    return Reading(event, "", repository=where, snapshot=found, known_only=True, private=private)


def _push(payload: dict[str, Any], where: RepositoryFacts) -> Work | None:
    return push(payload, text(payload.get("ref"), 255) or "", where.url, "/-/tree/")


def _merge(data: dict[str, Any]) -> Work | None:
    number = whole(data.get("iid"))
    if number is None:
        return None
    title, branch = text(data.get("title"), 300) or "", text(data.get("source_branch"), 255) or ""
    state = {"merged": "merged", "closed": "closed"}.get(str(data.get("state")), "open")
    at = moment(data.get("updated_at"))
    return Work("merge", f"!{number}", title, address(data.get("url")), state, (branch, title), at)
