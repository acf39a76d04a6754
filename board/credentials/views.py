"""Forgotten passwords, and changing password or e-mail address. Links open a page with a form; only sending it acts."""

from typing import Any

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from board.accounts import throttle
from board.accounts.models import Person
from board.accounts.passwords import matches
from board.credentials import queries, verbs
from board.credentials.forms import ConfirmForm, EmailForm, ForgotForm, PasswordForm, ResetForm
from board.db import db, transaction
from board.errors import Refusal
from board.i18n import current_locale
from board.i18n import gettext as _
from board.web import actor, no_store, page, redirect_to, refusals, retry_after

bp = Blueprint("credentials", __name__)


def _page(name: str, form: Any, status: int = 200, refusal: Refusal | None = None, **context: Any) -> Response:
    """A page about access, never kept; what is wrong with the entries themselves is 422."""
    shown = refusal.status if refusal and refusal.status != 400 else 422 if refusal else status
    told = refusal.message if refusal else None
    answer = page(f"credentials/{name}.html", form=form, status=shown, refusal=told, **context)
    return no_store(retry_after(answer, refusal) if refusal else answer)


def _attempt(what: str) -> throttle.Attempt:
    board = current_app.config["BOARD"]
    return throttle.attempt(board.secret_key, request.remote_addr or "", what)


@bp.get("/forgot-password")
def forgot() -> Response:
    """Ask for a new password."""
    return _page("forgot", ForgotForm(), sent=False)


@bp.post("/forgot-password")
def ask_reset() -> Response:
    """Send a link. Answer, body and time are the same whether or not there is such an account."""
    form = ForgotForm(request.form)
    if not form.validate():
        return _page("forgot", form, 422, sent=False)
    with refusals() as caught:
        _attempt(f"reset {(form.email.data or '').lower()}")
        with transaction():
            verbs.ask_reset(form.email.data or "", current_locale())
    if caught.refusal:
        return _page("forgot", form, refusal=caught.refusal, sent=False)
    return _page("forgot", ForgotForm(), sent=True)


@bp.get("/reset/<token>")
def show_reset(token: str) -> Response:
    """The page behind the link; looking at it changes nothing."""
    queries.resetting(queries.proof("reset", token))
    return _page("reset", ResetForm(), token=token, done=False)


@bp.post("/reset/<token>")
def reset(token: str) -> Response:
    """Set the new password; all sessions end, and one signs in with it, second factor included."""
    queries.resetting(queries.proof("reset", token))
    form = ResetForm(request.form)
    if not form.validate():
        return _page("reset", form, 422, token=token, done=False)
    with refusals() as caught, transaction():
        proof = queries.proof("reset", token, locked=True)
        verbs.reset(proof, queries.resetting(proof), form.password.data or "")
    if caught.refusal:
        return _page("reset", form, refusal=caught.refusal, token=token, done=False)
    return _page("reset", ResetForm(), token=token, done=True)


@bp.route("/account/password", methods=["GET", "POST"])
def password() -> Response:
    """Take another password; the present one is asked for, and all other sessions end."""
    form, person = PasswordForm(request.form), db.session.get_one(Person, actor().person_id)
    has = bool(person.password_hash)
    if request.method == "GET":
        return _page("password", PasswordForm(), has=has)
    with refusals() as caught:
        if not form.validate() or not _proved(form, person):
            return _page("password", form, 422, has=has)
        with transaction():
            person = db.session.get_one(Person, actor().person_id)
            verbs.change_password(person, form.password.data or "", actor())
    if caught.refusal:
        return _page("password", form, refusal=caught.refusal, has=has)
    return redirect_to(url_for("accounts.show"), _("Password changed. All other sessions have ended."))


@bp.route("/account/email", methods=["GET", "POST"])
def email() -> Response:
    """Ask for another address; the answer is the same whether or not somebody has it."""
    form, person = EmailForm(request.form), db.session.get_one(Person, actor().person_id)
    has = bool(person.password_hash)
    if request.method == "GET":
        return _page("email", EmailForm(), has=has)
    with refusals() as caught:
        if not form.validate() or not _proved(form, person):
            return _page("email", form, 422, has=has)
        with transaction():
            verbs.ask_email(db.session.get_one(Person, actor().person_id), form.email.data or "", actor())
    if caught.refusal:
        return _page("email", form, refusal=caught.refusal, has=has)
    return redirect_to(url_for("accounts.show"), _("Please open the link that was sent to the new address."))


@bp.get("/confirm-email/<token>")
def show_confirm(token: str) -> Response:
    """The page behind the link in the new mailbox: one button."""
    proof = queries.proof("email", token)
    return _page("confirm", ConfirmForm(), token=token, email=proof.email, done=False)


@bp.post("/confirm-email/<token>")
def confirm(token: str) -> Response:
    """The address is the account's from now on."""
    queries.proof("email", token)
    with transaction():
        person = verbs.confirm_email(queries.proof("email", token, locked=True))
    return _page("confirm", ConfirmForm(), token=token, email=person.email, done=True)


def _proved(form: PasswordForm | EmailForm, person: Person) -> bool:
    """Whether the present password was given, where there is one; wrong ones count as failures to sign in."""
    if not person.password_hash:
        return True
    tried = _attempt(person.email)
    if not matches(person.password_hash, form.current.data or ""):
        form.current.errors = [_("This is not your password.")]
        return False
    with transaction():
        throttle.forgive(tried)
    return True
