"""Showing again that it is oneself, where the last proof is too old; and being led to set up what is missing.

`views` gives the page its address.
"""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from board import problems
from board.accounts import session, throttle
from board.accounts import verbs as accounts
from board.accounts.models import Person
from board.accounts.passwords import matches
from board.db import db, transaction
from board.errors import FactorMissing, Refusal, Stale
from board.factors import queries
from board.factors.forms import ConfirmCodeForm, ConfirmPasswordForm
from board.factors.showing import attempt, shown, wrong_code
from board.failures import error, place
from board.i18n import gettext as _
from board.identities import client
from board.identities import queries as identities
from board.oidc import Provider
from board.web import actor, alert, is_partial, no_store, page, redirect_to, refusals, retry_after, safe_path

OWN = frozenset({"confirm_code", "confirm_password", "confirm_send", "next"})
"""Fields of the question itself: all others belong to the form that waits."""


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
        if shown(person_id, form.confirm_code.data or ""):
            return True
        form.confirm_code.errors = [wrong_code()]
        return False
    tried = attempt(actor().email)
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


def ask_again(_stale: Stale) -> Response:
    """Somebody wants what needs a fresh proof: a page is left for the question, a form waits in it."""
    if request.method == "GET" and not is_partial():
        return redirect(url_for("factors.confirm", next=place()), 303)
    send = request.full_path.rstrip("?") if request.method == "POST" else ""
    return _confirm_page(_confirm_form(actor().person_id or 0), place(), send, status=401)


def lead_to_set_up(missing: FactorMissing) -> Response:
    """Whoever needs a second factor and has none is led to it, and nowhere else; programs are told."""
    if problems.is_api():
        return problems.of(missing)
    if request.method == "GET" and not is_partial():
        return redirect(url_for("factors.show", next=place()), 303)
    return error(missing.status, missing.message)
