"""Every way to read the record for administrators: entries with numbers instead of names, and how the chain stands.

There is no filter by person, on purpose: a page per person would be a supervision of performance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from board.accounts.models import Person
from board.activity.models import Activity
from board.activity.queries import KINDS
from board.activity.seen import ACCOUNT
from board.activity.sentences import SENTENCES, choice, offer, sentence
from board.db import db
from board.i18n import gettext as _
from board.jobs.queries import Run, runs
from board.partners.models import Partner
from board.policy import VERBS
from board.record import chain, guard
from board.record.chain import Head
from board.record.models import Seal

PAGE = 50
TAIL = 1000
BOARD = frozenset(noun for nouns in KINDS.values() for noun in nouns)
"""What stands in the public list; everything else belongs to accounts, issues or administration."""
GROUPS = ("accounts", "administration", "board", "issues")


@dataclass(frozen=True)
class Entry:
    """One row of the log. `told` is a message id or empty; `sealed` its place in the chain."""

    id: int
    at: datetime
    verb: str
    source: str
    person_id: int | None
    roles: tuple[str, ...]
    partner: str
    about: str
    key: str
    url: str
    told: str
    before: str
    after: str
    offer: str
    days: int | None
    details: dict[str, Any]
    sealed: int | None


@dataclass(frozen=True)
class Standing:
    """How the chain stands; `tail` is counted to a thousand. `jobs`: the last sealing and the last check."""

    head: Head
    tail: int
    missing: tuple[str, ...]
    jobs: dict[str, Run]


def standing() -> Standing:
    """The head, what is not sealed yet, whether the guard is up, and when somebody looked last."""
    head = chain.head()
    sealed_id = select(Seal.activity_id).where(Seal.position == head.position).scalar_subquery()
    later = select(Activity.id).where(Activity.id > func.coalesce(sealed_id, 0)).limit(TAIL).subquery()
    tail = db.session.scalar(select(func.count()).select_from(later)) or 0
    jobs = {run.name: run for run in runs() if run.name in {"seal", "check"}}
    return Standing(head, tail, tuple(guard.missing(db.session.connection())), jobs)


def entries(
    group: str = "", proposal_id: int | None = None, package_id: int | None = None, before: int | None = None
) -> tuple[list[Entry], int | None]:
    """The newest entries that fit, and the key of the next ones, if there are more."""
    where: list[ColumnElement[bool]] = [Activity.id < before] if before else []
    if group:
        where.append(Activity.verb.in_([verb for verb in VERBS if group_of(verb) == group]))
    if proposal_id:
        where.append(Activity.proposal_id == proposal_id)
    if package_id:
        where.append(Activity.package_id == package_id)
    actor, about = aliased(Partner), aliased(Partner)
    rows = db.session.execute(
        select(
            Activity.id, Activity.at, Activity.verb, Activity.source, Activity.person_id, Activity.details,
            Activity.proposal_id, Activity.package_id, Person.is_admin, Person.is_product_owner,
            actor.name.label("partner"), about.name.label("about"), Seal.position,
        )
        .outerjoin(Person, Person.id == Activity.person_id)
        .outerjoin(actor, actor.id == Activity.partner_id)
        .outerjoin(about, about.id == Activity.about_id)
        .outerjoin(Seal, Seal.activity_id == Activity.id)
        .where(*where)
        .order_by(Activity.id.desc())
        .limit(PAGE + 1)
    ).all()  # fmt: skip
    return list(_told(rows[:PAGE])), rows[PAGE - 1].id if len(rows) > PAGE else None


def group_of(verb: str) -> str:
    """The group of a verb: accounts, board, issues, or administration for everything else."""
    noun = verb.split(".", 1)[0]
    if noun in ACCOUNT:
        return "accounts"
    return "issues" if noun == "issue" else "board" if noun in BOARD else "administration"


def _told(rows: Any) -> Iterator[Entry]:
    for row in rows:
        details = row.details or {}
        key = f"AP-{row.package_id}" if row.package_id else f"FV-{row.proposal_id}" if row.proposal_id else ""
        flags = ((row.is_admin, _("administration")), (row.is_product_owner, _("product ownership")))
        yield Entry(
            id=row.id, at=row.at, verb=row.verb, source=row.source, person_id=row.person_id,
            roles=tuple(word for holds, word in flags if holds),
            partner=row.partner or "", about=row.about or "", key=key,
            url=f"/{'packages' if row.package_id else 'proposals'}/{key}" if key else "",
            told=sentence(row.verb, details) if row.verb in SENTENCES else "",
            before=choice(details.get("from")), after=choice(details.get("to")), offer=offer(details),
            days=details.get("days"), details=details, sealed=row.position,
        )  # fmt: skip
