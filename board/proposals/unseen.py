"""What has happened to proposals since a reader's last visit: the news that a list's rows show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, or_, select

from board.activity.models import Activity
from board.db import run
from board.partners.models import Partner
from board.policy import Actor

ROWS = 2000


@dataclass(frozen=True)
class Since:
    """What has happened to a proposal since the reader's last visit."""

    n_for: int = 0
    leads: tuple[str, ...] = ()


_SINCE = (
    select(Activity.proposal_id, Activity.verb, Activity.details, Partner.name)
    .outerjoin(Partner, Partner.id == Activity.partner_id)
    .where(
        Activity.id > bindparam("seen"),
        Activity.proposal_id.in_(bindparam("ids", expanding=True)),
        Activity.verb.in_(("ballot.cast", "ballot.withdraw", "offer.declare", "offer.withdraw")),
        or_(Activity.person_id.is_(None), Activity.person_id != bindparam("person")),
    )
    .order_by(Activity.id)
    .limit(ROWS)
)


def since(ids: Sequence[int], by: Actor) -> dict[int, Since]:
    """What others have done to these proposals since one's last visit, from the activity log, in one statement."""
    if not by.seen_activity or not ids:
        return {}
    found = run(_SINCE, seen=by.seen_activity, ids=ids, person=by.person_id)
    news: dict[int, Since] = {}
    for row in found:
        news[row.proposal_id] = _later(news.get(row.proposal_id, Since()), row.verb, row.details, row.name or "")
    return {number: item for number, item in news.items() if item.n_for > 0 or item.leads}


def _later(so_far: Since, verb: str, details: dict[str, Any], name: str) -> Since:
    if verb.startswith("ballot."):
        return replace(so_far, n_for=so_far.n_for + (details.get("to") == "for") - (details.get("from") == "for"))
    if details.get("kind") != "lead":
        return so_far
    others = tuple(lead for lead in so_far.leads if lead != name)
    return replace(so_far, leads=(*others, name) if verb == "offer.declare" else others)
