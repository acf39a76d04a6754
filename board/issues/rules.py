"""Label rules of a connection: a label names a topic or a partner, dismisses, or makes a proposal.

A rule never overrides a person: what somebody has judged stays. Dismissing wins over proposing. A rule begins as a
draft and is switched on with the mark that only its trial on stored issues gives.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from board.activity.models import act
from board.db import db
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.i18n import in_days
from board.issues import links, sources
from board.issues.models import ConnectionRepository, Issue, IssueLink, LabelRule, Repository, Triage
from board.policy import FORGE, Actor
from board.proposals.writing import Draft, Link, import_
from board.settings.current import current

TRIED = 1_000
TITLE = 120


@dataclass(frozen=True)
class Verdict:
    """What the rules say about one issue."""

    topic_id: int | None = None
    partner_id: int | None = None
    dismiss: str = ""
    propose: int | None = None

    def __bool__(self) -> bool:
        return self != Verdict()


@dataclass(frozen=True)
class Trial:
    """What the rules would do to a stored issue."""

    issue_id: int
    repository: str
    number: int
    title: str
    verdict: Verdict


def judge(issue: Issue, connection_id: int | None, only: Sequence[LabelRule] | None = None) -> None:
    """Let the switched-on rules of the connection (or only these) act on an issue, as the provider's doing."""
    if connection_id is None or issue.judged or not issue.visible or not issue.labels:
        return
    verdict = decide(_rules(connection_id) if only is None else only, issue)
    if not verdict:
        return
    issue.topic_id = verdict.topic_id or issue.topic_id
    issue.partner_id = verdict.partner_id or issue.partner_id
    if verdict.dismiss:
        act(FORGE, "issue.sort", issue, issue=issue.id, to=Triage.DISMISSED.value)
        issue.triage, issue.dismiss_reason = Triage.DISMISSED, verdict.dismiss
    elif verdict.propose:
        _propose(issue, verdict.propose)
    else:
        act(FORGE, "issue.sort", issue, issue=issue.id)


def decide(rules: Iterable[LabelRule], issue: Issue) -> Verdict:
    """What the rules say that is not so already. Pure."""
    if issue.judged or not issue.visible:
        return Verdict()
    worn = {label.casefold() for label in issue.labels or ()}
    hits = [rule for rule in rules if rule.label.casefold() in worn]
    topic = next((r.topic_id for r in hits if r.effect == "topic" and r.topic_id != issue.topic_id), None)
    partner = next((r.partner_id for r in hits if r.effect == "partner" and r.partner_id != issue.partner_id), None)
    fresh = issue.triage == Triage.NEW
    dismiss = next((r.label for r in hits if r.effect == "dismiss" and fresh), "")
    propose = next((r.topic_id for r in hits if r.effect == "propose" and fresh and not dismiss), None)
    return Verdict(topic, partner, dismiss, propose)


def try_rules(connection_id: int, rules: Sequence[LabelRule] | None = None) -> list[Trial]:
    """What the rules (all of the connection, switched on or not, or the given drafts) would do to stored issues."""
    tried = _rules(connection_id, off=True) if rules is None else rules
    wanted = (
        select(Issue)
        .join(ConnectionRepository, ConnectionRepository.repository_id == Issue.repository_id)
        .where(ConnectionRepository.connection_id == connection_id, Issue.visible, Issue.judged.is_(False))
        .options(joinedload(Issue.repository).load_only(Repository.name))
        .order_by(Issue.id.desc())
        .limit(TRIED)
    )
    verdicts = ((issue, decide(tried, issue)) for issue in db.session.scalars(wanted))
    return [Trial(i.id, i.repository.name, i.number, i.title, verdict) for i, verdict in verdicts if verdict]


def run(connection_id: int, only: Sequence[LabelRule] | None = None) -> int:
    """Apply the switched-on rules (or only these) to stored issues; returns how many they touched."""
    touched, acting = 0, _rules(connection_id) if only is None else only
    for trial in try_rules(connection_id, acting):
        issue = db.session.get_one(Issue, trial.issue_id, with_for_update=True)
        judge(issue, connection_id, acting)
        touched += 1
    return touched


