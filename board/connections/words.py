"""What the codes of the delivery log mean, in words: message ids, translated where they are shown."""

from board.issues.models import Provider, Status
from board.issues.problems import PROBLEMS

N_ = str  # Marks a message id.

PROVIDERS = {Provider.GITLAB: "GitLab / openCode", Provider.GITHUB: "GitHub", Provider.GITEA: "Gitea / Forgejo"}

STATUSES = {
    Status.RECEIVED: N_("received"),
    Status.PROCESSED: N_("applied"),
    Status.IGNORED: N_("ignored"),
    Status.STALE: N_("outdated"),
    Status.DUPLICATE: N_("repeated"),
    Status.WITHDRAWN: N_("withdrawn"),
    Status.FAILED: N_("failed"),
}

REASONS = {
    "ping": N_("The forge's test arrived."),
    "created": N_("A new issue was taken in."),
    "changed": N_("The issue was brought up to date."),
    "unchanged": N_("The issue was up to date already."),
    "older": N_("A newer state is known already."),
    "work": N_("Work on a package was noted."),
    "repository_deleted": N_("The repository was deleted: its issues are hidden."),
    "confidential": N_("The issue is confidential: nothing of it is kept."),
    "private": N_("The repository is private: its issues are not shown."),
    "deleted": N_("The issue was deleted at the forge."),
    "transferred": N_("The issue was moved to another repository."),
    "unknown_repository": N_("The repository was not accepted."),
    "unknown_issue": N_("A comment on an issue that the board does not know."),
    "no_repository": N_("The delivery does not say which repository it is about."),
    "no_project": N_("An epic or a work item without a project: not for the board."),
    "no_key": N_("No package is named in branch, title or message."),
    "no_change": N_("Nothing in it concerns an issue or a package."),
    "pull_request": N_("A pull request, told as an issue: not taken in as one."),
    "comment": N_("A comment: its text is never taken in."),
    "repository": N_("Name and visibility of the repository were compared."),
    "unknown_event": N_("The board has no use for this event."),
    "disabled": N_("The connection is disabled."),
    "unreadable": N_("The content cannot be read: no JSON, or not UTF-8."),
    "bad_number": N_("The issue has no usable number."),
    "no_issue": N_("The delivery holds no issue."),
}
CRASHED = N_("An error of the board (%(kind)s). Replay it after the next update.")


def reason(code: str) -> tuple[str, str]:
    """The message id for a code, and the kind of a crash; an unknown code speaks for itself."""
    if code.startswith("crash:"):
        return CRASHED, code.removeprefix("crash:")
    return REASONS.get(code, code), ""


def phrases() -> list[str]:
    """Every message id of this module and of what fetches tell: all of them are translated (a test checks it)."""
    return [*STATUSES.values(), *REASONS.values(), CRASHED, *PROBLEMS.values()]
