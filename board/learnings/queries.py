"""Every way to read learnings: lists, one, those of a proposal, what is still to be told, what was really needed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select, exists, func, literal, select

from board import text
from board.accounts.models import Person
from board.db import db, now
from board.errors import Missing
from board.i18n import current_locale, spoken
from board.i18n import gettext as _
from board.learnings.models import Learning, Useful
from board.partners.models import Partner
from board.policy import Acting, Actor, allowed
from board.proposals.models import Proposal, Topic
from board.proposals.states import State
from board.search.index import within
from board.voting.company import NAMES, acting
from board.voting.models import Reuse, ReuseStatus
from board.work.models import Package

STEP, MOST = 30, 300
FEW = 3
ASKED_FOR = timedelta(days=90)
"""So long after a change of use its five questions are asked for; then nobody is reminded any more."""
TELLS = (ReuseStatus.PILOT, ReuseStatus.LIVE, ReuseStatus.ENDED)
SORTS = {"new": "Newest first", "useful": "Most useful"}
TAKES = {"privacy_notice": "Privacy notice", "press_release": "Press release", "other_text": "Another text"}


@dataclass(frozen=True)
class Filters:
    """What the list shows; all of it stands in the address."""

    q: str = ""
    topic: str = ""
    partner: str = ""
    on: str = ""
    take: str = ""
    sort: str = "new"
    n: int = STEP

    @property
    def narrowing(self) -> dict[str, str]:
        """The fields that leave something out."""
        return {k: v for k, v in vars(self).items() if v and k not in {"sort", "n"}}

    def url(self, **changes: Any) -> str:
        """The address of the list with changes."""
        new = replace(self, **changes)
        query = new.narrowing | ({"sort": new.sort} if new.sort != "new" else {})
        query |= {"n": str(new.n)} if new.n != STEP else {}
        return f"/learnings?{urlencode(query)}" if query else "/learnings"


@dataclass(frozen=True)
class Line:
    """One learning in a list. `takes` are the texts that others can take over."""

    id: int
    version: int
    title: str
    partner: Acting
    occasion: str
    effort: Decimal | None
    excerpt: str
    takes: tuple[str, ...]
    key: str
    about: str
    topic: str
    written_at: datetime
    n_useful: int
    useful: bool
    may_thank: bool

    @property
    def url(self) -> str:
        """Its page."""
        return f"/learnings/{self.id}"

    @property
    def about_url(self) -> str:
        """The page of what it is about."""
        return f"/{'packages' if self.key.startswith('AP') else 'proposals'}/{self.key}" if self.key else ""


@dataclass(frozen=True)
class Asked:
    """A use of the partner's that has turned and of which nothing has been told yet."""

    key: str
    title: str
    status: str

    @property
    def url(self) -> str:
        """The five questions."""
        return f"/learnings/new?on={self.key}&occasion={self.status}"


@dataclass(frozen=True)
class Needed:
    """What was really needed: the median of what `n` partners named, in person-days."""

    days: Decimal
    n: int


def page(filters: Filters, by: Actor) -> tuple[list[Line], int]:
    """The lines of a list, and how many there are altogether. Two statements."""
    wanted = _wanted(filters)
    total = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    order = (_useful_count().desc(), Learning.id.desc()) if filters.sort == "useful" else (Learning.id.desc(),)
    return _lines(wanted, order, filters.n, by), total


def behind(filters: Filters, by: Actor, place: int | None, limit: int) -> tuple[list[Line], int | None]:
    """Lines behind a place (an id), the newest first, and the place to go on behind: pages by key, for programs."""
    wanted = _wanted(filters) if place is None else _wanted(filters).where(Learning.id < place)
    found = _lines(wanted, (Learning.id.desc(),), limit + 1, by)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def one(learning_id: int, by: Actor) -> tuple[Line, Learning, str]:
    """A learning as a line, whole, and its author's name for those who may read names. Raises Missing."""
    found = db.session.scalar(select(Learning).where(Learning.id == learning_id))
    if found is None:
        raise Missing(_("There is no such learning."))
    (line,) = _lines(select(Learning.id).where(Learning.id == learning_id), (Learning.id,), 1, by)
    author = db.session.scalar(select(Person.name).where(Person.id == found.person_id)) if by.signed_in else ""
    return line, found, author or ""


def of_proposal(proposal: Any, by: Actor) -> dict[str, Any]:
    """What `learnings/_of_proposal.html` shows: the most useful few, how many there are, what is still to be told."""
    lines, total = page(Filters(on=f"FV-{proposal.id}", sort="useful", n=FEW), by)
    return {
        "id": proposal.id, "key": f"FV-{proposal.id}", "lines": lines, "total": total,
        "needed": needed([proposal.id]).get(proposal.id), "asked": asked(by, proposal.id),
        "may": allowed(by, "learning.write"),
    }  # fmt: skip


