"""Signing in and out, switching the partner one acts for, language and appearance, one's own account."""

from flask import Blueprint, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from board.accounts import queries, session
from board.accounts.forms import SignInForm
from board.accounts.models import LoginSession, Membership, Person
from board.accounts.passwords import matches
from board.activity.models import act
from board.db import db, now, transaction
from board.errors import Missing
from board.i18n import gettext as _
from board.web import actor, no_store, page, redirect_to, safe_path, see_other

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Sign in with e-mail and password; leads back to where one came from."""
    form = SignInForm(request.form)
    goal = safe_path(request.values.get("next")) or url_for("desk.show")
    if request.method == "GET":
        return no_store(page("accounts/sign_in.html", form=form, goal=goal))
    if form.validate():
        person = queries.by_email(form.email.data or "")
        if (
            matches(person.password_hash if person and not person.disabled_at else "", form.password.data or "")
            and person
        ):
            return session.give_cookie(redirect_to(goal), _begin(person.id))
        form.password.errors = [_("E-mail address and password do not match.")]
    return no_store(page("accounts/sign_in.html", form=form, goal=goal, status=422))


def _begin(person_id: int) -> str:
    with transaction():
        seat = queries.first_membership(person_id)
        return session.begin(person_id, seat.id if seat else None)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    with transaction():
        row = db.session.get_one(LoginSession, actor().session_id)
        act(actor(), "session.end", row_owner(row))
        row.ended_at = now()
    return session.take_cookie(redirect_to(url_for("desk.show")))


@bp.post("/sign-out-everywhere")
def sign_out_everywhere() -> Response:
    """End all of one's sessions, this one too."""
    with transaction():
        person = db.session.get_one(Person, actor().person_id)
        act(actor(), "session.end_all", person)
        for row in db.session.scalars(
            select(LoginSession).where(LoginSession.person_id == person.id, LoginSession.ended_at.is_(None))
        ):
            row.ended_at = now()
    return session.take_cookie(redirect_to(url_for("accounts.sign_in")))


@bp.post("/account/switch")
def switch() -> Response:
    """Act for another of one's partners from now on."""
    with transaction():
        wanted = request.form.get("membership", "", str)
        seat = db.session.get(Membership, int(wanted)) if wanted.isascii() and wanted.isdigit() else None
        if seat is None or seat.person_id != actor().person_id or seat.ended_at:
            raise Missing(_("You have no such membership."))
        row = db.session.get_one(LoginSession, actor().session_id)
        act(actor(), "session.switch", row_owner(row), membership=seat.id)
        row.membership_id = seat.id
    return see_other(url_for("desk.show"))


@bp.post("/account/preferences")
def preferences() -> Response:
    """Remember language and appearance."""
    with transaction():
        person = db.session.get_one(Person, actor().person_id)
        act(actor(), "person.prefer", person)
        if (locale := request.form.get("locale")) in {"de", "en"}:
            person.locale = locale
        if (theme := request.form.get("theme")) in {"auto", "light", "dark"}:
            person.theme = theme
    return see_other(url_for("accounts.show") + "#content")


@bp.get("/account")
def show() -> Response:
    """One's own account."""
    return no_store(page("accounts/show.html"))


def row_owner(row: LoginSession) -> Person:
    """The person whose session it is."""
    return db.session.get_one(Person, row.person_id)
