"""What an issue becomes on the board, one or several at once. Inside a transaction; `triage` holds the verbs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from board.db import db
from board.errors import Refusal
from board.issues import rules, triage
from board.issues.models import Issue, Repository
from board.policy import Actor
from board.proposals.models import Proposal
from board.work import packages
from board.work.models import Package


def proposal(issue: Issue, by: Actor, topic_id: int) -> Proposal:
    """A proposal with the issue's title and text."""
    return triage.propose(issue, by, rules.draft_of(issue, _repository(issue), topic_id))


def package(issue: Issue, by: Actor, proposal_id: int) -> Package:
    """A work package with the issue's title and text, under a proposal."""
    named = f"{_repository(issue)}#{issue.number}"[:160]
    links = ((named, issue.url),) if 0 < len(issue.url) <= 500 else ()
    return triage.package(
        issue, by, proposal_id, packages.Draft(rules.shorten(issue.title), text=issue.body, links=links)
    )


def _repository(issue: Issue) -> str:
    return db.session.get_one(Repository, issue.repository_id).name


@dataclass
class Together:
    """How sorting several ended: the ids that were, and what was said of the others, each sentence once."""

    done: list[int] = field(default_factory=list)
    refused: int = 0
    told: list[str] = field(default_factory=list)


def several(ids: Iterable[int], sort: Callable[[Issue], object]) -> Together:
    """Sort each in a savepoint of its own, in the order of their ids: one that is refused holds up no other."""
    found = Together()
    for issue_id in sorted(ids):
        try:
            with db.session.begin_nested():
                sort(triage.locked(issue_id))
        except Refusal as refusal:
            found.refused += 1
            found.told += [refusal.message] if refusal.message not in found.told else []
        else:
            found.done.append(issue_id)
    return found
