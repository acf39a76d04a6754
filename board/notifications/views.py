"""Choosing which mail one wants, watching, and unsubscribing by one click. A GET never writes."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from board.accounts.models import Person
from board.db import db, transaction
from board.errors import Missing
from board.i18n import gettext as _
from board.notifications import links, queries, verbs
from board.notifications.models import Sort
from board.policy import SYSTEM
from board.proposals.models import Proposal
from board.web import actor, no_store, page, redirect_to, see_other
from board.work.models import Package

bp = Blueprint("notifications", __name__)


@bp.get("/account/mail")
def show() -> Response:
    """Which mail one wants, and what one watches."""
    person_id = actor().person_id or 0
    wanted, watched = queries.wanted(person_id), queries.watched(person_id)
    return no_store(page("notifications/show.html", wanted=wanted, watched=watched))


@bp.post("/account/mail")
def choose() -> Response:
    """Remember the choice."""
    with transaction():
        person = db.session.get_one(Person, actor().person_id)
        verbs.choose(person, request.form.getlist("sort"), actor())
    return redirect_to(url_for("notifications.show"), _("Your choice is saved."))


@bp.post("/proposals/<proposal:proposal_id>/watch")
@bp.post("/packages/<package:package_id>/watch")
def watch(proposal_id: int | None = None, package_id: int | None = None) -> Response:
    """Hear by mail of what is said there from now on, or no longer (`stop`)."""
    key, path = _place(proposal_id, package_id)
    stop = bool(request.form.get("stop"))
    with transaction():
        (verbs.unwatch if stop else verbs.watch)(key, actor())
    told = _("You no longer hear of comments there.") if stop else _("You hear by mail of comments there.")
    return see_other(f"{path}#watch-{key}", told)


def _place(proposal_id: int | None, package_id: int | None) -> tuple[str, str]:
    if package_id is not None:
        if db.session.get(Package, package_id) is None:
            raise Missing
        return f"AP-{package_id}", f"/packages/AP-{package_id}"
    if db.session.get(Proposal, proposal_id) is None:
        raise Missing
    return f"FV-{proposal_id}", f"/proposals/FV-{proposal_id}"


@bp.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """The page behind the link: one button; looking at it changes nothing."""
    _person, sort = _read(token)
    return no_store(page("notifications/unsubscribe.html", token=token, sort=sort.value, done=False))


@bp.post("/unsubscribe/<token>")
def decline(token: str) -> Response:
    """End this sort of mail, for a person who clicks and for a mail program (RFC 8058); no sign-in is asked for."""
    person_id, sort = _read(token)
    with transaction():
        person = db.session.get(Person, person_id)
        if person is not None:
            verbs.decline(person, sort, SYSTEM)
    return no_store(page("notifications/unsubscribe.html", token=token, sort=sort.value, done=True))


def _read(token: str) -> tuple[int, Sort]:
    found = links.read(token)
    if found is None:
        raise Missing(_("There is nothing at this address."))
    return found
