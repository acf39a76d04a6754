"""Signing in with a provider, connecting one's account with it, and the seats that its groups suggest."""

import hmac
import secrets
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from board.accounts import cookies, devices, session
from board.accounts import queries as accounts
from board.accounts import verbs as people
from board.accounts.entering import enter
from board.accounts.models import Person
from board.db import db, transaction
from board.errors import Conflict, Missing, Unknown
from board.i18n import gettext as _
from board.identities import client, queries, verbs
from board.identities.client import Journey, Unusable
from board.log import log
from board.oidc import Provider
from board.web import actor, no_store, page, redirect_to, safe_path

bp = Blueprint("identities", __name__)
LONGEST_GOAL = 1000


@bp.get("/sign-in/with/<string(maxlength=30):name>")
def begin(name: str) -> Response:
    """Go to the provider to sign in; with `again`, to show anew who one is. Keeps nothing but a sealed cookie."""
    again = "again" in request.args and actor().signed_in
    return _leave(_provider(name), "again" if again else "enter", request.args.get("next"))


@bp.get("/account/identities/<string(maxlength=30):name>")
def connect(name: str) -> Response:
    """Go to the provider to connect one's account there with the one here."""
    return _leave(_provider(name), "connect", url_for("accounts.show"))


@bp.get("/sign-in/from/<string(maxlength=30):name>")
def back(name: str) -> Response:
    """Come back from the provider: it says who this is, and proves it."""
    provider, step = _provider(name), cookies.step("oidc")
    if step is None or step["provider"] != name or not _same(step["state"], request.args.get("state", "")):
        return _failed(provider, _("This sign-in was begun elsewhere or took too long. Please begin anew."), 400)
    if "error" in request.args or "code" not in request.args:
        return _failed(provider, _("%(label)s has not signed you in.", label=provider.label), 403)
    try:
        journey = Journey(step["state"], step["nonce"], step["verifier"])
        again = step["purpose"] == "again"
        code, named = request.args["code"], request.args.get("iss")
        shown = client.claims(provider, _back(name), code, journey, named=named, again=again)
    except Unusable as problem:
        log.warning("oidc", provider=name, problem=str(problem))
        return _failed(provider, _("What %(label)s says cannot be trusted or understood.", label=provider.label), 502)
    if step["purpose"] != "enter":
        return _for_oneself(provider, shown, step)
    return _arrive(provider, shown, step["goal"])


