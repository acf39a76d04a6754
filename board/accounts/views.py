"""Signing in and out, switching the partner one acts for, language and appearance, one's own account."""

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from board.accounts import queries, session, throttle, verbs
from board.accounts.forms import SignInForm
from board.accounts.models import Person
from board.accounts.passwords import matches
from board.activity import queries as activity
from board.db import db, transaction
from board.errors import Denied, Missing, Refusal
from board.i18n import gettext as _
from board.web import actor, no_store, page, redirect_to, refusals, retry_after, safe_path, see_other

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Sign in with e-mail and password, in the demo also by one click; leads back to where one came from."""
    form = SignInForm(request.form)
    goal = safe_path(request.values.get("next")) or url_for("desk.show")
    if request.method == "GET":
        return _sign_in_page(SignInForm(), goal)
    if "demo" in request.form:
        return _enter(_demo_person(request.form["demo"]), goal)
    if not form.validate():
        return _sign_in_page(form, goal, 422)
    with refusals() as caught:
        tried = throttle.attempt(current_app.config["BOARD"].secret_key, request.remote_addr or "", form.account)
        if person := _known(form):
            return _enter(person.id, goal, tried)
        if tried.last_chance:
            raise throttle.too_many(tried.window)
        form.password.errors = [_("E-mail address and password do not match.")]
    return _sign_in_page(form, goal, 422, caught.refusal)


def _sign_in_page(form: SignInForm, goal: str, status: int = 200, refusal: Refusal | None = None) -> Response:
    groups = queries.cast() if current_app.config["BOARD"].demo else []
    answer = page(
        "accounts/sign_in.html",
        form=form,
        goal=goal,
        groups=groups,
        refusal=refusal.message if refusal else None,
        status=refusal.status if refusal else status,
    )
    return no_store(retry_after(answer, refusal) if refusal else answer)


def _known(form: SignInForm) -> Person | None:
    """The person, if the password is right; unknown and disabled accounts take as long."""
    person = queries.by_email(form.account)
    demo = current_app.config["BOARD"].demo
    usable = person is not None and person.disabled_at is None and (demo or not person.is_invented)
    fits = matches(person.password_hash if person and usable else "", form.password.data or "")
    return person if fits else None


def _demo_person(email: str) -> int:
    if not current_app.config["BOARD"].demo:
        raise Denied(_("This is no demo: please sign in with your password."))
    person = queries.by_email(email)
    if person is None or person.disabled_at is not None or not person.is_invented:
        raise Missing(_("There is no such person in the demo."))
    return person.id


def _enter(person_id: int, goal: str, tried: throttle.Attempt | None = None) -> Response:
    """Begin a session, always a new one; the one this browser had ends."""
    with transaction():
        if actor().session_id is not None:
            verbs.end(actor().session_id, actor())
        if tried:
            throttle.forgive(tried)
        seat = queries.first_membership(person_id)
        token = session.begin(person_id, seat.id if seat else None)
    return no_store(session.give_cookie(redirect_to(goal), token))


@bp.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    with transaction():
        verbs.end(actor().session_id, actor())
    return no_store(session.take_cookie(redirect_to(url_for("desk.show"))))


@bp.post("/sign-out-everywhere")
def sign_out_everywhere() -> Response:
    """End all of one's sessions, this one too."""
    with transaction():
        verbs.end_all(actor())
    return no_store(session.take_cookie(redirect_to(url_for("accounts.sign_in"))))


@bp.post("/account/switch")
def switch() -> Response:
    """Act for another of one's partners from now on, on the same page."""
    wanted = request.form.get("membership", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= 9):
        raise Missing(_("You have no such membership."))
    with transaction():
        partner = verbs.switch(actor().session_id, int(wanted), actor())
    return see_other(
        url_for("desk.show") + "#content", _("You now act on behalf of %(partner)s.", partner=partner.name)
    )


@bp.post("/account/preferences")
def preferences() -> Response:
    """Remember language or appearance."""
    with transaction():
        person = db.session.get_one(Person, actor().person_id)
        verbs.prefer(person, actor(), locale=request.form.get("locale"), theme=request.form.get("theme"))
    return see_other(url_for("accounts.show") + "#content")


@bp.get("/account")
def show() -> Response:
    """One's own account."""
    by = actor()
    return no_store(
        page(
            "accounts/show.html",
            seats=queries.memberships(by.person_id or 0),
            browsers=queries.live_sessions(by.person_id or 0, session.idle(by.is_product_owner or by.is_admin)),
            idle=session.idle(by.is_product_owner or by.is_admin),
            history=activity.own(by.person_id or 0),
        )
    )
