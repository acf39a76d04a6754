"""The second step of signing in, and setting up the second factor. Showing again that it is oneself: `confirming`."""

import base64

import segno
from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from board import vault
from board.accounts import cookies, session, throttle
from board.accounts.entering import enter
from board.accounts.models import Person
from board.accounts.passwords import MIN_LENGTH, matches
from board.db import db, transaction
from board.errors import FactorMissing, Refusal, Stale
from board.factors import codes, confirming, queries, verbs
from board.factors.forms import CodeForm, RemoveForm, SetUpForm
from board.factors.showing import attempt, shown, wrong_code
from board.i18n import gettext as _
from board.web import actor, no_store, page, redirect_to, refusals, retry_after, safe_path

bp = Blueprint("factors", __name__)
bp.add_url_rule("/confirm", "confirm", confirming.confirm, methods=["GET", "POST"])
bp.app_errorhandler(Stale)(confirming.ask_again)
bp.app_errorhandler(FactorMissing)(confirming.lead_to_set_up)


# The second step of signing in


@bp.route("/sign-in/code", methods=["GET", "POST"])
def code() -> Response:
    """The second step: a code of the app, or a recovery code; ten minutes after the password at most."""
    goal = safe_path(request.values.get("next")) or url_for("desk.show")
    waiting = _waiting()
    if waiting is None:
        return no_store(redirect_to(url_for("accounts.sign_in", next=goal)))
    person, remember = waiting
    form = CodeForm(request.form)
    if request.method == "GET":
        return _code_page(CodeForm(), goal, remember)
    if not form.validate():
        return _code_page(form, goal, remember, 422)
    with refusals() as caught:
        if factor := shown(person.id, form.code.data or ""):
            return enter(person.id, goal, factor=factor, remember=remember)
        form.code.errors = [wrong_code()]
    return _code_page(form, goal, remember, 422, caught.refusal)


def _waiting() -> tuple[Person, bool] | None:
    """Who has given the right password in this browser just now, and whether the device is to be remembered."""
    step = cookies.step("code")
    person = queries.person(step["person"]) if step else None
    if step is None or person is None or person.password_hash[-8:] != step["password"]:
        return None
    return person, bool(step["remember"])


def _code_page(
    form: CodeForm, goal: str, remember: bool, status: int = 200, refusal: Refusal | None = None
) -> Response:
    told, status = (refusal.message, refusal.status) if refusal else (None, status)
    answer = page("factors/code.html", form=form, goal=goal, remember=remember, refusal=told, status=status)
    return no_store(retry_after(answer, refusal) if refusal else answer)


# Setting it up


@bp.get("/account/second-factor")
def show() -> Response:
    """Set up an app, or see how it stands; nothing is stored before the app has shown a right code."""
    secret = codes.new_secret()
    return _set_up_page(SetUpForm(data={"box": _sealed(secret)}), secret)


@bp.post("/account/second-factor")
def set_up() -> Response:
    """Take the app whose code fits, and show the recovery codes, once."""
    form = SetUpForm(request.form)
    secret = _unsealed(form.box.data or "")
    if secret is None:
        again = url_for("factors.show", next=safe_path(request.values.get("next")))
        return redirect_to(again, _("That took too long. Please scan the new picture."))
    made: tuple[list[str], str] | None = None
    if form.validate():
        with refusals() as caught, transaction():
            fresh = verbs.set_up(db.session.get_one(Person, actor().person_id), secret, form.code.data or "", actor())
            made = fresh, session.renew(actor().session_id, factor="totp")
        if caught.refusal:
            form.code.errors = [caught.refusal.message]
    if made is None:
        return _set_up_page(form, secret, 422)
    return session.give_cookie(_codes_page(made[0]), made[1])


def _set_up_page(form: SetUpForm, secret: str, status: int = 200) -> Response:
    by, board = actor(), current_app.config["BOARD"]
    host = board.origin.partition("://")[2] or request.host
    picture = segno.make(codes.address(secret, by.email, f"Stadtrunde {host}"), error="m")
    return no_store(
        page(
            "factors/set_up.html",
            form=form,
            secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
            picture=picture.svg_data_uri(scale=4, border=4, light="#fff"),
            link=codes.address(secret, by.email, f"Stadtrunde {host}"),
            standing=queries.standing(by.person_id or 0),
            forced=by.must_set_up,
            goal=_goal(),
            status=status,
        )
    )


def _codes_page(fresh: list[str]) -> Response:
    return no_store(page("factors/codes.html", codes=fresh, goal=_goal()))


def _goal() -> str:
    return safe_path(request.values.get("next")) or url_for("accounts.show")


def _sealed(secret: str) -> str:
    """The new secret for its own form: sealed for this session, so nobody can slip another one in."""
    return base64.urlsafe_b64encode(vault.seal(secret, f"new-totp-{actor().session_id}")).decode()


def _unsealed(box: str) -> str | None:
    try:
        return vault.unseal(base64.urlsafe_b64decode(box), f"new-totp-{actor().session_id}")
    except (ValueError, vault.Unreadable):
        return None


@bp.post("/account/recovery-codes")
def renew() -> Response:
    """New recovery codes, shown once; the old ones end."""
    with transaction():
        fresh = verbs.renew(db.session.get_one(Person, actor().person_id), actor())
    return _codes_page(fresh)


@bp.route("/account/second-factor/remove", methods=["GET", "POST"])
def remove() -> Response:
    """Do without the second factor: the password, which must then be long enough alone, is asked for once more."""
    person = db.session.get_one(Person, actor().person_id)
    form = RemoveForm(request.form)
    if request.method == "GET":
        return _remove_page(RemoveForm())
    if not form.validate():
        return _remove_page(form, 422)
    with refusals() as caught:
        tried = attempt(person.email)
        if not matches(person.password_hash, form.password.data or ""):
            form.password.errors = [_("This is not your password.")]
            return _remove_page(form, 422)
        with transaction():
            throttle.forgive(tried)
            if len(form.password.data or "") < MIN_LENGTH:
                raise Refusal(
                    _("Alone, a password needs %(n)s characters. Please choose a longer one first.", n=MIN_LENGTH)
                )
            person = db.session.get_one(Person, actor().person_id)
            verbs.remove(person, actor(), needed=queries.needed(actor()))
            token = session.renew(actor().session_id, factor="")
    if caught.refusal:
        return _remove_page(form, caught.refusal.status, caught.refusal)
    answer = redirect_to(url_for("accounts.show") + "#factor", _("Second factor removed."))
    return session.give_cookie(answer, token)


def _remove_page(form: RemoveForm, status: int = 200, refusal: Refusal | None = None) -> Response:
    told = refusal.message if refusal else None
    answer = page("factors/remove.html", form=form, refusal=told, status=status)
    return no_store(retry_after(answer, refusal) if refusal else answer)