def _leave(provider: Provider, purpose: str, goal: str | None) -> Response:
    journey = Journey(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    try:
        address = client.address(provider, _back(provider.name), journey, again=purpose == "again")
    except Unusable as problem:
        log.warning("oidc", provider=provider.name, problem=str(problem))
        return _failed(provider, _("%(label)s cannot be reached at the moment.", label=provider.label), 502)
    goal = safe_path(goal) or url_for("desk.show")
    facts = {
        "provider": provider.name, "purpose": purpose, "goal": goal if len(goal) <= LONGEST_GOAL else "/",
        "state": journey.state, "nonce": journey.nonce, "verifier": journey.verifier, "session": actor().session_id,
    }  # fmt: skip
    return no_store(cookies.give_step(redirect(address, 303), "oidc", **facts))


def _arrive(provider: Provider, shown: dict[str, Any], goal: str) -> Response:
    """Somebody signs in. Who is not known here is told how to connect; an address alone connects nobody."""
    subject = str(shown["sub"])
    person_id = _person_behind(provider, shown)
    answer: Response
    if person_id is None and goal.startswith("/join/"):  # An invitation is being accepted: the account is made there.
        facts = {"issuer": provider.issuer, "subject": subject}
        return no_store(cookies.give_step(redirect_to(goal), "identity", **facts))
    if person_id is None:
        answer = page("identities/unknown.html", provider=provider, goal=goal, email=_address(shown), status=403)
        facts = {"issuer": provider.issuer, "subject": subject}
        return no_store(cookies.give_step(answer, "identity", **facts))
    if not provider.factor and accounts.has_factor(person_id):
        remembered = devices.remembered(cookies.given(cookies.DEVICE), person_id)
        if not remembered:
            person = db.session.get_one(Person, person_id)
            answer = redirect_to(url_for("factors.code", next=goal))
            password = person.password_hash[-8:]
            return no_store(cookies.give_step(answer, "code", person=person_id, password=password, remember=False))
    factor = "oidc" if provider.factor else "device" if accounts.has_factor(person_id) else ""
    _note_groups(provider, shown, person_id)
    return enter(person_id, goal, factor=factor, proved=factor != "device")


def _person_behind(provider: Provider, shown: dict[str, Any]) -> int | None:
    """The person whose identity this is; where the operator allows it, the one with the verified address (ADR 19)."""
    known = queries.behind(provider.issuer, str(shown["sub"]))
    if known is not None:
        person = db.session.get(Person, known.person_id)
        return None if person is None or person.disabled_at is not None else person.id
    if not (provider.email and shown.get("email_verified") is True):
        return None
    person = accounts.by_email(_address(shown))
    if person is None or person.disabled_at is not None or person.is_invented or person.is_admin:
        return None
    if any(i.issuer == provider.issuer for i in queries.of_person(person.id)) or accounts.has_factor(person.id):
        return None
    person_id = person.id
    with transaction():
        person = db.session.get_one(Person, person_id)
        verbs.connect(person, provider.issuer, str(shown["sub"]), session.as_actor(person, None, None))
    return person_id


def _for_oneself(provider: Provider, shown: dict[str, Any], step: dict[str, Any]) -> Response:
    """Connect the account, or go on with a fresh proof; only in the session that began it."""
    by, subject = actor(), str(shown["sub"])
    if not by.signed_in or by.session_id != step["session"]:
        raise Unknown(_("Your session has ended. Please sign in again."))
    if step["purpose"] == "connect":
        with transaction():
            verbs.connect(db.session.get_one(Person, by.person_id), provider.issuer, subject, by)
        told = _("You can sign in with %(label)s from now on.", label=provider.label)
        return cookies.take(redirect_to(url_for("accounts.show") + "#identities", told), cookies.STEP)
    known = queries.behind(provider.issuer, subject)
    if known is None or known.person_id != by.person_id:
        raise Conflict(_("This account of the provider is not connected with yours."))
    if accounts.has_factor(by.person_id or 0) and not provider.factor:
        return redirect_to(url_for("factors.confirm", next=step["goal"]))
    with transaction():
        people.confirm(by)
        token = session.renew(by.session_id)
    return cookies.take(session.give_cookie(redirect_to(step["goal"]), token), cookies.STEP)


def _note_groups(provider: Provider, shown: dict[str, Any], person_id: int) -> None:
    groups = shown.get(provider.groups) if provider.groups else None
    if isinstance(groups, list) and provider.partners:
        with transaction():
            person = db.session.get_one(Person, person_id)
            by = session.as_actor(person, None, None)
            verbs.suggest(person, provider.issuer, groups, provider.partners, by)


def _failed(provider: Provider, told: str, status: int) -> Response:
    answer = page("identities/failed.html", provider=provider, told=told, status=status)
    return no_store(cookies.take(answer, cookies.STEP))


def _provider(name: str) -> Provider:
    """A provider of the settings, if the extra is installed; else there is nothing at this address."""
    found = next((one for one in client.offered() if one.name == name), None)
    if found is None:
        raise Missing(_("There is no such provider."))
    return found


def _back(name: str) -> str:
    """The address to come back to, built from the configured one where there is one."""
    origin = current_app.config["BOARD"].origin or request.host_url.rstrip("/")
    return f"{origin}{url_for('identities.back', name=name)}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))


def _address(shown: dict[str, Any]) -> str:
    return str(shown.get("email") or "")[:254].lower()


@bp.post("/account/identities/<int:identity_id>/disconnect")
def disconnect(identity_id: int) -> Response:
    """Sign in with this account of a provider no more."""
    with transaction():
        verbs.disconnect(identity_id, actor())
    return redirect_to(url_for("accounts.show") + "#identities", _("Connection removed."))


# What the groups suggest


@bp.get("/suggestions")
def suggestions() -> Response:
    """The seats that providers suggest, for administrators."""
    return no_store(page("identities/suggestions.html", suggestions=queries.suggestions()))


@bp.post("/suggestions/<int:suggestion_id>/accept")
def accept(suggestion_id: int) -> Response:
    """Give the seat."""
    with transaction():
        verbs.accept(suggestion_id, actor())
    return redirect_to(url_for("identities.suggestions"), _("Membership confirmed."))


@bp.post("/suggestions/<int:suggestion_id>/refuse")
def refuse(suggestion_id: int) -> Response:
    """Give no seat."""
    with transaction():
        verbs.refuse(suggestion_id, actor())
    return redirect_to(url_for("identities.suggestions"), _("Suggestion refused."))