def asked(by: Actor, proposal_id: int | None = None) -> list[Asked]:
    """Whose five questions wait for the partner acted for, newest change first."""
    if not allowed(by, "learning.write"):
        return []
    told = exists().where(
        Learning.partner_id == by.partner_id,
        Learning.proposal_id == Reuse.proposal_id,
        Learning.occasion == Reuse.status,
    )
    query = (
        select(Proposal.id, Proposal.title, Proposal.title_en, Reuse.status)
        .join(Reuse, Reuse.proposal_id == Proposal.id)
        .where(
            Reuse.partner_id == by.partner_id,
            Reuse.status.in_(TELLS),
            Proposal.state != State.MERGED,
            Reuse.person_id.is_not(None),
            Reuse.changed_at > now() - ASKED_FOR,
            ~told,
        )
        .order_by(Reuse.changed_at.desc(), Reuse.id)
        .limit(FEW * 2)
    )
    rows = db.session.execute(query if proposal_id is None else query.where(Proposal.id == proposal_id))
    return [Asked(f"FV-{r.id}", _title(r), r.status) for r in rows]


def needed(proposal_ids: Iterable[int]) -> dict[int, Needed]:
    """What taking a feature on really needed, by proposal: one statement. Of each partner the latest word counts."""
    return _median(Learning.proposal_id, list(proposal_ids), Learning.package_id.is_(None))


def needed_by_package(package_ids: Iterable[int]) -> dict[int, Needed]:
    """What a work package really needed."""
    return _median(Learning.package_id, list(package_ids), literal(True))


def counts(proposal_ids: Iterable[int]) -> dict[int, int]:
    """How many learnings there are by proposal: one statement."""
    rows = db.session.execute(
        select(Learning.proposal_id, func.count())
        .where(Learning.proposal_id.in_(list(proposal_ids)))
        .group_by(Learning.proposal_id)
    )
    return {id_: n for id_, n in rows if id_ is not None}


def topics() -> list[tuple[str, str]]:
    """(slug, label) of the topics of which there are learnings."""
    rows = db.session.scalars(select(Topic).where(exists().where(Learning.topic_id == Topic.id)))
    return sorted(((t.slug, t.label(current_locale())) for t in rows), key=lambda t: t[1].casefold())


def partners() -> list[tuple[str, str]]:
    """(slug, name) of the partners that have told something."""
    rows = db.session.execute(
        select(Partner.slug, Partner.name)
        .where(exists().where(Learning.partner_id == Partner.id))
        .order_by(Partner.search)
    )
    return [(slug, name) for slug, name in rows]


def _median(column: Any, ids: list[int], also: Any) -> dict[int, Needed]:
    rows = db.session.execute(
        select(column, Learning.partner_id, Learning.effort)
        .where(column.in_(ids), Learning.effort.is_not(None), also)
        .order_by(Learning.id)
    )
    latest: dict[int, dict[int, Decimal]] = {}
    for id_, partner, effort in rows:
        latest.setdefault(id_, {})[partner] = effort
    return {id_: Needed(Decimal(median(said.values())), len(said)) for id_, said in latest.items()}


def _wanted(filters: Filters) -> Select[int]:
    query = select(Learning.id)
    if filters.q:
        query = query.where(within(Learning.id, filters.q))
    if filters.topic:
        query = query.where(Learning.topic_id == select(Topic.id).where(Topic.slug == filters.topic).scalar_subquery())
    if filters.partner:
        whose = select(Partner.id).where(Partner.slug == filters.partner).scalar_subquery()
        query = query.where(Learning.partner_id == whose)
    if filters.on:
        kind, _dash, number = filters.on.partition("-")
        query = query.where((Learning.package_id if kind == "AP" else Learning.proposal_id) == int(number))
    if filters.take in TAKES:
        query = query.where(getattr(Learning, filters.take) != "")
    return query


def _useful_count() -> Any:
    return select(func.count()).where(Useful.learning_id == Learning.id).correlate(Learning).scalar_subquery()


def _lines(wanted: Select[int], order: Iterable[Any], limit: int, by: Actor) -> list[Line]:
    mine = exists().where(Useful.learning_id == Learning.id, Useful.partner_id == by.partner_id)
    rows = db.session.execute(
        NAMES.add_columns(
            Learning, Proposal.title, Proposal.title_en, Package.title.label("package"), Topic.label_de, Topic.label_en,
            _useful_count().label("n_useful"), mine.label("mine"),
        )
        .join(Learning, Learning.partner_id == Partner.id)
        .outerjoin(Proposal, Proposal.id == Learning.proposal_id)
        .outerjoin(Package, Package.id == Learning.package_id)
        .outerjoin(Topic, Topic.id == Learning.topic_id)
        .where(Learning.id.in_(wanted))
        .order_by(*order)
        .limit(limit)
    )  # fmt: skip
    return [_line(row, by) for row in rows]


def _line(row: Any, by: Actor) -> Line:
    told: Learning = row.Learning
    key = f"AP-{told.package_id}" if told.package_id else f"FV-{told.proposal_id}" if told.proposal_id else ""
    return Line(
        id=told.id,
        version=told.version,
        title=told.title,
        partner=acting(row),
        occasion=told.occasion,
        effort=told.effort,
        excerpt=text.excerpt(told.text or told.configuration, 240),
        takes=tuple(name for name in TAKES if getattr(told, name)),
        key=key,
        about=row.package or (_title(row) if told.proposal_id else ""),
        topic=(row.label_en if current_locale() == "en" else row.label_de) or "",
        written_at=told.written_at,
        n_useful=row.n_useful,
        useful=bool(row.mine),
        may_thank=allowed(by, "learning.thank", told) and told.partner_id != by.partner_id,
    )


def _title(row: Any) -> str:
    return spoken(row.title, row.title_en)
