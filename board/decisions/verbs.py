"""Writing the product owners' part of a sheet, and keeping the sheet with a decision."""

import hashlib
import json
from typing import Any

from sqlalchemy import select

from board.activity.models import act
from board.db import db, now
from board.decisions.content import collect
from board.decisions.models import Briefing
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import Decision, Proposal, touch
from board.proposals.records import DecisionRecord

WORDS = ("title", "title_en", "text", "text_en", "summary", "summary_en")


def write(proposal: Proposal, by: Actor, *, questions: str, recommendation: str, version: int) -> None:
    """Write open questions and recommendation; `version` is the one somebody began with, 0 for none yet.

    The same again is harmless. Raises Denied, Conflict with `hints["stale"]` when somebody else wrote meanwhile.
    """
    found = db.session.get(Briefing, proposal.id, with_for_update=True, populate_existing=True)
    row = found or Briefing(proposal_id=proposal.id, version=0)
    if not found:
        db.session.add(row)
    act(by, "sheet.write", row)
    if (row.questions, row.recommendation) == (questions, recommendation):
        return
    if found and found.version != version:
        raise Conflict(_("Somebody else has changed the text meanwhile."), stale=True)
    row.questions, row.recommendation = questions, recommendation
    row.person_id, row.changed_at, row.version = by.person_id, now(), row.version + 1
    touch(proposal.id)


def keep(proposal: Proposal) -> None:
    """Keep the sheet as it stands with the decision that was just recorded, in its transaction."""
    db.session.flush()
    newest = select(Decision).where(Decision.proposal_id == proposal.id).order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(newest).one()
    words = {name: getattr(proposal, name) for name in WORDS}
    db.session.add(
        DecisionRecord(
            decision_id=decision.id, proposal_id=proposal.id, made_at=now(), content=collect(proposal),
            words=digest(words), **words,
        )
    )  # fmt: skip
    db.session.flush()


def digest(words: dict[str, Any]) -> str:
    """The mark of the words that were decided."""
    return hashlib.sha256(json.dumps([words[name] for name in WORDS], ensure_ascii=False).encode()).hexdigest()


def check() -> list[int]:
    """The decisions whose words are not those that were decided, though none were withheld; for `flask check`."""
    words = select(DecisionRecord.decision_id, DecisionRecord.words, *(getattr(DecisionRecord, name) for name in WORDS))
    rows = db.session.execute(words.where(DecisionRecord.withheld_at.is_(None)).execution_options(yield_per=500))
    return [r.decision_id for r in rows if digest({name: getattr(r, name) for name in WORDS}) != r.words]
