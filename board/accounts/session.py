"""Who is signed in: server-side sessions, the cookie, and the Actor of a request (behind Flask-Login).

The cookie holds a random token; the table holds its hash. Signing out, disabling a person or ending all sessions
takes effect with the next request.
"""

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SessionInterface
from flask_login import LoginManager, UserMixin
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.wrappers import Response as BaseResponse

from board import pages, problems
from board.accounts import cookies, throttle, tokens, visits
from board.accounts.deputies import effective, standing_in
from board.accounts.devices import token_hash
from board.accounts.models import Device, LoginSession, Membership, Person, Role
from board.accounts.queries import acting
from board.accounts.requirement import needs_factor
from board.activity.models import act
from board.config import Config
from board.db import db, now, run, transaction
from board.errors import Busy, Unknown
from board.i18n import gettext as _
from board.log import log, request_id
from board.partners.models import Partner, hue
from board.policy import ANONYMOUS, Acting, Actor, Seat
from board.settings.current import current
from board.web import choose_language, is_partial

IDLE = timedelta(hours=12)
IDLE_REMEMBERED = timedelta(days=30)
IDLE_PRIVILEGED = timedelta(minutes=30)
IDLE_DEMO = timedelta(days=7)
FRESH = timedelta(hours=12)
COOKIE_SECONDS = 30 * 24 * 60 * 60
TOUCH = timedelta(minutes=1)
QUIET = frozenset({"static", "live.stream", "live.topics"})


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's view of an actor."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = str(actor.person_id)


class NoSignedCookie(SessionInterface):
    """Flask's own session, a signed cookie, is not used: preparing it cost as much as an empty request."""

    def open_session(self, app: Flask, request: Request) -> None:
        """There is none."""


def init_app(app: Flask, config: Config) -> None:
    """Read the actor before, write what must be told after each request."""
    app.session_interface = NoSignedCookie()
    manager = LoginManager()
    manager.session_protection = None
    manager.init_app(app, add_context_processor=False)
    manager.request_loader(_load)
    app.before_request(_begin)
    app.after_request(_end)


def cookie_name() -> str:
    """The session's cookie."""
    return cookies.name(cookies.SESSION)


def begin(
    person_id: int,
    membership_id: int | None,
    *,
    browser: str = "",
    device: Device | None = None,
    factor: str = "",
    proved: bool = True,
) -> str:
    """Begin a session inside a transaction; returns the token for the cookie. Always a new one.

    `factor`: how the second factor was shown. `proved`: whether all that can be asked was asked just now.
    """
    person = db.session.get_one(Person, person_id)
    seat = db.session.get(Membership, membership_id) if membership_id else None
    partner = db.session.get(Partner, seat.partner_id) if seat else None
    token = secrets.token_urlsafe(32)
    db.session.add(
        LoginSession(
            token_hash=token_hash(token),
            person_id=person_id,
            membership_id=membership_id,
            browser=browser,
            device_id=device.id if device else None,
            remembered_until=device.remembered_until if device else None,
            factor=factor,
            proved_at=now() if proved else None,
        )
    )
    visits.note(person_id)
    act(as_actor(person, seat, partner), "session.start", person, factor=factor or None)
    return token


def renew(session_id: int | None, **proof: Any) -> str:
    """Give a session another token, now that it may do more, and note what was shown; returns the token."""
    token = secrets.token_urlsafe(32)
    db.session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id)
        .values(token_hash=token_hash(token), proved_at=now(), **proof)
        .execution_options(synchronize_session=False)
    )
    return token


def act_for(session_id: int | None, membership_id: int) -> None:
    """Let a session act in one of its person's seats, inside a transaction: one they have just taken."""
    db.session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id)
        .values(membership_id=membership_id)
        .execution_options(synchronize_session=False)
    )


def as_actor(person: Person, seat: Membership | None, partner: Partner | None) -> Actor:
    """Who a person is in one of their seats, outside any request."""
    return Actor(
        person_id=person.id,
        name=person.name,
        email=person.email,
        membership_id=seat.id if seat else None,
        role=effective(seat.role, seat.deputy_from, seat.deputy_until) if seat else None,
        is_deputy=bool(seat and seat.role != Role.DELEGATE and standing_in(seat.deputy_from, seat.deputy_until)),
        partner=acting(partner) if partner else None,
        is_product_owner=person.is_product_owner,
        is_admin=person.is_admin,
        is_host=person.is_host,
    )


