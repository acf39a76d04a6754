"""The people of a partner: invite, resend, withdraw, roles, deputies, leaving; and the page behind an invitation."""

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from board.accounts import cookies, session
from board.accounts import queries as accounts
from board.accounts.entering import enter
from board.accounts.models import Membership, Person, Role
from board.accounts.verbs import create
from board.db import db, transaction
from board.errors import Conflict, Missing, Refusal
from board.i18n import gettext as _
from board.identities import client
from board.identities import queries as identities
from board.identities import verbs as identifying
from board.joining import queries, seats, verbs
from board.joining.forms import DeputyForm, InviteAnywhereForm, InviteForm, JoinForm, ProvedJoinForm
from board.joining.models import Invitation
from board.oidc import Provider
from board.partners import queries as partners
from board.partners.models import Partner
from board.policy import SYSTEM, allowed
from board.web import actor, no_store, page, redirect_to, refusals

bp = Blueprint("joining", __name__)


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
    return no_store(page("joining/people.html", form=form, status=_shown(status), **context, **told))


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
        page("joining/overview.html", form=form, pending=queries.pending(), status=_shown(status), refusal=refusal)
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


def _shown(status: int) -> int:
    """What is wrong with the entries themselves is 422, as everywhere."""
    return 422 if status == 400 else status


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


# Accepting


@bp.get("/join/<token>")
def show(token: str) -> Response:
    """The page behind an invitation; looking at it changes nothing."""
    invitation, proof = queries.by_token(token), _proof()
    form = ProvedJoinForm() if proof else JoinForm()
    return _join_page(invitation, token, form, proof=proof)


@bp.post("/join/<token>")
def join(token: str) -> Response:
    """Accept an invitation: with the account that is signed in, or with a new one, by password or by provider."""
    invitation, by = queries.by_token(token), actor()
    if by.signed_in or accounts.by_email(invitation.email):
        if by.email != invitation.email:
            return _join_page(invitation, token, JoinForm(), 409)
        with transaction():
            invitation = queries.by_token(token, locked=True)
            person = db.session.get_one(Person, by.person_id)
            seat = verbs.accept(invitation, person, by)
            if seat is not None:
                session.act_for(by.session_id, seat.id)
        return redirect_to(url_for("desk.show"), _welcome(invitation))
    proof = _proof()
    form = ProvedJoinForm(request.form) if proof else JoinForm(request.form)
    if not form.validate():
        return _join_page(invitation, token, form, 422, proof=proof)
    with refusals() as caught, transaction():
        invitation = queries.by_token(token, locked=True)
        password = None if proof else form["password"].data or ""
        person = create(SYSTEM, invitation.email, form.name.data or "", password)
        person.locale = invitation.locale
        newcomer = session.as_actor(person, None, None)
        if proof:
            identifying.connect(person, proof[0].issuer, proof[1], newcomer)
        verbs.accept(invitation, person, newcomer)
    if caught.refusal:
        refusal = caught.refusal
        return _join_page(queries.by_token(token), token, form, refusal.status, refusal.message, proof=proof)
    entered = enter(person.id, url_for("desk.show"), factor="oidc" if proof and proof[0].factor else "")
    return cookies.take(entered, cookies.STEP) if proof else entered


Proof = tuple[Provider, str]


def _proof() -> Proof | None:
    """The provider that has just said who this is, and its name for them; None when that is somebody's here already."""
    step = cookies.step("identity")
    provider = next((one for one in client.offered() if step and one.issuer == step["issuer"]), None)
    if step is None or provider is None or identities.behind(provider.issuer, step["subject"]):
        return None
    return provider, str(step["subject"])


def _join_page(
    invitation: Invitation,
    token: str,
    form: ProvedJoinForm,
    status: int = 200,
    refusal: str | None = None,
    *,
    proof: Proof | None = None,
) -> Response:
    by = actor()
    known = accounts.by_email(invitation.email)
    return no_store(
        page(
            "joining/join.html",
            form=form,
            invitation=invitation,
            partner=db.session.get(Partner, invitation.partner_id) if invitation.partner_id else None,
            token=token,
            proved_by=proof[0] if proof else None,
            providers=client.offered(),
            way="mine" if by.email == invitation.email else "other" if by.signed_in else "known" if known else "new",
            status=_shown(status),
            refusal=refusal,
        )
    )


def _welcome(invitation: Invitation) -> str:
    partner = db.session.get(Partner, invitation.partner_id) if invitation.partner_id else None
    return _("Welcome. You now act on behalf of %(partner)s.", partner=partner.name) if partner else _("Welcome.")
