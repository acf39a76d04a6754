"""GitHub: issues, comments on them, repositories, pushes and pull requests. Gitea and Gogs imitate these shapes."""

from typing import Any

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

GONE = {"deleted": "deleted", "transferred": "transferred"}


def read(event: str, payload: dict[str, Any]) -> Reading:
    """A reading of one delivery; an unknown event is ignored."""
    action = text(payload.get("action"), 60) or ""
    where = repository(part(payload, "repository"))
    if event == "ping":
        return Reading(event, action, "ping", ping=True, repository=where)
    if event in {"issues", "issue_comment"}:
        return _issue(event, action, payload, where)
    if event == "repository":
        return Reading(event, action, "repository", repository=where, repository_gone=action == "deleted")
    if event in {"push", "pull_request", "delete"} and where:
        return Reading(event, action, "work", repository=where, work=_work(event, payload))
    return Reading(event, action, "unknown_event", repository=where)


def repository(data: dict[str, Any]) -> RepositoryFacts | None:
    """A repository, if the payload has one."""
    url = address(data.get("html_url"))
    name = text(data.get("full_name"), 300) or ""
    if not data or not (name or whole(data.get("id"))):
        return None
    private = data.get("private")
    if data.get("visibility") in {"private", "internal"} or data.get("internal") is True:
        private = True
    return RepositoryFacts(whole(data.get("id")), name, url, host(url), private if isinstance(private, bool) else None)


def _issue(event: str, action: str, payload: dict[str, Any], where: RepositoryFacts | None) -> Reading:
    data = part(payload, "issue")
    if payload.get("is_pull") is True or data.get("pull_request") is not None:
        return Reading(event, action, "pull_request", repository=where)
    comment = event == "issue_comment"
    if not data or where is None:
        if comment:
            return Reading(event, action, "comment", repository=where)
        raise Malformed("no_issue" if where else "no_repository")
    gone = "" if comment else GONE.get(action, "")
    return Reading(event, action, repository=where, snapshot=snapshot(data, gone, where.url), known_only=comment)


def snapshot(data: dict[str, Any], gone: str = "", base: str = "") -> Snapshot:
    """An issue as webhooks and the REST API write it; raises Malformed."""
    number = number_of(data.get("number"))
    state = data.get("state")
    return Snapshot(
        number=number,
        title=title_of(data.get("title")),
        body=body_of(data, "body"),
        state=state if state in {"open", "closed"} else None,
        labels=names(data["labels"], "name") if "labels" in data else None,
        url=address(data.get("html_url")) or (f"{base}/issues/{number}" if base else None),
        updated_at=moment(data.get("updated_at")),
        gone=gone,
    )


def _work(event: str, payload: dict[str, Any]) -> Work | None:
    if event == "pull_request":
        data = part(payload, "pull_request")
        title, branch = text(data.get("title"), 300) or "", text(part(data, "head").get("ref"), 255) or ""
        number = whole(data.get("number")) or whole(payload.get("number"))
        state = "merged" if data.get("merged") is True else "closed" if data.get("state") == "closed" else "open"
        at = moment(data.get("updated_at"))
        if number is None:
            return None
        return Work("merge", f"#{number}", title, address(data.get("html_url")), state, (branch, title), at)
    ref = text(payload.get("ref"), 255) or ""
    if event == "delete":
        branch = ref if payload.get("ref_type") == "branch" else ""
        return Work("branch", branch, "", "", "closed", (branch,)) if branch else None
    return push(payload, ref, address(part(payload, "repository").get("html_url")), "/tree/")


def push(payload: dict[str, Any], ref: str, base: str, tree: str) -> Work | None:
    """A pushed branch with the messages of its commits (which are looked at, never kept)."""
    branch = ref.removeprefix("refs/heads/")
    if not ref.startswith("refs/heads/") or not branch:
        return None
    commits = payload.get("commits")
    messages = (
        [text(part({"c": c}, "c").get("message"), 2_000) or "" for c in commits[:100]]
        if isinstance(commits, list)
        else []
    )
    gone = payload.get("deleted") is True or set(str(payload.get("after", ""))) == {"0"}
    url = f"{base}{tree}{branch}" if base else ""
    return Work("branch", branch, "", address(url), "closed" if gone else "open", (branch, *messages))
