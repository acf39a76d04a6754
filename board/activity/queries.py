"""Every way to read the log for people: the public list, histories, one's own events, the feed.

Each is one statement for its rows, whatever their number, read by key from the newest back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all
from sqlalchemy.orm import aliased

from board.accounts.models import Person
from board.activity.models import Activity
from board.activity.seen import ACCOUNT, HIDDEN_PARTNER, INSIDE, OPERATIONS, hides_partner
from board.activity.sentences import SENTENCES, choice, offer, sentence
from board.db import db
from board.i18n import current_locale, day_of, spoken
from board.partners.models import Partner, hue
from board.policy import Actor
from board.proposals.models import Proposal
from board.proposals.queries import Sign
from board.work.models import Package

PAGE = 50
HISTORY = 10
NEWS = 99
KINDS = {
    "proposals": frozenset({"proposal", "module", "consent", "sheet", "duplicate", "estimate", "milestone"}),
    "ballots": frozenset({"ballot", "offer", "condition"}),
    "reuse": frozenset({"reuse", "variant"}),
    "learnings": frozenset({"learning"}),
    "workshops": INSIDE,
    "work": frozenset({"package"}),
    "comments": frozenset({"comment"}),
    "issues": frozenset({"issue"}),
    "partners": frozenset({"partner"}),
}


QUIET = frozenset({"workshop.turn", "workshop.arrange", "workshop.assemble"})
"""Steps of a meeting: in the log, not in the list."""


@dataclass(frozen=True)
class Subject:
    """The proposal or package an event is about; `url` leads to it, or to the comment under it."""

    key: str
    title: str
    url: str


@dataclass(frozen=True)
class Event:
    """One thing that happened, as this reader may see it; `message`, `before`, `after`, `offer` are message ids."""

    id: int
    at: datetime
    verb: str
    source: str
    message: str
    partner: Sign | None
    about: Sign | None
    person: str
    subject: Subject | None
    before: str
    after: str
    offer: str
    days: int | None

    @property
    def day(self) -> date:
        """The day in Germany on which it happened."""
        return day_of(self.at)


@dataclass(frozen=True)
class Filters:
    """What a reader wants to see; all of it stands in the address."""

    partner: Sign | None = None
    kind: str = ""
    proposal_id: int | None = None
    package_id: int | None = None

    def __bool__(self) -> bool:
        return bool(self.partner or self.kind or self.proposal_id or self.package_id)


@dataclass(frozen=True)
class Events:
    """Some events, the newest first. `before` is the key of the next ones, or None at the end; `feed` is theirs."""

    items: tuple[Event, ...] = ()
    before: int | None = None
    more_url: str = field(default="")
    key: str = ""
    feed: str = ""


def page(filters: Filters, by: Actor, before: int | None = None, limit: int = PAGE) -> Events:
    """The public list, narrowed by the filters."""
    wanted = _ids(filters, by, before, limit + 1)
    return _events(select(wanted.c.id), by, limit) if wanted is not None else Events()


def newer(filters: Filters, by: Actor, after: int) -> int:
    """How many events have come into this list since, counted to 99."""
    wanted = _ids(filters, by, None, NEWS, after)
    return 0 if wanted is None else db.session.scalar(select(func.count()).select_from(wanted)) or 0


def newest() -> int:
    """The id of the newest event of all."""
    return db.session.scalar(select(func.max(Activity.id))) or 0


def history(
    *,
    proposal_id: int | None = None,
    package_id: int | None = None,
    partner_id: int | None = None,
    by: Actor,
    limit: int = HISTORY,
) -> Events:
    """The newest events of one proposal, package or partner; the rest is behind `more_url`."""
    partner = sign(Partner.id == partner_id) if partner_id is not None else None
    found = page(Filters(partner, "", proposal_id, package_id), by, limit=limit)
    key = f"FV-{proposal_id}" if proposal_id else f"AP-{package_id}" if package_id else ""
    query = f"on={key}" if key else f"partner={partner.slug if partner else ''}"
    feed = feed_url(f"/proposals/{key}/activity.atom") if proposal_id else ""
    feed = feed_url("/activity.atom", {"partner": partner.slug}) if partner else feed
    return replace(found, key=key, more_url=f"/activity?{query}" if found.before else "", feed=feed)


def feed_url(path: str, query: Mapping[str, str] | None = None) -> str:
    """The address of a feed in the language that is spoken now; German goes without saying."""
    told = {**(query or {}), **({"lang": "en"} if current_locale() == "en" else {})}
    return f"{path}?{urlencode(told)}" if told else path


def of_proposals(ids: Sequence[int], by: Actor, limit: int = PAGE) -> Events:
    """What happened to these proposals and their packages, newest first."""
    mine = (Activity.proposal_id.in_(ids), Activity.verb.in_(_verbs(Filters(), by)))
    wanted = select(Activity.id).where(*mine).order_by(Activity.id.desc()).limit(limit + 1)
    return _events(wanted, by, limit)


def for_proposal(proposal: Any, by: Actor) -> dict[str, Any]:
    """What activity/_history.html needs under a proposal."""
    return {"history": history(proposal_id=proposal.id, by=by)}


def for_package(package: Any, by: Actor) -> dict[str, Any]:
    """What activity/_history.html needs under a package."""
    return {"history": history(package_id=package.id, by=by)}


def for_partner(partner: Any, by: Actor) -> dict[str, Any]:
    """What activity/_history.html needs on a partner's page."""
    return {"history": history(partner_id=partner.id, by=by)}


