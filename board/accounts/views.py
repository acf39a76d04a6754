"""Signing in and out, switching the partner one acts for, language and appearance, one's own account."""

from functools import partial

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from board.accounts import cookies, devices, queries, session, throttle, verbs
from board.accounts.entering import enter
from board.accounts.forms import SignInForm
from board.accounts.models import Person
from board.accounts.passwords import hash_password, matches, outdated
from board.activity import queries as activity
from board.db import db, transaction
from board.errors import Denied, Missing, Refusal
from board.factors import queries as factors
from board.i18n import gettext as _
from board.identities import client
from board.identities import queries as identities
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
        return enter(_demo_person(request.form["demo"]), goal)
    if not form.validate():
        return _sign_in_page(form, goal, 422)
    with refusals() as caught:
        secret, here = current_app.config["BOARD"].secret_key, request.remote_addr or ""
        tried = throttle.attempt(secret, here, form.account, _own_device(form.account))
        if person := _known(form):
            return _go_on(person, goal, form.remember.data, tried)
        if tried.last_chance:
            raise throttle.too_many(tried.window)
        form.password.errors = [_("E-mail address and password do not match.")]
    return _sign_in_page(form, goal, 422, caught.refusal)


def _go_on(person: Person, goal: str, remember: bool, tried: throttle.Attempt) -> Response:
    """The password was right: in, or to the second step where the person has one and the device is not remembered."""
    if not queries.has_factor(person.id):
        return enter(person.id, goal, remember=remember, tried=tried)
    if devices.remembered(cookies.given(cookies.DEVICE), person.id):
        return enter(person.id, goal, factor="device", proved=False, tried=tried)
    with transaction():
        throttle.forgive(tried)
    response = redirect_to(url_for("factors.code", next=goal))
    return no_store(
        cookies.give_step(response, "code", person=person.id, password=person.password_hash[-8:], remember=remember)
    )


def _sign_in_page(form: SignInForm, goal: str, status: int = 200, refusal: Refusal | None = None) -> Response:
    groups = queries.cast() if current_app.config["BOARD"].demo else []
    answer = page(
        "accounts/sign_in.html",
        form=form,
        goal=goal,
        groups=groups,
        nobody=queries.nobody_yet(),
        providers=client.offered(),
        refusal=refusal.message if refusal else None,
        status=refusal.status if refusal else status,
    )
    return no_store(retry_after(answer, refusal) if refusal else answer)


def _own_device(account: str) -> int | None:
    """The device behind this browser's cookie, if it is the account's own."""
    person = queries.by_email(account)
    device = devices.known(cookies.given(cookies.DEVICE), person.id if person else 0)
    return device.id if device else None


def _known(form: SignInForm) -> Person | None:
    """The person, if the password is right; unknown and disabled accounts take as long.

    A hash with old parameters is made anew, so that it keeps taking as long as the one for unknown accounts.
    """
    person, password = queries.by_email(form.account), form.password.data or ""
    demo = current_app.config["BOARD"].demo
    usable = person is not None and person.disabled_at is None and (demo or not person.is_invented)
    fits = matches(person.password_hash if person and usable else "", password)
    if person and fits and outdated(person.password_hash):
        fresh = hash_password(password)
        with transaction():
            person = db.session.get_one(Person, person.id)
            person.password_hash = fresh
    return person if fits else None


def _demo_person(email: str) -> int:
    if not current_app.config["BOARD"].demo:
        raise Denied(_("This is no demo: please sign in with your password."))
    person = queries.by_email(email)
    if person is None or person.disabled_at is not None or not person.is_invented:
        raise Missing(_("There is no such person in the demo."))
    return person.id


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


@bp.post("/account/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    """End one of one's sessions, in whatever browser it is; a device that was remembered there stays so."""
    with transaction():
        verbs.end(session_id, actor())
    if session_id == actor().session_id:
        return no_store(session.take_cookie(redirect_to(url_for("desk.show"))))
    return redirect_to(url_for("accounts.show") + "#sessions", _("That browser is signed out."))


@bp.post("/account/devices/<int:device_id>/forget")
def forget_device(device_id: int) -> Response:
    """Forget a device: its sessions end, and it asks for the second factor again."""
    with transaction():
        devices.forget(device_id, actor())
    return redirect_to(url_for("accounts.show") + "#sessions", _("That device is forgotten."))


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
    by, person_id = actor(), actor().person_id or 0
    privileged = by.is_product_owner or by.is_admin
    return no_store(
        page(
            "accounts/show.html",
            seats=queries.memberships(person_id),
            sign_ins=queries.sign_ins(person_id, partial(session.idle, privileged)),
            devices=queries.remembered_devices(person_id),
            idle=session.idle(privileged),
            factor=factors.standing(person_id),
            needs_factor=factors.needed(by),
            identities=identities.of_person(person_id),
            providers=client.offered(),
            history=activity.own(person_id),
        )
    )
