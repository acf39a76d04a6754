"""Who is signed in: server-side sessions, the cookie, and the Actor of a request (behind Flask-Login).

The cookie holds a random token; the table holds its hash. Signing out, disabling a person or ending all sessions
takes effect with the next request.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_login import LoginManager, UserMixin
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from board import pages
from board.accounts import visits
from board.accounts.models import LoginSession, Membership, Person
from board.accounts.queries import acting
from board.activity.models import act
from board.config import Config
from board.db import db, now, transaction
from board.errors import Busy
from board.log import log, request_id
from board.partners.models import Partner, hue
from board.policy import ANONYMOUS, Acting, Actor, Seat
from board.settings.current import current
from board.web import choose_language, is_partial

IDLE = timedelta(hours=12)
IDLE_PRIVILEGED = timedelta(minutes=30)
IDLE_DEMO = timedelta(days=7)
TOUCH = timedelta(minutes=1)
QUIET = frozenset({"static", "live.stream", "live.topics"})


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's view of an actor."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = str(actor.person_id)


def init_app(app: Flask, config: Config) -> None:
    """Read the actor before, write what must be told after each request."""
    manager = LoginManager()
    manager.session_protection = None
    manager.init_app(app, add_context_processor=False)
    manager.request_loader(_load)
    app.before_request(_begin)
    app.after_request(_end)


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host over https; plain http (a local demo) cannot use it."""
    return "__Host-session" if current_app.config["BOARD"].https else "session"


def begin(person_id: int, membership_id: int | None) -> str:
    """Begin a session inside a transaction; returns the token for the cookie. Always a new one."""
    person = db.session.get_one(Person, person_id)
    seat = db.session.get(Membership, membership_id) if membership_id else None
    partner = db.session.get(Partner, seat.partner_id) if seat else None
    token = secrets.token_urlsafe(32)
    db.session.add(LoginSession(token_hash=_hash(token), person_id=person_id, membership_id=membership_id))
    visits.note(person_id)
    act(as_actor(person, seat, partner), "session.start", person)
    return token


def as_actor(person: Person, seat: Membership | None, partner: Partner | None) -> Actor:
    """Who a person is in one of their seats, outside any request."""
    return Actor(
        person_id=person.id,
        name=person.name,
        email=person.email,
        membership_id=seat.id if seat else None,
        role=seat.role if seat else None,
        partner=acting(partner) if partner else None,
        is_product_owner=person.is_product_owner,
        is_admin=person.is_admin,
    )


def give_cookie(response: BaseResponse, token: str) -> BaseResponse:
    """Hand the session's token to the browser."""
    secure = current_app.config["BOARD"].https
    response.set_cookie(
        cookie_name(), token, max_age=60 * 60 * 24 * 30, secure=secure, httponly=True, samesite="Lax", path="/"
    )
    return response


def take_cookie(response: BaseResponse) -> BaseResponse:
    """Remove it."""
    secure = current_app.config["BOARD"].https
    response.delete_cookie(cookie_name(), path="/", secure=secure, httponly=True, samesite="Lax")
    return response


def alive(session_id: int | None) -> bool:
    """Whether a session still stands, for strangers whether reading is public; streams ask (asking renews nothing)."""
    if session_id is None:
        return current().public
    row = db.session.execute(
        select(LoginSession.seen_at, Person.is_product_owner, Person.is_admin)
        .join(Person, Person.id == LoginSession.person_id)
        .where(LoginSession.id == session_id, LoginSession.ended_at.is_(None), Person.disabled_at.is_(None))
    ).first()
    return row is not None and now() - row.seen_at <= idle(row.is_product_owner or row.is_admin)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _load(_request: Any) -> SignedIn | None:
    """The person behind the cookie, by one statement; None when there is none or the session has ended."""
    token = request.cookies.get(cookie_name(), "")
    if not 20 <= len(token) <= 100:
        return None
    row = db.session.execute(
        select(
            LoginSession.id, LoginSession.seen_at, LoginSession.flashes, LoginSession.membership_id,
            Person.id.label("person_id"), Person.name, Person.email, Person.is_product_owner, Person.is_admin,
            Person.locale, Person.theme, Person.seen_activity, Membership.role, Membership.ended_at,
            Partner.id.label("partner_id"), Partner.slug, Partner.name.label("partner_name"), Partner.sign,
            Partner.ags, Partner.kind, Partner.votes, Partner.paused_at,
        )
        .join(Person, Person.id == LoginSession.person_id)
        .outerjoin(Membership, Membership.id == LoginSession.membership_id)
        .outerjoin(Partner, Partner.id == Membership.partner_id)
        .where(
            LoginSession.token_hash == _hash(token), LoginSession.ended_at.is_(None), Person.disabled_at.is_(None)
        )
    ).first()  # fmt: skip
    if row is None or now() - row.seen_at > idle(row.is_product_owner or row.is_admin):
        g.session_ended = True
        return None
    g.session_seen_at, g.flashes = row.seen_at, [tuple(f) for f in row.flashes or []]
    return SignedIn(_actor(row))


def _actor(row: Any) -> Actor:
    partner = None
    if row.partner_id is not None and row.ended_at is None:
        votes = row.votes and row.paused_at is None
        colour = hue(row.ags or row.slug)
        partner = Acting(row.partner_id, row.slug, row.partner_name, row.sign, colour, row.kind, votes)
    return Actor(
        person_id=row.person_id,
        name=row.name,
        email=row.email,
        session_id=row.id,
        membership_id=row.membership_id if partner else None,
        role=row.role if partner else None,
        partner=partner,
        is_product_owner=row.is_product_owner,
        is_admin=row.is_admin,
        seen_activity=row.seen_activity,
        locale=row.locale,
        theme=row.theme,
        memberships=_seats(row.person_id),
    )


def _seats(person_id: int) -> tuple[Seat, ...]:
    rows = db.session.execute(
        select(Membership.id, Partner.name, Membership.role)
        .join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Partner.name)
    )
    return tuple(Seat(*row) for row in rows)


def idle(privileged: bool) -> timedelta:
    """After how much silence a session ends."""
    if current_app.config["BOARD"].demo:
        return IDLE_DEMO
    return IDLE_PRIVILEGED if privileged else IDLE


def _begin() -> None:
    """Find out who asks and in which language; note that they were here, at most once a minute."""
    if request.endpoint == "static":
        return
    user = current_app.login_manager._load_user_from_request(request)  # type: ignore[attr-defined]
    g.actor = user.actor if user else ANONYMOUS
    choose_language()
    if user:
        pages.only_until(g.session_seen_at + (IDLE_PRIVILEGED if _by_itself() else TOUCH))
    if user and not _by_itself() and now() - g.session_seen_at > TOUCH:
        with _best_effort():
            _note_visit(user.actor)


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