def some(ids: Sequence[int], by: Actor) -> tuple[Event, ...]:
    """These events, the oldest first."""
    return tuple(reversed(_events(ids, by, len(ids)).items)) if ids else ()


def own(person_id: int, limit: int = PAGE) -> Events:
    """One's own events, account events too: for one's own account page only, never for anybody else."""
    mine = (Activity.person_id == person_id, Activity.verb.in_(SENTENCES))
    ids = select(Activity.id).where(*mine).order_by(Activity.id.desc()).limit(limit + 1)
    return _events(ids, Actor(person_id=person_id), limit)


def of_connection(connection_id: int, by: Actor, limit: int = HISTORY) -> Events:
    """What happened to a Git connection, its repositories, deliveries and rules: for its operators only."""
    return _operated("connection", connection_id, by, limit)


def of_endpoint(endpoint_id: int, by: Actor, limit: int = HISTORY) -> Events:
    """What happened to an outgoing webhook: for its operators only."""
    return _operated("endpoint", endpoint_id, by, limit)


def _operated(what: str, number: int, by: Actor, limit: int) -> Events:
    here = Activity.details[what].as_integer() == number
    ways = [Activity.verb == verb for verb in SENTENCES if verb.split(".")[0] in OPERATIONS]
    return _events(select(_newest(ways, [here], limit + 1).c.id), by, limit)


def sign(where: ColumnElement[bool]) -> Sign | None:
    """A partner by its id or slug."""
    row = db.session.execute(
        select(Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags).where(where)
    ).first()
    return Sign(row.id, row.slug, row.name, row.sign, hue(row.ags or row.slug)) if row else None


def _ids(filters: Filters, by: Actor, before: int | None, limit: int, after: int = 0) -> Any:
    """The newest ids that fit: one walk down an index per way in which a row can fit, then the newest of them."""
    verbs = _verbs(filters, by)
    if not verbs:
        return None
    common: list[ColumnElement[bool]] = [Activity.id > after] if after else []
    common += [Activity.id < before] if before else []
    ways: Sequence[ColumnElement[bool]] = (Activity.id > 0,)
    if filters.proposal_id:
        ways = (Activity.proposal_id == filters.proposal_id,)
    elif filters.package_id:
        ways = (Activity.package_id == filters.package_id,)
    elif filters.partner and filters.kind:
        who = (Activity.partner_id == filters.partner.id, Activity.about_id == filters.partner.id)
        ways = tuple(and_(one, Activity.verb == verb) for one in who for verb in verbs)
    elif filters.partner:
        ways = (Activity.partner_id == filters.partner.id, Activity.about_id == filters.partner.id)
    elif filters.kind:
        ways = tuple(Activity.verb == verb for verb in verbs)
    if not filters.kind or filters.proposal_id or filters.package_id:
        common.append(Activity.verb.in_(verbs))
    if filters.partner and (filters.proposal_id or filters.package_id):
        common.append(or_(Activity.partner_id == filters.partner.id, Activity.about_id == filters.partner.id))
    return _newest(ways, common, limit)


