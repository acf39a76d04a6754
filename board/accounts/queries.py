"""Every way to read people, memberships and sessions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from board.accounts.deputies import effective, standing_in
from board.accounts.models import Authenticator, Device, LoginSession, Membership, Person, Role
from board.db import db, now
from board.partners.models import Partner, hue
from board.policy import Acting


def by_email(email: str) -> Person | None:
    """The person with this address, however it is written."""
    return db.session.scalar(select(Person).where(Person.email == email.strip().lower()))


def nobody_yet() -> bool:
    """Whether nobody has an account: a board that was just installed."""
    return db.session.scalar(select(Person.id).limit(1)) is None


def first_membership(person_id: int) -> Membership | None:
    """The membership that a new session begins with: a delegate's seat before a member's, the oldest first."""
    return db.session.scalar(
        select(Membership)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Membership.role, Membership.id)
        .limit(1)
    )


@dataclass(frozen=True)
class Seated:
    """A membership as its person sees it; `deputy_until` is set while they stand in for a delegate."""

    id: int
    role: str
    partner: Acting
    deputy_until: date | None


def memberships(person_id: int) -> list[Seated]:
    """A person's live memberships by the partner's name."""
    rows = db.session.execute(
        select(Membership.id, Membership.role, Membership.deputy_from, Membership.deputy_until, Partner)
        .join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Partner.search)
    )
    return [
        Seated(id_, effective(role, begin, end), acting(partner), end if standing_in(begin, end) else None)
        for id_, role, begin, end, partner in rows
    ]


def acting(partner: Partner) -> Acting:
    """The partner acted for, as an actor carries it; a paused partner does not vote."""
    votes = partner.votes and partner.paused_at is None
    return Acting(partner.id, partner.slug, partner.name, partner.sign, partner.hue, partner.kind, votes)


LONGEST_SILENCE = timedelta(days=30)


@dataclass(frozen=True)
class SignIn:
    """A browser in which a person is signed in, as they see it in their list; `seen_at` is shown by its day."""

    id: int
    browser: str
    created_at: datetime
    seen_at: datetime
    remembered_until: datetime | None


def sign_ins(person_id: int, idle: Callable[[datetime | None], timedelta]) -> list[SignIn]:
    """Where a person is signed in, the latest use first. `idle`: the silence a session bears, by its memory."""
    rows = db.session.execute(
        select(
            LoginSession.id, LoginSession.browser, LoginSession.created_at, LoginSession.seen_at,
            LoginSession.remembered_until,
        )
        .where(
            LoginSession.person_id == person_id,
            LoginSession.ended_at.is_(None),
            LoginSession.seen_at > now() - LONGEST_SILENCE,
        )
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
    )  # fmt: skip
    return [s for row in rows if now() - (s := SignIn(*row)).seen_at <= idle(s.remembered_until)]


def remembered_devices(person_id: int) -> list[Device]:
    """The devices on which a person skips the second factor, the latest use first."""
    return list(
        db.session.scalars(
            select(Device)
            .where(Device.person_id == person_id, Device.remembered_until > now())
            .order_by(Device.seen_at.desc(), Device.id.desc())
        )
    )


def has_factor(person_id: int) -> bool:
    """Whether a person has an app for one-time codes."""
    return db.session.get(Authenticator, person_id) is not None


@dataclass(frozen=True)
class Face:
    """One person of the demo, to be chosen by one click."""

    email: str
    name: str
    partner: Acting | None


def cast() -> list[tuple[str, list[Face]]]:
    """The demo's people by what they may do: delegates, members, product owners, administration, providers.

    Returns (group, people) pairs without empty groups; the group is delegate, member, product_owner, admin, provider.
    """
    rows = db.session.execute(
        select(
            Person.email, Person.name, Person.is_product_owner, Person.is_admin, Membership.role,
            Partner.id.label("partner_id"), Partner.slug, Partner.name.label("partner"), Partner.sign, Partner.ags,
            Partner.kind, Partner.votes,
        )
        .outerjoin(Membership, (Membership.person_id == Person.id) & Membership.ended_at.is_(None))
        .outerjoin(Partner, Partner.id == Membership.partner_id)
        .where(Person.disabled_at.is_(None), Person.email.endswith("@demo.example"))
        .order_by(Partner.fictional, Partner.search, Person.name)
    )  # fmt: skip
    groups: dict[str, list[Face]] = {name: [] for name in ("delegate", "member", "product_owner", "admin", "provider")}
    for row in rows:
        place = None
        if row.partner_id is not None:
            colour = hue(row.ags or row.slug)
            place = Acting(row.partner_id, row.slug, row.partner, row.sign, colour, row.kind, row.votes)
        groups[_group(row)].append(Face(row.email, row.name, place))
    return [(name, faces) for name, faces in groups.items() if faces]


def _group(row: object) -> str:
    facts = row._mapping  # type: ignore[attr-defined]
    if facts["is_admin"]:
        return "admin"
    if facts["is_product_owner"]:
        return "product_owner"
    if facts["kind"] == "provider":
        return "provider"
    return "delegate" if facts["role"] == Role.DELEGATE else "member"


def everybody() -> Sequence[tuple[Person, str]]:
    """All people with their seats in one line (`ulm: delegate`), for the command line."""
    seats: dict[int, list[str]] = {}
    for person_id, slug, role in db.session.execute(
        select(Membership.person_id, Partner.slug, Membership.role)
        .join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.ended_at.is_(None))
        .order_by(Partner.slug)
    ):
        seats.setdefault(person_id, []).append(f"{slug}: {role}")
    people = db.session.scalars(select(Person).order_by(Person.email))
    return [(person, ", ".join(seats.get(person.id, []))) for person in people]