def give_cookie(response: BaseResponse, token: str) -> BaseResponse:
    """Hand the session's token to the browser."""
    return cookies.give(response, cookies.SESSION, token, COOKIE_SECONDS)


def take_cookie(response: BaseResponse) -> BaseResponse:
    """Remove it."""
    return cookies.take(response, cookies.SESSION)


def alive(sessions: Collection[int | None]) -> set[int | None]:
    """Those of the sessions that still stand; None is a stranger, who may read while reading is public.

    Live streams ask, for all of theirs at once; asking renews nothing.
    """
    found: set[int | None] = {None} if None in sessions and current().public else set()
    numbers = [number for number in sessions if number is not None]
    for begin in range(0, len(numbers), 500):
        rows = db.session.execute(_STANDING, {"ids": numbers[begin : begin + 500]})
        found |= {row.id for row in rows if now() - row.seen_at <= _idle(row)}
    return found


_STANDING = (
    select(
        LoginSession.id, LoginSession.seen_at, LoginSession.remembered_until,
        Person.is_product_owner, Person.is_admin,
    )
    .join(Person, Person.id == LoginSession.person_id)
    .where(
        LoginSession.id.in_(bindparam("ids", expanding=True)),
        LoginSession.ended_at.is_(None), Person.disabled_at.is_(None),
    )
)  # fmt: skip


_SIGNED_IN = (
    select(
        LoginSession.id, LoginSession.seen_at, LoginSession.flashes, LoginSession.membership_id,
        LoginSession.remembered_until, LoginSession.factor, LoginSession.proved_at,
        Person.id.label("person_id"), Person.name, Person.email, Person.is_product_owner, Person.is_admin,
        Person.is_host, Person.locale, Person.theme, Person.seen_activity, Membership.id.label("seat_id"),
        Membership.role, Membership.deputy_from, Membership.deputy_until,
        Partner.id.label("partner_id"), Partner.slug, Partner.name.label("partner_name"), Partner.sign,
        Partner.ags, Partner.kind, Partner.votes, Partner.paused_at,
    )
    .join(Person, Person.id == LoginSession.person_id)
    .outerjoin(Membership, (Membership.person_id == Person.id) & Membership.ended_at.is_(None))
    .outerjoin(Partner, Partner.id == Membership.partner_id)
    .where(
        LoginSession.token_hash == bindparam("token"), LoginSession.ended_at.is_(None), Person.disabled_at.is_(None)
    )
    .order_by(Partner.search)
)  # fmt: skip


def _load(_request: Any) -> SignedIn | None:
    """The person behind the cookie, by one statement; None when there is none or the session has ended."""
    token = cookies.given(cookies.SESSION)
    if not 20 <= len(token) <= 100:
        return None
    rows = run(_SIGNED_IN, token=token_hash(token)).all()
    if not rows or now() - rows[0].seen_at > _idle(rows[0]):
        g.session_ended = True
        return None
    g.session_seen_at, g.flashes = rows[0].seen_at, [tuple(f) for f in rows[0].flashes or []]
    return SignedIn(_actor(rows))


def _actor(rows: Sequence[Any]) -> Actor:
    """Who it is, of one row per live seat: one of them is acted in, if that one has not ended."""
    row = next((r for r in rows if r.seat_id is not None and r.seat_id == r.membership_id), rows[0])
    partner = None
    if row.seat_id is not None and row.seat_id == row.membership_id:
        votes = row.votes and row.paused_at is None
        colour = hue(row.ags or row.slug)
        partner = Acting(row.partner_id, row.slug, row.partner_name, row.sign, colour, row.kind, votes)
    seats, demo = _seats(rows), current_app.config["BOARD"].demo
    needed = needs_factor(
        is_product_owner=row.is_product_owner, is_admin=row.is_admin, roles=[seat.role for seat in seats]
    )
    return Actor(
        person_id=row.person_id,
        name=row.name,
        email=row.email,
        session_id=row.id,
        membership_id=row.membership_id if partner else None,
        role=effective(row.role, row.deputy_from, row.deputy_until) if partner else None,
        is_deputy=bool(partner) and row.role != Role.DELEGATE and standing_in(row.deputy_from, row.deputy_until),
        partner=partner,
        is_product_owner=row.is_product_owner,
        is_admin=row.is_admin,
        is_host=row.is_host,
        seen_activity=row.seen_activity,
        locale=row.locale,
        theme=row.theme,
        memberships=seats,
        must_set_up=needed and not row.factor,
        fresh=demo or (row.proved_at is not None and now() - row.proved_at <= FRESH),
    )