def _newest(ways: Sequence[ColumnElement[bool]], common: Sequence[ColumnElement[bool]], limit: int) -> Any:
    """The newest ids of all ways together; each is walked down its own index, no further than the limit."""
    walks = [
        select(Activity.id).where(way, *common).order_by(Activity.id.desc()).limit(limit).subquery() for way in ways
    ]
    if len(walks) == 1:
        return walks[0]
    both = union_all(*(select(walk.c.id) for walk in walks)).subquery()
    return select(both.c.id).distinct().order_by(both.c.id.desc()).limit(limit).subquery()


def kinds(by: Actor) -> tuple[str, ...]:
    """What this reader can narrow the list to."""
    return tuple(kind for kind, nouns in KINDS.items() if by.signed_in or nouns != INSIDE)


def _verbs(filters: Filters, by: Actor) -> list[str]:
    """The verbs that may be shown: never account events; nothing that would tell a stranger who voted how."""
    nouns = KINDS.get(filters.kind) or {noun for kind in KINDS.values() for noun in kind}
    if filters.partner and not by.signed_in:
        nouns = nouns - HIDDEN_PARTNER
    if not by.signed_in:
        nouns = nouns - INSIDE
    return sorted(
        verb for verb in set(SENTENCES) - QUIET if (noun := verb.split(".")[0]) in nouns and noun not in ACCOUNT
    )


_ACTOR, _ABOUT = aliased(Partner), aliased(Partner)
_EVENTS = (
    select(
        Activity.id, Activity.at, Activity.verb, Activity.source, Activity.details, Activity.comment_id,
        Activity.proposal_id, Activity.package_id, Person.name.label("person"),
        _ACTOR.id.label("a_id"), _ACTOR.slug.label("a_slug"), _ACTOR.name.label("a_name"),
        _ACTOR.sign.label("a_sign"), _ACTOR.ags.label("a_ags"),
        _ABOUT.id.label("b_id"), _ABOUT.slug.label("b_slug"), _ABOUT.name.label("b_name"),
        _ABOUT.sign.label("b_sign"), _ABOUT.ags.label("b_ags"),
        Proposal.title.label("proposal"), Proposal.title_en.label("proposal_en"), Package.title.label("package"),
    )
    .outerjoin(Person, Person.id == Activity.person_id)
    .outerjoin(_ACTOR, _ACTOR.id == Activity.partner_id)
    .outerjoin(_ABOUT, _ABOUT.id == Activity.about_id)
    .outerjoin(Proposal, Proposal.id == Activity.proposal_id)
    .outerjoin(Package, Package.id == Activity.package_id)
    .order_by(Activity.id.desc())
)  # fmt: skip


def _events(ids: Any, by: Actor, limit: int) -> Events:
    rows = db.session.execute(_EVENTS.where(Activity.id.in_(ids)).limit(limit + 1)).all()
    return Events(tuple(_told(rows[:limit], by)), rows[limit - 1].id if len(rows) > limit else None)


def _told(rows: Iterable[Any], by: Actor) -> Iterable[Event]:
    for row in rows:
        hidden = not by.signed_in and hides_partner(row.verb)
        details = row.details or {}
        yield Event(
            id=row.id,
            at=row.at,
            verb=row.verb,
            source=row.source,
            message=sentence(row.verb, details, hidden=hidden),
            partner=None if hidden else _sign(row.a_id, row.a_slug, row.a_name, row.a_sign, row.a_ags),
            about=None if hidden else _sign(row.b_id, row.b_slug, row.b_name, row.b_sign, row.b_ags),
            person=(row.person or "") if by.signed_in else "",
            subject=_subject(row),
            before="" if hidden else choice(details.get("from")),
            after="" if hidden else choice(details.get("to")),
            offer=offer(details),
            days=details.get("days"),
        )


def _sign(number: int | None, slug: str, name: str, letters: str, ags: str | None) -> Sign | None:
    return Sign(number, slug, name, letters, hue(ags or slug)) if number is not None else None


def _subject(row: Any) -> Subject | None:
    anchor = f"#comment-{row.comment_id}" if row.comment_id else ""
    if row.package_id:
        return Subject(f"AP-{row.package_id}", row.package, f"/packages/AP-{row.package_id}{anchor}")
    if row.proposal_id:
        title = spoken(row.proposal, row.proposal_en)
        return Subject(f"FV-{row.proposal_id}", title, f"/proposals/FV-{row.proposal_id}{anchor}")
    return None
