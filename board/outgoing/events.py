"""Which entries of the log are told, to which endpoint, and how they read: ids, keys, states and links, never a word.

Who sees what is the same rule as for feeds: what a stranger may not know (who voted how) is in no payload. No title
and no text leaves, so nothing that is withheld later has to be called back. Workshops are seen by partners alone; they
are told where an operator has chosen them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from board.activity.models import Activity
from board.activity.queries import QUIET
from board.activity.seen import hides_partner
from board.activity.sentences import SENTENCES
from board.db import db
from board.outgoing.models import Endpoint
from board.partners.models import Electorate, Partner
from board.proposals.models import Proposal
from board.work.models import Package

NOUNS = {
    "proposals": frozenset({"proposal", "module", "sheet", "duplicate"}),
    "decisions": frozenset({"consent"}),
    "ballots": frozenset({"ballot", "offer", "condition"}),
    "estimates": frozenset({"estimate", "milestone"}),
    "packages": frozenset({"package"}),
    "comments": frozenset({"comment"}),
    "reuse": frozenset({"reuse", "variant"}),
    "learnings": frozenset({"learning"}),
    "issues": frozenset({"issue"}),
    "partners": frozenset({"partner"}),
    "workshops": frozenset({"workshop"}),
}
"""The kinds an endpoint can be told of, with the nouns of their verbs."""
DECISIONS = frozenset({"proposal.accept", "proposal.defer", "proposal.decline", "proposal.reopen"})
KIND_OF = {noun: kind for kind, nouns in NOUNS.items() for noun in nouns}
TRIAL = "endpoint.try"
_FACTS = {
    "offer": ("kind", "days", "from", "to"),
    "reuse": ("from", "to"),
    "consent": ("to",),
    "package": ("seat", "to", "into", "needs", "parts"),
    "issue": ("to",),
}
"""What is told of an entry's details, by noun: what pages tell strangers, and enumerations and ids only."""
_FACTS_OF = {
    "proposal.take_back": ("from", "to"), "proposal.unmerge": ("to",), "proposal.merge": ("into",),
    "proposal.absorb": ("source",), "proposal.release": ("source",), "partner.merge": ("into",),
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """An entry as it is told: its type, the key it is about, and the body of the message."""

    activity_id: int
    event: str
    kind: str
    at: datetime
    parties: frozenset[int]
    subject: str
    body: str


def kind_of(verb: str) -> str | None:
    """The kind that an entry belongs to; None for what is never told."""
    if verb in DECISIONS:
        return "decisions"
    if verb not in SENTENCES or verb in QUIET or verb == "workshop.join":
        return None
    return KIND_OF.get(verb.split(".")[0])


def wants(endpoint: Endpoint, told: Told) -> bool:
    """Whether an endpoint is told of this."""
    if told.kind not in endpoint.kinds or told.at < endpoint.since_at:
        return False
    return endpoint.partner_id is None or endpoint.partner_id in told.parties


def told(ids: Sequence[int], kinds: Iterable[str], origin: str) -> list[Told]:
    """These entries, those of other kinds left out, in the order of the log. Four statements, however many."""
    rows = db.session.execute(
        select(
            Activity.id, Activity.at, Activity.verb, Activity.proposal_id, Activity.package_id, Activity.comment_id,
            Activity.partner_id, Activity.about_id, Activity.details,
        ).where(Activity.id.in_(ids))
    ).all()  # fmt: skip
    wanted = frozenset(kinds)
    rows = [row for row in rows if kind_of(row.verb) in wanted]
    order = {number: place for place, number in enumerate(ids)}
    known = _Known(rows, origin) if rows else None
    return [_told(row, known) for row in sorted(rows, key=lambda row: order[row.id]) if known]


def trial(endpoint: Endpoint, at: datetime, origin: str) -> str:
    """The body of a test."""
    return _body(TRIAL, at, {"endpoint": {"id": endpoint.id}, "url": origin})


class _Known:
    """The proposals, packages and partners that some entries are about, as strangers see them now."""

    def __init__(self, rows: Sequence[Any], origin: str) -> None:
        self.origin = origin
        self.size = db.session.scalar(select(Electorate.size).where(Electorate.id == Electorate.ONLY)) or 0
        self.proposals = {
            row.id: row
            for row in db.session.execute(
                select(
                    Proposal.id, Proposal.state, Proposal.n_for, Proposal.n_against, Proposal.n_abstain,
                    Proposal.electorate_size, Proposal.merged_into_id,
                ).where(Proposal.id.in_({row.proposal_id for row in rows if row.proposal_id}))
            )
        }  # fmt: skip
        self.packages = {
            row.id: row
            for row in db.session.execute(
                select(Package.id, Package.state, Package.lead_partner_id, Package.merged_into_id).where(
                    Package.id.in_({row.package_id for row in rows if row.package_id})
                )
            )
        }
        parties = {row.partner_id for row in rows} | {row.about_id for row in rows}
        parties |= {package.lead_partner_id for package in self.packages.values()}
        found = select(Partner.id, Partner.slug, Partner.name).where(Partner.id.in_(parties - {None}))
        self.partners = {row.id: row for row in db.session.execute(found)}

    def proposal(self, number: int) -> dict[str, Any] | None:
        """Key, state and tally, which is a count and names nobody."""
        row = self.proposals.get(number)
        if row is None:
            return None
        size = self.size if row.electorate_size is None else row.electorate_size
        tally = {"for": row.n_for, "against": row.n_against, "abstain": row.n_abstain, "voting_partners": size}
        found = {**self._thing("FV", "proposals", row), "tally": tally}
        return found | ({"merged_into": f"FV-{row.merged_into_id}"} if row.merged_into_id else {})

    def package(self, number: int) -> dict[str, Any] | None:
        """Key, state and who leads it."""
        row = self.packages.get(number)
        if row is None:
            return None
        found = {**self._thing("AP", "packages", row), "lead": self.partner(row.lead_partner_id)}
        return found | ({"merged_into": f"AP-{row.merged_into_id}"} if row.merged_into_id else {})

    def partner(self, number: int | None) -> dict[str, Any] | None:
        """Its address and name."""
        row = self.partners.get(number) if number is not None else None
        if row is None:
            return None
        return {"id": row.id, "slug": row.slug, "name": row.name, "url": f"{self.origin}/partners/{row.slug}"}

    def _thing(self, prefix: str, path: str, row: Any) -> dict[str, Any]:
        key = f"{prefix}-{row.id}"
        return {"id": row.id, "key": key, "state": str(row.state), "url": f"{self.origin}/{path}/{key}"}


def _told(row: Any, known: _Known) -> Told:
    hidden = hides_partner(row.verb)
    parties = frozenset() if hidden else frozenset({row.partner_id, row.about_id} - {None})
    subject = f"AP-{row.package_id}" if row.package_id else f"FV-{row.proposal_id}" if row.proposal_id else ""
    data = {
        "activity": row.id,
        "kind": kind_of(row.verb),
        "proposal": known.proposal(row.proposal_id) if row.proposal_id else None,
        "package": known.package(row.package_id) if row.package_id else None,
        "by": None if hidden else known.partner(row.partner_id),
        "about": None if hidden else known.partner(row.about_id),
        **_beside(row, subject, known.origin),
    }
    body = _body(row.verb, row.at, {name: value for name, value in data.items() if value is not None})
    return Told(row.id, row.verb, str(kind_of(row.verb)), row.at, parties, subject, body)


def _beside(row: Any, subject: str, origin: str) -> Mapping[str, Any]:
    """What else an entry names: a comment, a learning, a workshop; and what changed from what to what."""
    details, noun = row.details or {}, row.verb.split(".")[0]
    found: dict[str, Any] = {}
    if row.comment_id:
        path = "packages" if subject.startswith("AP") else "proposals"
        found["comment"] = {"id": row.comment_id, "url": f"{origin}/{path}/{subject}#comment-{row.comment_id}"}
    for name, path in (("learning", "learnings"), ("workshop", "workshops")):
        if noun == name and isinstance(details.get(name), int):
            found[name] = {"id": details[name], "url": f"{origin}/{path}/{details[name]}"}
    facts = {name: details[name] for name in _FACTS_OF.get(row.verb, _FACTS.get(noun, ())) if name in details}
    return found | ({"change": facts} if facts else {})


def _body(event: str, at: datetime, data: Mapping[str, Any]) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.dumps({"type": event, "timestamp": moment, "data": data}, ensure_ascii=False, separators=(",", ":"))
