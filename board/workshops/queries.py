"""Every way to read workshops: the list, one with its agenda, what is on the screen, drafts that wait.

The minutes are gathered and read in `minutes`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from board.db import db
from board.errors import Missing
from board.i18n import gettext as _
from board.i18n import spoken
from board.partners.models import Partner
from board.partners.names import ORDER
from board.policy import Actor, allowed
from board.proposals.models import Proposal
from board.reuse.old import is_old
from board.voting import queries as voting
from board.voting import voices
from board.voting.company import NAMES, acting
from board.voting.models import Ballot, Reuse
from board.work.models import Package, PackageState
from board.workshops.models import AgendaItem, Attendance, Draft, ItemKind, Workshop, WorkshopState
from board.workshops.shapes import Item, Meeting, Waiting

SHOWN = 100
"""So many partners stand on a workshop's pages: those that are there, those of one function."""


def listed() -> list[Any]:
    """All workshops, the newest first, with how many items each has."""
    n = select(func.count()).where(AgendaItem.workshop_id == Workshop.id).correlate(Workshop).scalar_subquery()
    columns = (Workshop.id, Workshop.title, Workshop.held_on, Workshop.begins, Workshop.place, Workshop.state)
    query = select(*columns, n.label("n")).order_by(Workshop.held_on.desc(), Workshop.id.desc()).limit(100)
    return list(db.session.execute(query))


def dated() -> list[Any]:
    """The workshops for calendars: those to come, and the latest that were held."""
    columns = (Workshop.id, Workshop.title, Workshop.held_on, Workshop.begins, Workshop.place, Workshop.version)
    return list(db.session.execute(select(*columns).order_by(Workshop.held_on.desc(), Workshop.id.desc()).limit(100)))


def meeting(workshop_id: int, by: Actor) -> Meeting:
    """One workshop with its agenda and who is there. Raises Missing."""
    found = db.session.get(Workshop, workshop_id)
    if found is None:
        raise Missing(_("There is no such workshop."))
    here = select(Attendance.partner_id).where(Attendance.workshop_id == workshop_id)
    rows = db.session.execute(NAMES.where(Partner.id.in_(here)).order_by(*ORDER).limit(SHOWN + 1)).all()
    n = len(rows)
    if n > SHOWN:
        n = db.session.scalar(select(func.count()).where(Attendance.workshop_id == workshop_id)) or 0
    names = (
        "id",
        "title",
        "held_on",
        "begins",
        "place",
        "text",
        "state",
        "item_id",
        "closed_at",
        "late_until",
        "version",
    )
    return Meeting(
        **{name: getattr(found, name) for name in names},
        items=_items(found),
        present=tuple(acting(row) for row in rows[:SHOWN]),
        n_present=n,
        host=allowed(by, "workshop.open"),
        here=bool(by.partner_id and db.session.get(Attendance, (workshop_id, by.partner_id))),
    )


def _items(workshop: Workshop) -> tuple[Item, ...]:
    rows = db.session.execute(
        select(
            AgendaItem, Proposal.title, Proposal.title_en, Proposal.state, Proposal.contest, Proposal.vote_by,
            Package.title.label("package"), Package.state.label("package_state"),
            Partner.id.label("partner_id"), Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind,
            Partner.votes,
        )
        .outerjoin(Proposal, Proposal.id == AgendaItem.proposal_id)
        .outerjoin(Package, Package.id == AgendaItem.package_id)
        .outerjoin(Partner, Partner.id == AgendaItem.partner_id)
        .where(AgendaItem.workshop_id == workshop.id)
        .order_by(AgendaItem.position, AgendaItem.id)
    )  # fmt: skip
    return tuple(_item(row, workshop) for row in rows)


def _item(row: Any, workshop: Workshop) -> Item:
    item: AgendaItem = row.AgendaItem
    title = spoken(row.title or "", row.title_en)
    key = f"AP-{item.package_id}" if item.package_id else f"FV-{item.proposal_id}" if item.proposal_id else ""
    pages = {"AP": "/packages/", "FV": "/proposals/"}
    return Item(
        id=item.id, kind=item.kind, key=key, title=row.package or title or item.title,
        url=pages[key[:2]] + key if key else item.url, partner=acting(row) if row.partner_id else None,
        proposal_id=item.proposal_id, contested=bool(row.contest and row.contest > 0), vote_by=row.vote_by,
        done=(item.kind == ItemKind.VOTE and row.state != "open")
        or (item.kind == ItemKind.PACKAGE and row.package_state != PackageState.OPEN),
        current=item.id == workshop.item_id and workshop.state == WorkshopState.RUNNING,
    )  # fmt: skip


