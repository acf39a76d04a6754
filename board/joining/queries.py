"""Every way to read invitations and the people of a partner."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select

from board.accounts import links
from board.accounts.deputies import standing_in
from board.accounts.models import Membership, Person, Role
from board.db import db, now
from board.errors import Missing
from board.i18n import gettext as _
from board.joining.models import Invitation
from board.partners.models import Partner

SHOWN = 200


@dataclass(frozen=True)
class Member:
    """One membership as the partner's people page shows it."""

    id: int
    person_id: int
    name: str
    email: str
    role: str
    since: datetime
    ended_at: datetime | None
    deputy_from: date | None
    deputy_until: date | None

    @property
    def stands_in(self) -> bool:
        """Whether the member stands in for a delegate today."""
        return standing_in(self.deputy_from, self.deputy_until)


@dataclass(frozen=True)
class Pending:
    """An invitation that has not been answered; `partner` is its name, empty without one."""

    id: int
    email: str
    role: str
    partner: str
    slug: str
    by: str
    created_at: datetime
    expires_at: datetime
    expired: bool


def answerable() -> tuple[ColumnElement[bool], ...]:
    """What is true of an invitation that can be accepted now."""
    return (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > now())


def members(partner_id: int) -> tuple[list[Member], list[Member]]:
    """(those who are here, delegates first; those who have left, the latest first)."""
    rows = db.session.execute(
        select(
            Membership.id, Person.id.label("person_id"), Person.name, Person.email, Membership.role,
            Membership.started_at, Membership.ended_at, Membership.deputy_from, Membership.deputy_until,
        )
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.partner_id == partner_id)
        .order_by(Membership.role, Person.name, Membership.id)
    )  # fmt: skip
    everybody = [Member(*row) for row in rows]
    here = [m for m in everybody if m.ended_at is None]
    gone = sorted((m for m in everybody if m.ended_at), key=lambda m: m.ended_at or now(), reverse=True)
    return here, gone[:SHOWN]


def pending(partner_id: int | None = None) -> list[Pending]:
    """Invitations that wait for an answer, of one partner or (None) of all, the newest first."""
    query = (
        select(
            Invitation.id, Invitation.email, Invitation.role, Partner.name.label("partner"), Partner.slug,
            Person.name.label("by"), Invitation.created_at, Invitation.expires_at,
        )
        .outerjoin(Partner, Partner.id == Invitation.partner_id)
        .outerjoin(Person, Person.id == Invitation.by_id)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.id.desc())
        .limit(SHOWN)
    )  # fmt: skip
    if partner_id is not None:
        query = query.where(Invitation.partner_id == partner_id)
    return [
        Pending(
            r.id, r.email, r.role, r.partner or "", r.slug or "", r.by or "", r.created_at, r.expires_at,
            r.expires_at <= now(),
        )
        for r in db.session.execute(query)
    ]  # fmt: skip


def get(invitation_id: int) -> Invitation:
    """One invitation, locked. Raises Missing."""
    found = db.session.get(Invitation, invitation_id, with_for_update=True)
    if found is None:
        raise Missing
    return found


def by_token(token: str, *, locked: bool = False) -> Invitation:
    """The invitation that a link opens. Raises Missing for one that was used, withdrawn, resent or is too old."""
    query = select(Invitation).where(Invitation.link_hash == links.kept(token))
    found = db.session.scalar(query.with_for_update() if locked else query)
    if found is None or not found.open:
        raise Missing(_("This invitation is no longer valid. Please ask for a new one."))
    return found


def seat(membership_id: int) -> Membership:
    """One membership, locked. Raises Missing."""
    found = db.session.get(Membership, membership_id, with_for_update=True)
    if found is None:
        raise Missing
    return found


def delegates(partner_id: int) -> list[int]:
    """The ids of people who may cast this partner's ballot today, deputies included; who has no account is left out."""
    rows = db.session.execute(
        select(Membership.person_id, Membership.role, Membership.deputy_from, Membership.deputy_until)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.partner_id == partner_id, Membership.ended_at.is_(None), Person.disabled_at.is_(None))
    )
    return [r.person_id for r in rows if r.role == Role.DELEGATE or standing_in(r.deputy_from, r.deputy_until)]
