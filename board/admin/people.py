"""People: found, appointed, seated, closed, opened, erased. Passwords are nobody's business but their owner's."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.wrappers import Response

from board.accounts import closing
from board.accounts.models import Person, Role
from board.accounts.verbs import enrol as enrol_person
from board.admin import queries
from board.admin.forms import AppointForm, EnrolForm
from board.db import db, transaction
from board.errors import Conflict, Missing, Refusal
from board.factors import verbs as factors
from board.factors.queries import standing
from board.i18n import gettext as _
from board.identities.queries import suggestions
from board.partners.models import Partner
from board.policy import Actor
from board.privacy.erasing import erase as erase_person
from board.text import clean
from board.web import actor, no_store, page, redirect_to, refusals

MAX_WORDS = 100


def people() -> Response:
    """All people by name; `q`, `stand` and the place stand in the address."""
    words = clean(request.args.get("q", ""))[:MAX_WORDS]
    stand = request.args.get("stand", "")
    stand = stand if stand in queries.STANDS else ""
    found = queries.people(words, stand, clean(request.args.get("after", ""))[:200])
    query = {name: value for name, value in (("q", words), ("stand", stand), ("after", found.after)) if value}
    more = f"{url_for('admin.people')}?{urlencode(query)}" if found.after else ""
    return no_store(
        page("admin/people.html", suggested=len(suggestions()), found=found, words=words, stand=stand, more_url=more)
    )


def person(person_id: int) -> Response:
    """One person: flags, seats, and what can be done with the account. Raises Missing."""
    return _person(person_id)


def _person(person_id: int, form: Any = None, refusal: Refusal | None = None, status: int = 200) -> Response:
    found = queries.person(person_id)
    if found is None:
        raise Missing(_("There is no such person."))
    one, seats = found
    return no_store(
        page(
            "admin/person.html",
            status=refusal.status if refusal else status,
            person=one,
            seats=seats,
            factor=standing(person_id),
            appoint=form if isinstance(form, AppointForm) else AppointForm(obj=one),
            enrol=form if isinstance(form, EnrolForm) else EnrolForm(),
            refusal=refusal,
        )
    )


def _do(person_id: int, verb: Callable[[Person, Actor], object], told: str, form: Any = None) -> Response:
    """Lock the person, do it, tell it on the person's page; a refusal is told in place."""
    with refusals() as caught, transaction():
        one = db.session.get(Person, person_id, with_for_update=True)
        if one is None:
            raise Missing(_("There is no such person."))
        verb(one, actor())
    if caught.refusal is None:
        return redirect_to(url_for("admin.person", person_id=person_id), told)
    if caught.refusal.status == Missing.status:
        raise caught.refusal
    return _person(person_id, form, caught.refusal)


def appoint(person_id: int) -> Response:
    """Give or take product ownership, administration and hosting."""
    form = AppointForm(request.form)
    return _do(
        person_id,
        lambda one, by: closing.appoint(
            one,
            by,
            product_owner=bool(form.is_product_owner.data),
            admin=bool(form.is_admin.data),
            host=bool(form.is_host.data),
        ),
        _("Saved."),
        form,
    )


def enrol(person_id: int) -> Response:
    """Give a seat in a partner, or another role in it."""
    form = EnrolForm(request.form)
    if not form.validate():
        return _person(person_id, form, status=422)

    def verb(one: Person, by: Actor) -> None:
        partner = db.session.get_one(Partner, int(form.partner.data), with_for_update=True)
        if partner.left_on is not None:
            raise Conflict(_("%(partner)s has left the partnership.", partner=partner.name))
        enrol_person(one, partner, Role(form.role.data), by)

    return _do(person_id, verb, _("Saved."), form)


def disable(person_id: int) -> Response:
    """Close the account; its sessions end at once."""
    return _do(person_id, closing.disable, _("The account is closed. All sessions have ended."))


def enable(person_id: int) -> Response:
    """Open a closed account again."""
    return _do(person_id, closing.enable, _("The account is open again."))


def reset_factor(person_id: int) -> Response:
    """Take away a second factor that is lost for good; all sessions end, the person sets up a new one."""
    return _do(person_id, factors.reset, _("The second factor is reset. All sessions have ended."))


def erase(person_id: int) -> Response:
    """Erase the account, at the person's own request."""
    return _do(person_id, erase_person, _("The account is erased. Ballots and record stay."))