def put(
    by: Actor, connection_id: int, label: str, effect: str,
    *, topic_id: int | None = None, partner_id: int | None = None,
) -> LabelRule:  # fmt: skip
    """Draft the rule for a label and an effect; a new one replaces the old."""
    same = (LabelRule.connection_id == connection_id, LabelRule.label == label, LabelRule.effect == effect)
    rule = db.session.scalar(select(LabelRule).where(*same).with_for_update())
    if rule is None:
        rule = LabelRule(connection_id=connection_id, label=label, effect=effect)
    rule.topic_id, rule.partner_id, rule.enabled = topic_id, partner_id, False
    db.session.add(rule)
    db.session.flush()
    act(by, "rule.set", rule, connection=connection_id, rule=rule.id, effect=effect)
    return rule


def tried(rule: LabelRule) -> str:
    """The mark of a rule as it was tried: its trial gives it, `enable` asks for it, a changed rule has another one."""
    said = repr((rule.id, rule.connection_id, rule.label, rule.effect, rule.topic_id, rule.partner_id))
    key = current_app.config["BOARD"].secret_key.encode()
    return hmac.new(key, f"rule\0{said}".encode(), hashlib.sha256).hexdigest()[:32]


def enable(by: Actor, connection_id: int, rule_id: int, *, mark: str, stored: bool = False) -> int:
    """Switch a rule on that was tried as it is (`mark`: what `tried` gave). `stored`: it also acts on issues that are
    here already; returns on how many. Raises Missing, and Conflict for one that was not tried or has changed since.
    """
    rule = locked(connection_id, rule_id)
    act(by, "rule.enable", rule, connection=connection_id, rule=rule.id)
    if not hmac.compare_digest(mark.encode("utf-8", "surrogatepass"), tried(rule).encode()):
        raise Conflict(_("This is what the rule would do as it is now. Please look at it, then switch it on."))
    rule.enabled = True
    db.session.flush()
    return run(connection_id, [rule]) if stored else 0


def disable(by: Actor, connection_id: int, rule_id: int) -> None:
    """Switch a rule off; what it did stays. Raises Missing."""
    rule = locked(connection_id, rule_id)
    act(by, "rule.disable", rule, connection=connection_id, rule=rule.id)
    rule.enabled = False


def remove(by: Actor, connection_id: int, rule_id: int) -> None:
    """Forget a rule; what it did stays. Raises Missing."""
    rule = locked(connection_id, rule_id)
    act(by, "rule.remove", rule, connection=connection_id, rule=rule.id)
    db.session.delete(rule)


def locked(connection_id: int, rule_id: int) -> LabelRule:
    """A rule of the connection, held until the transaction ends. Raises Missing."""
    wanted = select(LabelRule).where(LabelRule.id == rule_id, LabelRule.connection_id == connection_id)
    rule = db.session.scalar(wanted.with_for_update())
    if rule is None:
        raise Missing(_("There is no such rule."))
    return rule


def draft_of(issue: Issue, repository: str, topic_id: int) -> Draft:
    """The proposal that an issue would become; its origin is named as a source."""
    source = (Link(f"{repository}#{issue.number}"[:160], issue.url, source=True),) if 0 < len(issue.url) <= 500 else ()
    vote_by = in_days(current().vote_days)
    return Draft(title=shorten(issue.title), topic_id=topic_id, text=issue.body, vote_by=vote_by, links=source)


def shorten(title: str) -> str:
    """A title of at most 120 characters."""
    return title if len(title) <= TITLE else title[: TITLE - 1].rstrip() + "…"


def _propose(issue: Issue, topic_id: int) -> None:
    has = select(IssueLink.id).where(IssueLink.issue_id == issue.id, IssueLink.proposal_id.is_not(None)).limit(1)
    if db.session.scalar(has):
        return
    repository = db.session.get_one(Repository, issue.repository_id).name
    proposal = import_(FORGE, draft_of(issue, repository, topic_id))
    links.add(issue, proposal_id=proposal.id)
    sources.note(issue, proposal_id=proposal.id)
    act(FORGE, "issue.sort", issue, issue=issue.id, to=Triage.LINKED.value, proposal=proposal.id)
    issue.triage = Triage.LINKED


def _rules(connection_id: int, *, off: bool = False) -> list[LabelRule]:
    wanted = select(LabelRule).where(LabelRule.connection_id == connection_id).order_by(LabelRule.id)
    return list(db.session.scalars(wanted if off else wanted.where(LabelRule.enabled)))
