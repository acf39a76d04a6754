"""Sheets as a reader may see them: who voted how, reasons, conditions for signed-in partners, numbers for all."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from board import text
from board.db import db
from board.decisions import content
from board.decisions.models import Briefing
from board.errors import Missing
from board.i18n import gettext as _
from board.i18n import spoken
from board.policy import Actor
from board.proposals.models import Decision, Proposal
from board.proposals.records import DecisionRecord
from board.work.models import Package


@dataclass(frozen=True)
class Sheet:
    """One sheet for one reader. `said` is its content (see `content`), `decided` the decision it was kept with."""

    proposal_id: int
    title: str
    html: str
    markdown: str
    said: dict[str, Any]
    inside: bool
    decided: Decision | None = None
    made_at: datetime | None = None
    withheld: bool = False

    @property
    def key(self) -> str:
        """FV-12."""
        return f"FV-{self.proposal_id}"

    @property
    def silence(self) -> bool:
        """Whether it was accepted because nobody objected."""
        return self.decided is not None and self.decided.silent is not None

    @property
    def days(self) -> tuple[int, int]:
        """Person-days offered, and how many of them are confirmed."""
        offered = [o for o in self.said["offers"] if o["kind"] == "days"]
        return sum(o["days"] or 0 for o in offered), sum(o["days"] or 0 for o in offered if o["on"])


def live(proposal: Proposal, by: Actor) -> Sheet:
    """The sheet of a proposal as it stands now; its decisions must be loaded."""
    return _sheet(proposal, proposal.id, content.collect(proposal), by)


def kept(decision_id: int, by: Actor) -> Sheet:
    """The record of a decision. Raises Missing, also for decisions from before sheets were kept."""
    row = db.session.execute(
        select(DecisionRecord, Decision)
        .join(Decision, Decision.id == DecisionRecord.decision_id)
        .where(DecisionRecord.decision_id == decision_id)
    ).first()
    if row is None:
        raise Missing(_("There is no record of such a decision."))
    record: DecisionRecord = row.DecisionRecord
    return _sheet(
        record, record.proposal_id, record.content, by,
        decided=row.Decision, made_at=record.made_at, withheld=record.withheld_at is not None,
    )  # fmt: skip


def records(proposal_id: int) -> set[int]:
    """Of which decisions of a proposal a record is kept."""
    return set(db.session.scalars(select(DecisionRecord.decision_id).where(DecisionRecord.proposal_id == proposal_id)))


def briefing(proposal_id: int) -> Briefing | None:
    """What product owners have added."""
    return db.session.get(Briefing, proposal_id, populate_existing=True)


def _sheet(words: Any, proposal_id: int, said: dict[str, Any], by: Actor, **more: Any) -> Sheet:
    body = spoken(words.text, words.text_en)
    return Sheet(
        proposal_id=proposal_id, title=spoken(words.title, words.title_en), html=text.markdown(body),
        markdown=body, said=shown(said, by), inside=by.signed_in, **more,
    )  # fmt: skip


def shown(said: dict[str, Any], by: Actor) -> dict[str, Any]:
    """The content for this reader: days as days, titles as they are today, what is not theirs as numbers only."""
    found = dict(said)
    found["n_absent"] = len(said["absent"])
    found["n_conditions"] = sum(bool(c["text"]) for c in said["conditions"])
    found["n_objections"] = len(said["objections"])
    if not by.signed_in:
        found |= {"ballots": [], "absent": [], "objections": [], "conditions": []}
    for name in ("conditions", "offers", "objections"):
        found[name] = [row | {"on": _day(row["on"])} for row in found[name]]
    found["estimates"] = [row | {"until": _day(row["until"])} for row in said["estimates"]]
    found["reservations"] = said["reservations"] | {"by": _day(said["reservations"]["by"])}
    titles = _titles([p["id"] for p in said["packages"]])
    found["packages"] = [p | {"title": titles.get(p["id"], "")} for p in said["packages"]]
    found["effort_packages"] = sum(p["effort"] or 0 for p in said["packages"])
    for name in ("questions", "recommendation"):
        found[f"{name}_html"] = text.markdown(said[name], top=4)
    return found


def _titles(ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    return {r.id: r.title for r in db.session.execute(select(Package.id, Package.title).where(Package.id.in_(ids)))}


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
