"""Choosing which mail one wants, watching, and unsubscribing by one click. A GET never writes."""

from flask import Blueprint, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from board.accounts.models import Person
from board.db import db, transaction
from board.errors import Missing
from board.i18n import gettext as _
from board.notifications import links, verbs, watching
from board.notifications.models import Sort
from board.partners.models import Partner
from board.policy import SYSTEM
from board.proposals.models import Proposal, Topic
from board.web import actor, no_store, page, redirect_to, see_other
from board.work.models import Package

bp = Blueprint("notifications", __name__)
N_ = str  # Marks a message id; it is translated where it is shown.


@bp.get("/account/mail")
def show() -> Response:
    """Which mail one wants, and what one watches."""
    person_id = actor().person_id or 0
    wanted, watched = watching.wanted(person_id), watching.watched(person_id)
    return no_store(page("notifications/show.html", wanted=wanted, watched=watched))


@bp.post("/account/mail")
def choose() -> Response:
    """Remember the choice."""
    with transaction():
        person = db.session.get_one(Person, actor().person_id)
        verbs.choose(person, request.form.getlist("sort"), actor())
    return redirect_to(url_for("notifications.show"), _("Your choice is saved."))


HEARS = {
    "FV": N_("You hear by mail of comments, decisions and what becomes of it."),
    "AP": N_("You hear by mail of comments and of who takes it on, works on it and finishes it."),
    "PA": N_("You hear by mail of this partner's new proposals and of the decisions on its proposals."),
    "TH": N_("You hear by mail of new proposals in this topic and of the decisions on its proposals."),
}


@bp.post("/proposals/<proposal:proposal_id>/watch")
@bp.post("/packages/<package:package_id>/watch")
def watch(proposal_id: int | None = None, package_id: int | None = None) -> Response:
    """Hear by mail of what is said and done there from now on, or no longer (`stop`)."""
    if package_id is not None:
        return _watch(db.session.get(Package, package_id), f"AP-{package_id}", f"/packages/AP-{package_id}")
    return _watch(db.session.get(Proposal, proposal_id), f"FV-{proposal_id}", f"/proposals/FV-{proposal_id}")


@bp.post("/partners/<slug>/watch")
def watch_partner(slug: str) -> Response:
    """Hear by mail of a partner's new proposals and of the decisions on its proposals, or no longer."""
    partner = db.session.scalar(select(Partner).where(Partner.slug == slug))
    return _watch(partner, f"PA-{partner.id if partner else 0}", f"/partners/{slug}")


@bp.post("/topics/<slug>/watch")
def watch_topic(slug: str) -> Response:
    """Hear by mail of new proposals in a topic and of the decisions on its proposals, or no longer."""
    topic = db.session.scalar(select(Topic).where(Topic.slug == slug))
    return _watch(topic, f"TH-{topic.id if topic else 0}", f"/proposals?topic={slug}")


def _watch(thing: object, key: str, path: str) -> Response:
    """Begin or stop; told on the page the person was on. Raises Missing."""
    if thing is None:
        raise Missing
    stop = bool(request.form.get("stop"))
    with transaction():
        (verbs.unwatch if stop else verbs.watch)(key, actor())
    return see_other(f"{path}#watch-{key}", _("You no longer hear of this.") if stop else _(HEARS[key[:2]]))


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
