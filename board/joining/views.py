"""The people of a partner: invite, resend, withdraw, roles, deputies, leaving. Accepting stands in `accepting`."""

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from board.accounts.models import Membership, Role
from board.db import db, transaction
from board.errors import Conflict, Missing, Refusal
from board.i18n import gettext as _
from board.joining import accepting, queries, seats, verbs
from board.joining.accepting import told_as
from board.joining.forms import DeputyForm, InviteAnywhereForm, InviteForm
from board.joining.models import Invitation
from board.partners import queries as partners
from board.partners.models import Partner
from board.policy import allowed
from board.web import actor, no_store, page, redirect_to, refusals

bp = Blueprint("joining", __name__)
bp.add_url_rule("/join/<token>", "show", accepting.show)
bp.add_url_rule("/join/<token>", "join", accepting.join, methods=["POST"])


@bp.get("/partners/<slug>/people")
def people(slug: str) -> Response:
    """Who belongs to a partner; for its own members and administrators, everybody else finds nothing here."""
    partner = _own(slug)
    return _people(partner, InviteForm(provider=partner.is_provider))


def _own(slug: str) -> Partner:
    partner, by = partners.by_slug(slug), actor()
    if partner is None or not (by.is_admin or by.partner_id == partner.id):
        raise Missing(_("There is no such partner."))
    return partner


def _people(partner: Partner, form: InviteForm, status: int = 200, **told: Any) -> Response:
    here, gone = queries.members(partner.id)
    manages = allowed(actor(), "invitation.send", Invitation(partner_id=partner.id))
    context = {
        "partner": partner,
        "here": here,
        "gone": gone if manages else [],
        "manages": manages,
        "pending": queries.pending(partner.id) if manages else [],
        "delegates": [member for member in here if member.role == Role.DELEGATE],
        "deputy_form": told.pop("deputy_form", None) or DeputyForm(),
        "deputy_of": told.pop("deputy_of", None),
    }
    return no_store(page("joining/people.html", form=form, status=told_as(status), **context, **told))


@bp.post("/partners/<slug>/people/invite")
def invite(slug: str) -> Response:
    """Invite somebody to one's own partner; the answer is the same whether or not there is an account."""
    partner = _own(slug)
    form = InviteForm(request.form, provider=partner.is_provider)
    if not form.validate():
        return _people(partner, form, 422)
    with refusals() as caught, transaction():
        verbs.invite(
            form.email.data or "",
            db.session.get_one(Partner, partner.id),
            Role(form.role.data),
            actor(),
            hours=form.hours.data,
            locale=form.locale.data,
        )
    if caught.refusal:
        return _people(partner, form, caught.refusal.status, refusal=caught.refusal.message)
    return redirect_to(_address(partner.slug) + "#invitations", _("The invitation is on its way."))


@bp.get("/invitations")
def overview() -> Response:
    """All invitations that wait, and one to anywhere; for administrators."""
    return _overview(InviteAnywhereForm())


def _overview(form: InviteAnywhereForm, status: int = 200, refusal: str | None = None) -> Response:
    return no_store(
        page("joining/overview.html", form=form, pending=queries.pending(), status=told_as(status), refusal=refusal)
    )


@bp.post("/invitations")
def invite_anywhere() -> Response:
    """Invite anybody to any partner, or to none."""
    form = InviteAnywhereForm(request.form)
    if not form.validate():
        return _overview(form, 422)
    with refusals() as caught, transaction():
        verbs.invite(
            form.email.data or "",
            db.session.get_one(Partner, int(form.partner.data)) if form.partner.data else None,
            Role(form.role.data),
            actor(),
            hours=form.hours.data,
            locale=form.locale.data,
        )
    if caught.refusal:
        return _overview(form, caught.refusal.status, caught.refusal.message)
    return redirect_to(url_for("joining.overview") + "#invitations", _("The invitation is on its way."))


@bp.post("/invitations/<int:invitation_id>/resend")
def resend(invitation_id: int) -> Response:
    """Send a new link; the older one dies."""
    with transaction():
        invitation = _mine(queries.get(invitation_id))
        verbs.resend(invitation, actor())
    return _back(invitation.partner_id, _("A new link is on its way; the older one no longer works."), "#invitations")


@bp.post("/invitations/<int:invitation_id>/withdraw")
def withdraw(invitation_id: int) -> Response:
    """Take an invitation back."""
    with transaction():
        invitation = _mine(queries.get(invitation_id))
        verbs.withdraw(invitation, actor())
    return _back(invitation.partner_id, _("Invitation withdrawn."), "#invitations")


@bp.post("/members/<int:membership_id>/role")
def assign(membership_id: int) -> Response:
    """Make a member a delegate, or the other way round."""
    role = request.form.get("role", "")
    if role not in set(Role):
        raise Refusal(_("There is no such choice."))
    with transaction():
        seat = _mine(queries.seat(membership_id))
        seats.assign(seat, Role(role), actor())
    return _back(seat.partner_id, _("Role changed."))


@bp.post("/members/<int:membership_id>/deputy")
def deputise(membership_id: int) -> Response:
    """Name a deputy with dates, or new dates."""
    form = DeputyForm(request.form)
    caught: Refusal | None = None
    if form.validate() and form.begin.data and form.end.data:
        with refusals() as kept, transaction():
            seat = _mine(queries.seat(membership_id))
            seats.deputise(seat, form.begin.data, form.end.data, actor())
        caught = kept.refusal
        if caught is None:
            return _back(seat.partner_id, _("Deputy named."))
        if not isinstance(caught, Conflict) and caught.status != 400:
            raise caught
    seat = _mine(db.session.get(Membership, membership_id))
    partner = db.session.get_one(Partner, seat.partner_id)
    return _people(
        partner,
        InviteForm(provider=partner.is_provider),
        caught.status if caught else 422,
        deputy_form=form,
        deputy_of=seat.id,
        deputy_refusal=caught.message if caught else None,
    )


@bp.post("/members/<int:membership_id>/deputy/end")
def undeputise(membership_id: int) -> Response:
    """Let the standing-in end at once."""
    with transaction():
        seat = _mine(queries.seat(membership_id))
        seats.undeputise(seat, actor())
    return _back(seat.partner_id, _("The deputy no longer stands in."))


@bp.post("/members/<int:membership_id>/end")
def end(membership_id: int) -> Response:
    """Leave a partner, or end the membership of somebody in one's own."""
    by = actor()
    with transaction():
        seat = queries.seat(membership_id)
        if seat.person_id != by.person_id:
            _mine(seat)
        seats.end(seat, by)
    if seat.person_id == by.person_id:
        return redirect_to(url_for("accounts.show"), _("You have left the partner. What you did stays on record."))
    return _back(seat.partner_id, _("Membership ended."))


def _mine(row: Any) -> Any:
    """A row of one's own partner, or any for administrators; others are not there."""
    by = actor()
    if row is None or not (by.is_admin or (by.partner_id is not None and row.partner_id == by.partner_id)):
        raise Missing
    return row


def _address(slug: str) -> str:
    return url_for("joining.people", slug=slug)


def _back(partner_id: int | None, message: str, fragment: str = "") -> Response:
    """To the partner's people; an administrator without a place in it comes back to where they were."""
    partner = db.session.get(Partner, partner_id) if partner_id else None
    return redirect_to((_address(partner.slug) if partner else url_for("joining.overview")) + fragment, message)
