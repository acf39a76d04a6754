"""The second step of signing in, setting up the second factor, and showing again that it is oneself."""

import base64

import segno
from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from board import problems, vault
from board.accounts import cookies, notices, session, throttle
from board.accounts import verbs as accounts
from board.accounts.entering import enter
from board.accounts.models import Person
from board.accounts.passwords import MIN_LENGTH, matches
from board.db import db, transaction
from board.errors import FactorMissing, Refusal, Stale
from board.factors import codes, queries, verbs
from board.factors.forms import CodeForm, ConfirmCodeForm, ConfirmPasswordForm, RemoveForm, SetUpForm
from board.failures import error, place
from board.i18n import gettext as _
from board.identities import client
from board.identities import queries as identities
from board.oidc import Provider
from board.web import actor, alert, is_partial, no_store, page, redirect_to, refusals, retry_after, safe_path

bp = Blueprint("factors", __name__)
OWN = frozenset({"confirm_code", "confirm_password", "confirm_send", "next"})


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
        if factor := _shown(person.id, form.code.data or ""):
            return enter(person.id, goal, factor=factor, remember=remember)
        form.code.errors = [_wrong_code()]
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


def _shown(person_id: int, given: str) -> str:
    """How the person has shown it (`totp`, `recovery`), or nothing; failures are throttled like those of passwords."""
    tried = _attempt(f"code {person_id}")
    with transaction():
        factor = codes.use(person_id, given)
        if factor:
            throttle.forgive(tried)
        if factor == "recovery":
            notices.tell(person_id, "recovery_used")
    return factor


def _attempt(account: str) -> throttle.Attempt:
    return throttle.attempt(current_app.config["BOARD"].secret_key, request.remote_addr or "", account)


def _wrong_code() -> str:
    return _("This code does not fit or was used already. The app shows a new one every 30 seconds.")


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
        tried = _attempt(person.email)
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


# Showing again that it is oneself


@bp.route("/confirm", methods=["GET", "POST"])
def confirm() -> Response:
    """Show once more who one is, by code or password; then on to the page, or the form that waited is sent.

    A form that waits comes along in hidden fields and is sent on by 307, which keeps method and fields. Only the answer
    to such a form (ADR 19) carries `confirm_send`: no link can make somebody send anything.
    """
    by, goal = actor(), safe_path(request.values.get("next")) or url_for("accounts.show")
    form = _confirm_form(by.person_id or 0)
    if request.method == "GET":
        return _confirm_page(form, goal, "")
    send = safe_path(request.form.get("confirm_send"))
    with refusals() as caught:
        if form.validate() and _proved(form, by.person_id or 0):
            return _confirmed(goal, send)
    return _confirm_page(form, goal, send or "", caught.refusal, 422)


def _confirm_form(person_id: int) -> ConfirmCodeForm | ConfirmPasswordForm:
    form = ConfirmCodeForm if queries.standing(person_id) else ConfirmPasswordForm
    return form(request.form if request.method == "POST" and request.endpoint == "factors.confirm" else None)


def _proved(form: ConfirmCodeForm | ConfirmPasswordForm, person_id: int) -> bool:
    if isinstance(form, ConfirmCodeForm):
        if _shown(person_id, form.confirm_code.data or ""):
            return True
        form.confirm_code.errors = [_wrong_code()]
        return False
    tried = _attempt(actor().email)
    person = db.session.get_one(Person, person_id)
    if matches(person.password_hash, form.confirm_password.data or ""):
        with transaction():
            throttle.forgive(tried)
        return True
    form.confirm_password.errors = [_("This is not your password.")]
    return False


def _confirmed(goal: str, send: str | None) -> Response:
    """The session goes on under a new token."""
    by = actor()
    with transaction():
        accounts.confirm(by)
        token = session.renew(by.session_id)
    answer = redirect(send, 307) if send else redirect_to(goal)
    return no_store(session.give_cookie(answer, token))


def _confirm_page(
    form: ConfirmCodeForm | ConfirmPasswordForm,
    goal: str,
    send: str,
    refusal: Refusal | None = None,
    status: int = 200,
) -> Response:
    """The page that asks; for a form that htmx sent, a fragment above the page, which leaves everything typed alone."""
    context = {
        "form": form,
        "goal": goal,
        "send": send,
        "fields": [(name, value) for name, value in request.form.items(multi=True) if name not in OWN],
        "refusal": refusal.message if refusal else None,
        "providers": _own_providers(),
    }
    status = refusal.status if refusal else status
    if is_partial():
        return alert("factors/_confirm.html", status=status, **context)
    answer = page("factors/confirm.html", status=status, **context)
    return no_store(retry_after(answer, refusal) if refusal else answer)


def _own_providers() -> list[Provider]:
    return identities.providers_of(actor().person_id or 0, client.offered())


@bp.app_errorhandler(Stale)
def ask_again(_stale: Stale) -> Response:
    """Somebody wants what needs a fresh proof: a page is left for the question, a form waits in it."""
    if request.method == "GET" and not is_partial():
        return redirect(url_for("factors.confirm", next=place()), 303)
    send = request.full_path.rstrip("?") if request.method == "POST" else ""
    return _confirm_page(_confirm_form(actor().person_id or 0), place(), send, status=401)


@bp.app_errorhandler(FactorMissing)
def lead_to_set_up(missing: FactorMissing) -> Response:
    """Whoever needs a second factor and has none is led to it, and nowhere else; programs are told."""
    if problems.is_api():
        return problems.of(missing)
    if request.method == "GET" and not is_partial():
        return redirect(url_for("factors.show", next=place()), 303)
    return error(missing.status, missing.message)
