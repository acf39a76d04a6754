"""What the administration reads across features: people by page, one person's seats, partners to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from board.accounts.models import Authenticator, Identity, Membership, Person
from board.activity.models import Activity
from board.db import db
from board.joining import queries as joining
from board.joining.models import Invitation
from board.mail.models import Mail
from board.partners.models import Partner

PAGE = 50
STANDS = ("active", "disabled", "erased", "admin", "product_owner", "nowhere")
"""By what the list of people can be narrowed; `nowhere`: without a partner and without a flag."""


@dataclass(frozen=True)
class Seat:
    """A membership in a line."""

    id: int
    partner_id: int
    partner: str
    slug: str
    role: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Line:
    """One person in the list."""

    id: int
    name: str
    email: str
    is_product_owner: bool
    is_host: bool
    is_admin: bool
    disabled_at: datetime | None
    erased_at: datetime | None
    visited_at: datetime | None
    seats: tuple[Seat, ...] = ()


@dataclass(frozen=True)
class People:
    """A page of people by name; `after` is the key of the next page, or empty."""

    lines: list[Line]
    total: int
    after: str


def has_partner_with_people() -> bool:
    """Whether any partner has somebody who can act for it, or somebody who was asked to and can still say yes."""
    asked = select(Invitation.id).where(Invitation.partner_id.is_not(None), *joining.answerable())
    if db.session.scalar(select(exists(asked))):
        return True
    seated = select(Membership.id).join(Person, Person.id == Membership.person_id)
    return bool(
        db.session.scalar(select(exists(seated.where(Membership.ended_at.is_(None), Person.disabled_at.is_(None)))))
    )


def mail_works() -> bool:
    """Whether the last trial of mail succeeded, or a real mail has been sent since."""
    last = db.session.execute(
        select(Activity.details, Activity.at).where(Activity.verb == "mail.try").order_by(Activity.id.desc()).limit(1)
    ).first()
    sent = db.session.scalar(select(func.max(Mail.sent_at)))
    if last is None or (sent is not None and sent > last.at):
        return sent is not None
    return bool(last.details.get("outcome") == "sent")


def admins_have_factors() -> bool:
    """Whether every administrator with an open account has set a second factor up, or signs in with a provider."""
    shown = exists().where(Authenticator.person_id == Person.id) | exists().where(Identity.person_id == Person.id)
    bare = select(Person.id).where(Person.is_admin, Person.disabled_at.is_(None), ~shown).limit(1)
    return db.session.scalar(bare) is None


def people(words: str = "", stand: str = "", after: str = "") -> People:
    """People whose name or address contains the words; three statements, however many there are."""
    wanted = _wanted(words, stand)
    sorting = func.lower(Person.name)
    query = (
        select(
            Person.id, Person.name, Person.email, Person.is_product_owner, Person.is_admin, Person.is_host,
            Person.disabled_at, Person.erased_at, Person.visited_at, sorting.label("key"),
        )
        .where(*wanted)
        .order_by(sorting, Person.id)
        .limit(PAGE + 1)
    )  # fmt: skip
    number, _mark, key = after.partition("~")
    if number.isascii() and number.isdigit() and len(number) <= 9:
        query = query.where(or_(sorting > key, and_(sorting == key, Person.id > int(number))))
    rows = db.session.execute(query).all()
    shown = rows[:PAGE]
    seats = _seats([row.id for row in shown])
    facts = ({name: value for name, value in row._mapping.items() if name != "key"} for row in shown)
    lines = [Line(**known, seats=tuple(seats.get(known["id"], ()))) for known in facts]
    total = db.session.scalar(select(func.count(Person.id)).where(*wanted)) or 0
    more = f"{shown[-1].id}~{shown[-1].key or ''}" if len(rows) > PAGE else ""
    return People(lines, total, more)


def _wanted(words: str, stand: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if words:
        low = words.lower()
        found.append(
            or_(
                func.lower(Person.name).contains(low, autoescape=True),
                Person.name.contains(words, autoescape=True),
                Person.email.contains(low, autoescape=True),
            )
        )
    live = exists().where(Membership.person_id == Person.id, Membership.ended_at.is_(None))
    by_stand: dict[str, tuple[ColumnElement[bool], ...]] = {
        "active": (Person.disabled_at.is_(None),),
        "disabled": (Person.disabled_at.is_not(None), Person.erased_at.is_(None)),
        "erased": (Person.erased_at.is_not(None),),
        "admin": (Person.is_admin.is_(True),),
        "product_owner": (Person.is_product_owner.is_(True),),
        "nowhere": (~live, ~Person.is_admin, ~Person.is_product_owner, Person.erased_at.is_(None)),
    }
    return [*found, *by_stand.get(stand, (Person.erased_at.is_(None),) if not stand else ())]


def person(person_id: int) -> tuple[Person, list[Seat]] | None:
    """One person with all seats, the ended ones too."""
    found = db.session.get(Person, person_id)
    return (found, _seats([person_id], ended=True).get(person_id, [])) if found else None


def _seats(ids: Sequence[int], *, ended: bool = False) -> dict[int, list[Seat]]:
    query = (
        select(
            Membership.person_id, Membership.id, Partner.id.label("partner_id"), Partner.name, Partner.slug,
            Membership.role, Membership.started_at, Membership.ended_at,
        )
        .join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.person_id.in_(ids))
        .order_by(Membership.ended_at.is_not(None), Partner.search, Membership.id)
    )  # fmt: skip
    found: dict[int, list[Seat]] = {}
    for row in db.session.execute(query if ended else query.where(Membership.ended_at.is_(None))):
        found.setdefault(row.person_id, []).append(Seat(*row[1:]))
    return found
