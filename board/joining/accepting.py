"""The page behind an invitation, and accepting it. `views` gives it its addresses."""

from flask import request, url_for
from werkzeug.wrappers import Response

from board.accounts import cookies, session
from board.accounts import queries as accounts
from board.accounts.entering import enter
from board.accounts.models import Person
from board.accounts.verbs import create
from board.db import db, transaction
from board.i18n import gettext as _
from board.identities import client
from board.identities import queries as identities
from board.identities import verbs as identifying
from board.joining import queries, verbs
from board.joining.forms import JoinForm, ProvedJoinForm
from board.joining.models import Invitation
from board.oidc import Provider
from board.partners.models import Partner
from board.policy import SYSTEM
from board.web import actor, no_store, page, redirect_to, refusals


def show(token: str) -> Response:
    """The page behind an invitation; looking at it changes nothing."""
    invitation, proof = queries.by_token(token), _proof()
    form = ProvedJoinForm() if proof else JoinForm()
    return _join_page(invitation, token, form, proof=proof)


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
            status=told_as(status),
            refusal=refusal,
        )
    )


def _welcome(invitation: Invitation) -> str:
    partner = db.session.get(Partner, invitation.partner_id) if invitation.partner_id else None
    return _("Welcome. You now act on behalf of %(partner)s.", partner=partner.name) if partner else _("Welcome.")


def told_as(status: int) -> int:
    """What is wrong with the entries themselves is 422, as everywhere."""
    return 422 if status == 400 else status
