"""What happens to a workshop: plan, edit, assemble, arrange, open, turn, join, close, complete."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.policy import SYSTEM, Actor
from board.workshops import agenda, minutes
from board.workshops.models import AgendaItem, Attendance, Minutes, Workshop, WorkshopState

MOST = 60


@dataclass(frozen=True)
class Plan:
    """What a host writes about a workshop."""

    title: str
    held_on: date
    begins: str = ""
    place: str = ""
    text: str = ""


def locked(workshop_id: int) -> Workshop:
    """The workshop, held until the transaction ends. Raises Missing."""
    found = db.session.scalar(select(Workshop).where(Workshop.id == workshop_id).with_for_update(key_share=True))
    if found is None:
        raise Missing(_("There is no such workshop."))
    return found


def plan(said: Plan, by: Actor) -> Workshop:
    """Announce a workshop, with the agenda that the board assembles; sent twice, it is one."""
    twin = select(Workshop).where(Workshop.title == said.title, Workshop.held_on == said.held_on)
    made = db.session.scalar(twin.where(Workshop.state == WorkshopState.PLANNED))
    if made is not None:
        return made
    made = Workshop(**vars(said), state=WorkshopState.PLANNED)
    db.session.add(made)
    db.session.flush()
    act(by, "workshop.plan", made, workshop=made.id)
    assemble(made, by)
    return made


def edit(workshop: Workshop, said: Plan, by: Actor) -> None:
    """Change what is announced."""
    act(by, "workshop.edit", workshop, workshop=workshop.id)
    _require(workshop, WorkshopState.PLANNED, WorkshopState.RUNNING)
    for name, value in vars(said).items():
        setattr(workshop, name, value)
    workshop.version += 1


def assemble(workshop: Workshop, by: Actor) -> int:
    """Add what belongs on the agenda by now and is not on it yet; returns how much that was."""
    act(by, "workshop.assemble", workshop, workshop=workshop.id)
    _require(workshop, WorkshopState.PLANNED, WorkshopState.RUNNING)
    there = {(item.kind, item.proposal_id, item.package_id) for item in items(workshop.id)}
    new = [
        item
        for item in agenda.suggested(workshop.held_on)
        if (item.kind, item.proposal_id, item.package_id) not in there
    ]
    for item in new:
        _append(workshop, item)
    workshop.version += 1
    return len(new)


def add(workshop: Workshop, item: AgendaItem, by: Actor) -> None:
    """Put one more item at the end; one that is there already stays alone."""
    act(by, "workshop.arrange", workshop, workshop=workshop.id)
    _require(workshop, WorkshopState.PLANNED, WorkshopState.RUNNING)
    same = (AgendaItem.kind == item.kind, AgendaItem.title == (item.title or ""))
    twin = select(AgendaItem.id).where(
        AgendaItem.workshop_id == workshop.id, *same,
        AgendaItem.proposal_id.is_not_distinct_from(item.proposal_id),
        AgendaItem.package_id.is_not_distinct_from(item.package_id),
    )  # fmt: skip
    if db.session.scalar(twin) is None:
        _append(workshop, item)
    workshop.version += 1


def arrange(workshop: Workshop, item_id: int, to: str, by: Actor) -> None:
    """Move an item one place `up` or `down`, or `remove` it; at the ends it stays. Raises Missing."""
    act(by, "workshop.arrange", workshop, workshop=workshop.id)
    _require(workshop, WorkshopState.PLANNED, WorkshopState.RUNNING)
    all_ = items(workshop.id)
    here = next((n for n, item in enumerate(all_) if item.id == item_id), None)
    if here is None:
        raise Missing(_("There is no such item on the agenda."))
    if to == "remove":
        if workshop.item_id == item_id:
            workshop.item_id = all_[here - 1].id if here else None
        db.session.execute(delete(AgendaItem).where(AgendaItem.id == item_id))
    else:
        there = here + (1 if to == "down" else -1)
        if 0 <= there < len(all_):
            one, other = all_[here], all_[there]
            one.position, other.position = other.position, one.position
    workshop.version += 1


def open_(workshop: Workshop, by: Actor) -> None:
    """Begin: the first item is on the screen. Repeating it is harmless (the verb is called `open`)."""
    act(by, "workshop.open", workshop, workshop=workshop.id)
    if workshop.state == WorkshopState.RUNNING:
        return
    _require(workshop, WorkshopState.PLANNED)
    workshop.state, workshop.version = WorkshopState.RUNNING, workshop.version + 1
    first = items(workshop.id)[:1]
    workshop.item_id = first[0].id if first else None


def turn(workshop: Workshop, to: str, by: Actor) -> None:
    """Show the `next` or the item `before`, or the one with that number; at the ends it stays. Raises Conflict."""
    act(by, "workshop.turn", workshop, workshop=workshop.id)
    _require(workshop, WorkshopState.RUNNING)
    ids = [item.id for item in items(workshop.id)]
    here = ids.index(workshop.item_id) if workshop.item_id in ids else -1
    if to.isdecimal() and int(to) in ids:
        there = ids.index(int(to))
    else:
        there = min(here + 1, len(ids) - 1) if to == "next" else max(here - 1, 0)
    workshop.item_id = ids[there] if ids else None
    workshop.version += 1


def join(workshop: Workshop, by: Actor) -> None:
    """The partner acted for is there; repeating it is harmless."""
    _require(workshop, WorkshopState.PLANNED, WorkshopState.RUNNING)
    if db.session.get(Attendance, (workshop.id, by.partner_id or 0)) is None:
        act(by, "workshop.join", workshop, workshop=workshop.id)
        db.session.add(Attendance(workshop_id=workshop.id, partner_id=by.partner_id or 0))


def close(workshop: Workshop, late_until: datetime | None, by: Actor) -> None:
    """End it and freeze its minutes; ballots that come until `late_until` are added to them once, as late."""
    act(by, "workshop.close", workshop, workshop=workshop.id)
    _require(workshop, WorkshopState.RUNNING)
    workshop.state, workshop.closed_at, workshop.late_until = WorkshopState.CLOSED, now(), late_until
    workshop.version += 1
    data = minutes.frozen(workshop, items(workshop.id), by)
    db.session.add(Minutes(workshop_id=workshop.id, part="closing", data=data))


def complete(workshop: Workshop) -> None:
    """The hour has come: freeze what was answered late. Once only."""
    there = select(Minutes.id).where(Minutes.workshop_id == workshop.id, Minutes.part == "late")
    if db.session.scalar(there) is not None:
        return
    act(SYSTEM, "workshop.complete", workshop, workshop=workshop.id)
    db.session.add(Minutes(workshop_id=workshop.id, part="late", data={"ballots": minutes.late(workshop)}))
    workshop.version += 1


def items(workshop_id: int) -> list[AgendaItem]:
    """The agenda in its order."""
    query = select(AgendaItem).where(AgendaItem.workshop_id == workshop_id)
    return list(db.session.scalars(query.order_by(AgendaItem.position, AgendaItem.id)))


def _append(workshop: Workshop, item: AgendaItem) -> None:
    last, n = db.session.execute(
        select(func.max(AgendaItem.position), func.count()).where(AgendaItem.workshop_id == workshop.id)
    ).one()
    if n >= MOST:
        raise Conflict(_("An agenda holds at most %(n)s items.", n=MOST))
    item.workshop_id, item.position = workshop.id, (last or 0) + 1
    db.session.add(item)
    db.session.flush()


def _require(workshop: Workshop, *states: str) -> None:
    if workshop.state not in states:
        told = {
            WorkshopState.PLANNED: _("This workshop has not begun yet."),
            WorkshopState.RUNNING: _("This workshop has begun already."),
            WorkshopState.CLOSED: _("This workshop is closed; its minutes do not change any more."),
        }
        raise Conflict(told[WorkshopState(workshop.state)])
