"""Access tokens: by which a person's programs act for them, within what the person may at that moment.

A token is random, told once and kept as a hash; it starts with `strd_`, so that whoever searches code and logs for
secrets finds it. It ends by its date, with its person's account or seat, or when the person revokes it.
"""

import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from board.accounts import notices
from board.accounts.deputies import effective, standing_in
from board.accounts.devices import token_hash
from board.accounts.models import AccessToken, LoginSession, Membership, Person, Role
from board.accounts.requirement import needs_factor
from board.activity.models import act
from board.db import db, now, run, transaction
from board.errors import Conflict, Missing, Refusal
from board.i18n import gettext as _
from board.partners.models import Partner, hue
from board.policy import SCOPES, Acting, Actor

PREFIX = "strd_"
SHAPE = re.compile(r"strd_[A-Za-z0-9_-]{43}")
CALENDAR = "calendar"
LONGEST = 365
MOST = 20
TOUCH = timedelta(minutes=15)
"""How exactly the last use is kept: it is written at most that often, and shown by its day."""


def create(
    person: Person, by: Actor, *, name: str, scopes: Collection[str], membership_id: int | None, days: int
) -> str:
    """Make a token for one's own programs; returns it, to be shown once.

    Raises Refusal for scopes or days that do not exist, Missing for a seat that is not one's own, Conflict with 20.
    """
    act(by, "token.create", person)
    chosen = [scope for scope in SCOPES if scope in scopes]
    if not chosen or len(chosen) != len(set(scopes)) or (CALENDAR in chosen and len(chosen) > 1):
        raise Refusal(_("Choose what the token is for; one for calendars is for nothing else."))
    if not 1 <= days <= LONGEST:
        raise Refusal(_("A token is valid for at most a year."))
    _own_seat(person.id, membership_id)
    if len(living(person.id)) >= MOST:
        raise Conflict(_("You have %(n)s tokens already. Please revoke one that you no longer need.", n=MOST))
    token = PREFIX + secrets.token_urlsafe(32)
    factor = db.session.scalar(select(LoginSession.factor).where(LoginSession.id == by.session_id)) or ""
    if CALENDAR not in chosen and "read" not in chosen:
        chosen.insert(0, "read")  # Whoever may change something reads what has come of it.
    db.session.add(
        AccessToken(
            token_hash=token_hash(token), ending=token[-4:], person_id=person.id, membership_id=membership_id,
            name=name, scopes=chosen, factor=factor, expires_at=now() + timedelta(days=days),
        )
    )  # fmt: skip
    notices.tell(person.id, "token_created")
    return token


def _own_seat(person_id: int, membership_id: int | None) -> None:
    if membership_id is None:
        return
    seat = db.session.get(Membership, membership_id)
    if seat is None or seat.person_id != person_id or seat.ended_at is not None:
        raise Missing(_("You have no such membership."))


def revoke(token_id: int, by: Actor) -> None:
    """End one of one's tokens at once; another person's is left alone. Raises Missing. Twice is harmless."""
    person = db.session.get_one(Person, by.person_id)
    found = db.session.scalar(
        select(AccessToken).where(AccessToken.id == token_id, AccessToken.person_id == person.id).with_for_update()
    )
    if found is None:
        raise Missing(_("There is no such token."))
    act(by, "token.revoke", person)
    found.ended_at = found.ended_at or now()


def end_all(person_id: int) -> None:
    """End all tokens of a person: the account closes, or may be in other hands. Half of a verb that has acted."""
    db.session.execute(
        update(AccessToken)
        .where(AccessToken.person_id == person_id, AccessToken.ended_at.is_(None))
        .values(ended_at=now())
        .execution_options(synchronize_session=False)
    )


