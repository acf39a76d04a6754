"""Gitea, Forgejo and Gogs: GitHub's shapes with small differences (`label_updated`, zero times, `/src/branch/`)."""

from dataclasses import replace
from typing import Any

from board.issues.providers import github
from board.issues.snapshot import Reading, address, part, text

ISSUE_EVENTS = {"issue_assign", "issue_label", "issue_milestone"}
PULL_EVENTS = {"pull_request_assign", "pull_request_label", "pull_request_sync", "pull_request_review"}


def read(event: str, payload: dict[str, Any]) -> Reading:
    """A reading of one delivery."""
    kind = "issues" if event in ISSUE_EVENTS else "pull_request" if event in PULL_EVENTS else event
    found = replace(github.read(kind, payload), event=event)
    if kind == "push" and found.repository:
        base = address(part(payload, "repository").get("html_url"))
        work = github.push(payload, text(payload.get("ref"), 255) or "", base, "/src/branch/")
        return replace(found, work=work)
    return found