def shown(item: Item | None, by: Actor) -> Mapping[str, Any]:
    """What the screen and the phones show of an item, by its kind."""
    if item is None:
        return {}
    if item.kind == ItemKind.VOTE and item.proposal_id:
        proposal = voting.get(item.proposal_id)
        return {
            "tally": voting.tallies([proposal])[proposal.id],
            "answered": voices.answered(proposal.id) if by.signed_in else [], "proposal": proposal,
            "summary": _summary(item.proposal_id),
        }  # fmt: skip
    if item.kind == ItemKind.STALE:
        return _entries(item.proposal_id or 0)
    if item.kind == ItemKind.PACKAGE:
        package = select(Package.effort, Package.state, Package.text).where(Package.id == int(item.key[3:]))
        return {"package": db.session.execute(package).one()}
    return {}


def _entries(proposal_id: int) -> Mapping[str, Any]:
    """The entries on its reuse by name; of more than `SHOWN` those that nobody has confirmed for long; `n` in all."""
    query = (
        NAMES.add_columns(Reuse.status, Reuse.confirmed_on, Partner.search, is_old().label("old"))
        .join(Reuse, Reuse.partner_id == Partner.id)
        .where(Reuse.proposal_id == proposal_id)
    )
    rows = list(db.session.execute(query.order_by(is_old().desc(), *ORDER).limit(SHOWN + 1)))
    n = len(rows)
    if n > SHOWN:
        n = db.session.scalar(select(func.count()).where(Reuse.proposal_id == proposal_id)) or 0
    else:
        rows.sort(key=lambda row: (row.search, row.partner_id))
    return {"entries": [(acting(r), r.status, r.confirmed_on, bool(r.old)) for r in rows[:SHOWN]], "n": n}


def _summary(proposal_id: int) -> str:
    row = db.session.execute(select(Proposal.summary, Proposal.summary_en).where(Proposal.id == proposal_id)).one()
    return spoken(row.summary, row.summary_en)


def item(workshop_id: int, item_id: int, by: Actor) -> Item:
    """One item of an agenda. Raises Missing."""
    found = next((i for i in meeting(workshop_id, by).items if i.id == item_id), None)
    if found is None:
        raise Missing(_("There is no such item on the agenda."))
    return found


def drafts(by: Actor, workshop_id: int | None = None) -> list[Waiting]:
    """The drafts that wait: all of a workshop for its hosts, else those of the partner acted for."""
    query = (
        NAMES.add_columns(Draft, Proposal.title, Proposal.title_en)
        .join(Draft, Draft.partner_id == Partner.id)
        .join(Proposal, Proposal.id == Draft.proposal_id)
        .where(Draft.settled_at.is_(None))
        .order_by(Draft.id)
    )
    if workshop_id is None or not allowed(by, "workshop.open"):
        query = query.where(Draft.partner_id == (by.partner_id or 0))
    if workshop_id is not None:
        query = query.where(Draft.workshop_id == workshop_id)
    return [
        Waiting(
            row.Draft.id, row.Draft.workshop_id, f"FV-{row.Draft.proposal_id}",
            spoken(row.title, row.title_en), acting(row), row.Draft.choice, row.Draft.reason,
            allowed(by, "draft.confirm", row.Draft), allowed(by, "draft.discard", row.Draft),
        )
        for row in db.session.execute(query)
    ]  # fmt: skip


def workshop_of(draft_id: int) -> int:
    """The workshop that a draft was entered in. Raises Missing."""
    found = db.session.scalar(select(Draft.workshop_id).where(Draft.id == draft_id))
    if found is None:
        raise Missing(_("There is no such draft."))
    return found


def missing_ballots(partner_id: int, keys: list[str]) -> set[str]:
    """Of these open proposals those on which the partner has no ballot."""
    ids = [int(key[3:]) for key in keys]
    cast = set(db.session.scalars(
        select(Ballot.proposal_id).where(Ballot.partner_id == partner_id, Ballot.proposal_id.in_(ids))
    ))  # fmt: skip
    still = set(db.session.scalars(select(Proposal.id).where(Proposal.id.in_(ids), Proposal.state == "open")))
    return {f"FV-{id_}" for id_ in still - cast}


def contacts(keys: list[str], without: int) -> dict[str, list[tuple[str, str]]]:
    """By proposal: (partner, contact) of those that run or pilot it and name somebody to ask."""
    ids = [int(key[3:]) for key in keys]
    rows = db.session.execute(
        select(Reuse.proposal_id, Partner.name, Reuse.contact, Partner.contact.label("office"))
        .join(Partner, Partner.id == Reuse.partner_id)
        .where(Reuse.proposal_id.in_(ids), Reuse.status.in_(("live", "pilot")), Partner.id != without)
        .order_by(Reuse.status, Partner.search)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if contact := row.contact or row.office:
            found.setdefault(f"FV-{row.proposal_id}", []).append((row.name, contact))
    return found


def offices(slugs: set[str]) -> dict[str, str]:
    """The contact points of partners by their name in addresses."""
    rows = db.session.execute(select(Partner.slug, Partner.contact).where(Partner.slug.in_(slugs)))
    return {row.slug: row.contact for row in rows}
