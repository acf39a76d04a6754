"""What happened, what is found, what waits for oneself, and what one watches."""

from datetime import date
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select

from board.activity import queries
from board.api.answering import goes_on
from board.api.fields import Asked, Given, Listed, Moment, Paged, Shape
from board.api.places import OWN
from board.api.registry import change, read
from board.api.shapes import PartnerRef
from board.consent import queries as consent
from board.db import db
from board.errors import Missing, Unknown
from board.i18n import gettext as _
from board.i18n import spoken
from board.learnings import queries as learnings
from board.notifications import verbs, watching
from board.partners.models import Partner
from board.proposals import filters, lists
from board.proposals.models import Proposal, Topic
from board.search import queries as search_
from board.web import actor
from board.work import queries as work
from board.work.models import Package

N_ = str  # Marks a message id; it is translated where it is shown.
TAG = N_("Activity and search")


class Event(Shape):
    """One thing that happened, as this reader may see it."""

    id: int
    at: Moment
    verb: str
    sentence: str = Field(description="In the language of the request.")
    partner: PartnerRef | None
    about: PartnerRef | None
    person: str
    on: str | None = Field(description="The key of the proposal or work package.")
    before: str
    after: str


class EventsAsked(Paged):
    """How the activity is narrowed."""

    kind: Literal[
        "", "proposals", "ballots", "reuse", "learnings", "workshops", "work", "comments", "issues", "partners"
    ] = ""
    partner: str = Field("", max_length=60, description="The slug of a partner.")
    on: str = Field("", pattern=r"^((FV|AP)-[1-9][0-9]{0,8})?$", description="A proposal or work package.")


@read("/activity", "activity", TAG, N_("Read what happened"), N_("The newest first."), query=EventsAsked,
      answer=Listed[Event], paged=True)  # fmt: skip
def activity(query: EventsAsked) -> Listed[Event]:
    """The list of the activity page."""
    by = actor()
    if query.kind and query.kind not in queries.kinds(by):
        return Listed(items=[], next=None)
    partner = queries.sign(Partner.slug == query.partner) if query.partner else None
    if query.partner and partner is None:
        return Listed(items=[], next=None)
    kind, _dash, number = query.on.partition("-")
    wanted = queries.Filters(
        partner, query.kind, int(number) if kind == "FV" else None, int(number) if kind == "AP" else None
    )
    before = int(query.after) if query.after.isdigit() and len(query.after) < 10 else None
    found = queries.page(wanted, by, before, query.limit)
    return Listed(items=[_event(e) for e in found.items], next=goes_on(query, found.before))


def _event(e: queries.Event) -> Event:
    who = e.partner.name if e.partner else _("The repository") if e.source == "provider" else _("The product owner")
    named = {
        "partner": who, "subject": e.subject.title if e.subject else "", "about": e.about.name if e.about else "",
        "before": _(e.before) if e.before else "", "after": _(e.after) if e.after else "",
        "offer": _(e.offer, days=e.days) if e.offer else "",
    }  # fmt: skip
    return Event.model_validate({
        "id": e.id, "at": e.at, "verb": e.verb, "sentence": _(e.message, **named), "partner": e.partner,
        "about": e.about, "person": e.person, "on": e.subject.key if e.subject else None, "before": named["before"],
        "after": named["after"],
    })  # fmt: skip


class Hit(Shape):
    """Something that was found."""

    kind: str
    key: str
    url: str = Field(description="Its page on the board.")
    title: str
    piece: str
    state: str


class Hits(Shape):
    """The best of each kind."""

    items: list[Hit]


class SearchAsked(Asked):
    """What is looked for."""

    q: str = Field(min_length=1, max_length=100)
    kind: Literal["", "proposal", "package", "comment", "partner", "learning", "issue"] = ""


@read("/search", "search", TAG, N_("Search everything"), query=SearchAsked, answer=Hits)
def search(query: SearchAsked) -> Hits:
    """What this reader can find."""
    by = actor()
    if query.kind and query.kind not in search_.kinds(by):
        return Hits(items=[])
    found = [hit for group in search_.find(query.q, by, query.kind) for hit in group.hits]
    return Hits(items=[
        Hit(kind=h.kind, key=h.key, url=h.url, title=_plain(h.title), piece=_plain(h.piece), state=h.state)
        for h in found
    ])  # fmt: skip


