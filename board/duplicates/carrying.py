"""Ballots at a merger: of a partner's two the later one counts on the surviving proposal; the old one stays on record.

Each ballot that changes is an entry in the record, so that `flask check` can tell it like any other.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete as delete_
from sqlalchemy import insert, select, update

from board.activity.models import act
from board.db import db
from board.partners.models import Partner
from board.policy import Actor
from board.voting.ballots import Stance
from board.voting.models import Ballot

SAID = ("choice", "reason", "person_id", "cast_at", "text_version", "counted")
CARRIED = 0
"""The version of a text that nobody has read: a carried ballot shows that the text is another one."""


def carry(old: int, into: int, by: Actor) -> list[dict[str, Any]]:
    """Carry over the ballots of a proposal whose partner has none, or an earlier one, on the other; both are open."""
    theirs = {b.partner_id: b for b in _ballots(into)}
    active = set(db.session.scalars(select(Partner.id).where(Partner.votes, Partner.paused_at.is_(None))))
    carried = []
    for ballot in _ballots(old):
        there = theirs.get(ballot.partner_id)
        if there is not None and there.cast_at >= ballot.cast_at:
            continue
        before = None if there is None else {name: getattr(there, name) for name in SAID}
        version = 1 if there is None else there.version + 1
        _tell(into, ballot.partner_id, by, before["choice"] if before else None, ballot.choice, old)
        said = {name: getattr(ballot, name) for name in SAID}
        said |= {"text_version": CARRIED, "counted": ballot.partner_id in active, "version": version}
        if there is None:
            db.session.execute(insert(Ballot).values(proposal_id=into, partner_id=ballot.partner_id, **said))
        else:
            db.session.execute(update(Ballot).where(Ballot.id == there.id).values(**said))
        carried.append({"partner": ballot.partner_id, "version": version, "before": _plain(before)})
    return carried


def carry_back(carried: list[dict[str, Any]], old: int, into: int, by: Actor) -> None:
    """Put each carried ballot back to what it was, unless its partner has spoken there since."""
    now_there = {b.partner_id: b for b in _ballots(into)}
    for one in carried:
        ballot = now_there.get(one["partner"])
        if ballot is None or ballot.version != one["version"]:
            continue
        before = one["before"]
        _tell(into, one["partner"], by, ballot.choice, before["choice"] if before else None, old)
        if before is None:
            db.session.execute(delete_(Ballot).where(Ballot.id == ballot.id))
        else:
            values = before | {"cast_at": datetime.fromisoformat(before["cast_at"]), "version": ballot.version + 1}
            db.session.execute(update(Ballot).where(Ballot.id == ballot.id).values(**values))


def _ballots(proposal_id: int) -> list[Any]:
    columns = (Ballot.id, Ballot.partner_id, Ballot.version, *(getattr(Ballot, name) for name in SAID))
    return list(db.session.execute(select(*columns).where(Ballot.proposal_id == proposal_id).order_by(Ballot.id)))


def _tell(into: int, partner_id: int, by: Actor, before: str | None, after: str | None, source: int) -> None:
    act(by, "ballot.carry", Stance(into, partner_id), **{"from": before, "to": after, "source": source})


def _plain(said: dict[str, Any] | None) -> dict[str, Any] | None:
    return said and said | {"cast_at": said["cast_at"].isoformat()}