def living(person_id: int) -> list[Any]:
    """The tokens of a person that still open something, the newest first: with the partner they act for."""
    return list(
        db.session.execute(
            select(
                AccessToken.id, AccessToken.name, AccessToken.ending, AccessToken.scopes, AccessToken.created_at,
                AccessToken.expires_at, AccessToken.used_at, Partner.name.label("partner"),
            )
            .outerjoin(Membership, Membership.id == AccessToken.membership_id)
            .outerjoin(Partner, Partner.id == Membership.partner_id)
            .where(
                AccessToken.person_id == person_id, AccessToken.ended_at.is_(None), AccessToken.expires_at > now(),
                Membership.ended_at.is_(None),
            )
            .order_by(AccessToken.id.desc())
        )
    )  # fmt: skip


# Who asks


_HELD = (
    select(
        AccessToken.id, AccessToken.scopes, AccessToken.factor, AccessToken.expires_at, AccessToken.used_at,
        AccessToken.ended_at.label("revoked_at"), AccessToken.membership_id,
        Person.id.label("person_id"), Person.name, Person.email, Person.disabled_at, Person.is_product_owner,
        Person.is_admin, Person.is_host, Person.seen_activity, Membership.role, Membership.ended_at,
        Membership.deputy_from, Membership.deputy_until,
        Partner.id.label("partner_id"), Partner.slug, Partner.name.label("partner_name"), Partner.sign,
        Partner.ags, Partner.kind, Partner.votes, Partner.paused_at,
    )
    .join(Person, Person.id == AccessToken.person_id)
    .outerjoin(Membership, Membership.id == AccessToken.membership_id)
    .outerjoin(Partner, Partner.id == Membership.partner_id)
    .where(AccessToken.token_hash == bindparam("token"))
)  # fmt: skip
_ROLES = (
    select(Membership.role, Membership.deputy_from, Membership.deputy_until)
    .where(Membership.person_id == bindparam("person"), Membership.ended_at.is_(None))
)  # fmt: skip


class Unrecognised(Exception):
    """It opens nothing; `guessed` where it looks like a token and never was one."""

    def __init__(self, *, guessed: bool = False) -> None:
        super().__init__()
        self.guessed = guessed


def actor_of(token: str) -> tuple[Actor, datetime | None]:
    """Who acts by this token, read anew each time, and when it was used last. Raises Unrecognised."""
    if not SHAPE.fullmatch(token):
        raise Unrecognised
    row = run(_HELD, token=token_hash(token)).first()
    if row is None:
        raise Unrecognised(guessed=True)
    over = row.revoked_at is not None or row.expires_at <= now() or row.disabled_at is not None
    if over or (row.membership_id is not None and row.ended_at is not None):
        raise Unrecognised
    return _actor(row), row.used_at


def _actor(row: Any) -> Actor:
    partner = None
    if row.partner_id is not None:
        votes, colour = row.votes and row.paused_at is None, hue(row.ags or row.slug)
        partner = Acting(row.partner_id, row.slug, row.partner_name, row.sign, colour, row.kind, votes)
    roles = [effective(r.role, r.deputy_from, r.deputy_until) for r in run(_ROLES, person=row.person_id)]
    needed = needs_factor(is_product_owner=row.is_product_owner, is_admin=row.is_admin, roles=roles)
    return Actor(
        person_id=row.person_id, name=row.name, email=row.email, membership_id=row.membership_id,
        role=effective(row.role, row.deputy_from, row.deputy_until) if partner else None,
        is_deputy=bool(partner) and row.role != Role.DELEGATE and standing_in(row.deputy_from, row.deputy_until),
        partner=partner, is_product_owner=row.is_product_owner, is_admin=row.is_admin, is_host=row.is_host,
        seen_activity=row.seen_activity, must_set_up=needed and not row.factor, fresh=False,
        token_id=row.id, scopes=frozenset(row.scopes),
    )  # fmt: skip


def note_use(by: Actor, used_at: datetime | None) -> None:
    """Remember that it was used, in a transaction of its own and rarely."""
    if used_at is not None and now() - used_at < TOUCH:
        return
    with transaction():
        db.session.execute(
            update(AccessToken)
            .where(AccessToken.id == by.token_id)
            .values(used_at=now())
            .execution_options(synchronize_session=False)
        )