def _seats(rows: Sequence[Any]) -> tuple[Seat, ...]:
    return tuple(
        Seat(r.seat_id, r.partner_name, effective(r.role, r.deputy_from, r.deputy_until))
        for r in rows
        if r.seat_id is not None
    )


def idle(privileged: bool, remembered_until: datetime | None = None) -> timedelta:
    """After how much silence a session ends: 30 minutes for administrators and product owners wherever they are."""
    if current_app.config["BOARD"].demo:
        return IDLE_DEMO
    if privileged:
        return IDLE_PRIVILEGED
    return IDLE_REMEMBERED if remembered_until and remembered_until > now() else IDLE


def _idle(row: Any) -> timedelta:
    return idle(row.is_product_owner or row.is_admin, row.remembered_until)


def _begin() -> None:
    """Find out who asks and in which language; note that they were here, at most once a minute."""
    if request.endpoint == "static":
        return
    if problems.is_api():
        _begin_by_token()
        return
    try:
        user = current_app.login_manager._load_user_from_request(request)  # type: ignore[attr-defined]
    except DBAPIError:  # The error page speaks to a stranger, and gives back what was typed.
        g.actor = ANONYMOUS
        choose_language()
        raise
    g.actor = user.actor if user else ANONYMOUS
    choose_language()
    if user:
        pages.only_until(g.session_seen_at + (IDLE_PRIVILEGED if _by_itself() else TOUCH))
    if user and not _by_itself() and now() - g.session_seen_at > TOUCH:
        with _best_effort():
            _note_visit(user.actor)


def _begin_by_token() -> None:
    """The API knows no cookie: who asks is told by `Authorization: Bearer …`, or a stranger asks.

    Raises Unknown for a token that opens nothing, TooMany for an address that keeps trying unknown ones.
    """
    choose_language()
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if not kind:
        return
    try:
        if kind.lower() != "bearer":
            raise tokens.Unrecognised
        g.actor, used_at = tokens.actor_of(token.strip())
    except tokens.Unrecognised as why:
        if why.guessed:
            throttle.attempt(current_app.config["BOARD"].secret_key, request.remote_addr or "", "access token")
        raise Unknown(_("This access token is not, or no longer, valid.")) from why
    if tokens.CALENDAR in (g.actor.scopes or ()):
        g.actor = ANONYMOUS
        raise Unknown(_("This token is for a calendar only."))
    with _best_effort():
        tokens.note_use(g.actor, used_at)


def _by_itself() -> bool:
    """Whether the browser asks on its own (streams, components that follow live): that keeps no session alive."""
    return request.endpoint in QUIET or (request.method == "GET" and is_partial())


def _note_visit(by: Actor) -> None:
    with transaction():
        seen = visits.note(by.person_id or 0, by.session_id)
    g.actor = replace(by, seen_activity=seen)


@contextmanager
def _best_effort() -> Iterator[None]:
    """Bookkeeping must not spoil an answer: reading goes on while the database cannot be written."""
    try:
        yield
    except (Busy, OperationalError) as why:
        log.warning("bookkeeping", request_id=request_id(), why=type(why).__name__)


def _end(response: Response) -> Response:
    """Keep what must be told on the next page; forget what this page has told."""
    by: Actor = g.get("actor", ANONYMOUS)
    fresh = g.get("new_flashes", [])
    told = g.get("flashes") and response.mimetype == "text/html" and response.status_code == 200 and not is_partial()
    if by.session_id is not None and (fresh or told):
        kept = fresh if told else [*map(list, g.get("flashes", [])), *fresh]
        with _best_effort(), transaction():
            db.session.execute(
                update(LoginSession)
                .where(LoginSession.id == by.session_id)
                .values(flashes=json.loads(json.dumps(kept)))
            )
    return response