def _plain(marked: Any) -> str:
    """The words of a piece, without its marks."""
    return marked.striptags() if hasattr(marked, "striptags") else str(marked)


# Oneself


class Waits(Shape):
    """Something that waits for this person or their partner, by its key."""

    key: str
    title: str
    until: date | None


class Waiting(Shape):
    """What the overview shows: ballots to cast, consents that run, leases that ask, uses of which nothing is told."""

    ballots: list[Waits]
    consents: list[Waits]
    leases: list[Waits]
    untold: list[Waits]


@read("/me/waiting", "waiting", OWN, N_("What waits for oneself and one's partner"), answer=Waiting, signed_in=True)
def waiting() -> Waiting:
    """As on the overview."""
    by = _me()
    ballots: list[Waits] = []
    if by.partner is not None and by.partner.votes:
        due = filters.Filters(state="open", mine="missing", sort="due", n=200)
        ids = [number for number, _stamp in lists.page(due, by)[0]]
        wanted = select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.vote_by).where(Proposal.id.in_(ids))
        rows = db.session.execute(wanted)
        told = {r.id: Waits(key=f"FV-{r.id}", title=spoken(r.title, r.title_en), until=r.vote_by) for r in rows}
        ballots = [told[number] for number in ids if number in told]
    running = consent.running() if by.may_vote or by.is_product_owner else []
    return Waiting(
        ballots=ballots,
        consents=[Waits(key=f"FV-{c.id}", title=c.title, until=c.last) for c in running],
        leases=[
            Waits(key=c.key, title=c.title, until=c.own.lease_until if c.own else None) for c in work.due_leases(by)
        ],
        untold=[Waits(key=a.key, title=a.title, until=None) for a in learnings.asked(by)],
    )


class Watched(Shape):
    """Something of which one hears by mail: FV-12, AP-7, partner/aalen or topic/maengelmelder."""

    on: str
    title: str


class Watches(Shape):
    """All that one watches."""

    items: list[Watched]


@read("/me/watches", "watches", OWN, N_("What one watches"), answer=Watches, signed_in=True)
def watches() -> Watches:
    """All of one's own."""
    found = watching.watched(_me().person_id or 0)
    return Watches(items=[Watched(on=_named(w), title=w.title) for w in found])


def _named(w: watching.Watched) -> str:
    if w.kind in {"FV", "AP"}:
        return w.key
    kind = "partner" if w.kind == "PA" else "topic"
    return f"{kind}/{w.action.rpartition('/')[2]}"


class WatchGiven(Given):
    """What to hear of, or no longer."""

    on: str = Field(pattern=r"^((FV|AP)-[1-9][0-9]{0,8}|(partner|topic)/[a-z0-9-]{1,60})$")


@change("POST", "/me/watch", "watch", OWN, N_("Hear by mail of something"), body=WatchGiven, answer=Watches,
        scope="watch", example={"on": "FV-1"})  # fmt: skip
def watch(body: WatchGiven) -> Any:
    """Hear of it from now on."""
    verbs.watch(_key(body.on), _me())
    return watches


@change("POST", "/me/unwatch", "unwatch", OWN, N_("Hear of it no longer"), body=WatchGiven, answer=Watches,
        scope="watch", example={"on": "FV-1"})  # fmt: skip
def unwatch(body: WatchGiven) -> Any:
    """Hear of it no more."""
    verbs.unwatch(_key(body.on), _me())
    return watches


def _key(on: str) -> str:
    """The key under which it is watched. Raises Missing."""
    kind, _slash, slug = on.partition("/")
    if kind in {"partner", "topic"}:
        table: Any = Partner if kind == "partner" else Topic
        found = db.session.scalar(select(table.id).where(table.slug == slug))
        prefix = "PA" if kind == "partner" else "TH"
    else:
        prefix, _dash, number = on.partition("-")
        thing: Any = Proposal if prefix == "FV" else Package
        found = db.session.scalar(select(thing.id).where(thing.id == int(number)))
    if found is None:
        raise Missing(_("There is nothing at this address."))
    return f"{prefix}-{found}"


def _me() -> Any:
    if not actor().signed_in:
        raise Unknown("")
    return actor()
