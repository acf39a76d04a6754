"""Routes of variants: the section on a proposal's page, its entry, the way back and its packages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.db import transaction
from board.errors import Missing, Refusal
from board.i18n import gettext as _
from board.variants import queries, verbs
from board.variants.forms import VariantForm
from board.variants.models import Variant
from board.voting import ballots as voting
from board.voting import queries as proposals
from board.web import actor, component, refusals, respond
from board.work.forms import SeveralForm

bp = Blueprint("variants", __name__)
TEMPLATE = "variants/_variants.html"


@bp.get("/proposals/<proposal:proposal_id>/variants")
def index(proposal_id: int) -> Response:
    """The variants of a proposal."""
    return component(TEMPLATE, variants=_read(proposal_id), back_to=f"/proposals/FV-{proposal_id}")


@bp.post("/proposals/<proposal:proposal_id>/variants")
def record(proposal_id: int) -> BaseResponse:
    """Record the variant of the partner acted for; `remove=1` takes the entry away."""
    form = None if request.form.get("gone") == "1" else VariantForm(request.form)
    refusal = None
    if form is None or form.validate():
        with refusals() as caught, transaction():
            proposal = voting.locked(proposal_id, actor())
            if form:
                verbs.record(proposal, form.said(), actor())
            else:
                verbs.remove(proposal, actor())
        refusal = caught.refusal
    return _answer(proposal_id, form, refusal, _("Variant recorded.") if form else _("The entry was removed."))


@bp.post("/variants/<int:variant_id>/begin")
def begin_return(variant_id: int) -> BaseResponse:
    """Begin to bring it back to the common base."""
    told = _("The return to the common base has begun.")
    return _change(variant_id, None, lambda variant: verbs.begin_return(variant, actor()), told)


@bp.post("/variants/<int:variant_id>/stop")
def stop_return(variant_id: int) -> BaseResponse:
    """Leave it a variant for now."""
    return _change(
        variant_id, None, lambda variant: verbs.stop_return(variant, actor()), _("It stays a variant for now.")
    )


@bp.post("/variants/<int:variant_id>/finish")
def finish_return(variant_id: int) -> BaseResponse:
    """It is part of the common base."""
    told = _("The variant is part of the common base.")
    return _change(variant_id, None, lambda variant: verbs.finish_return(variant, actor()), told)


@bp.post("/variants/<int:variant_id>/packages")
def divide(variant_id: int) -> BaseResponse:
    """Divide the return into work packages."""
    form = SeveralForm(request.form)
    told = _("Work packages created: %(n)s.", n=len(form.drafts())) if form.validate() else ""
    return _change(variant_id, form, lambda variant: verbs.divide(variant, form.drafts(), actor()), told)


def _change(variant_id: int, form: Any, do: Callable[[Variant], object], told: str) -> BaseResponse:
    proposal_id, refusal = queries.proposal_of(variant_id), None
    if form is None or not form.errors:
        with refusals() as caught, transaction():
            voting.locked(proposal_id, actor())
            do(verbs.locked(variant_id))
        refusal = caught.refusal
        if isinstance(refusal, Missing):
            raise refusal
    return _answer(proposal_id, form, refusal, told, variant_id)


def _answer(proposal_id: int, form: Any, refusal: Refusal | None, told: str, asked: int = 0) -> BaseResponse:
    return respond(
        TEMPLATE,
        back_to=f"/proposals/FV-{proposal_id}#variants-{proposal_id}",
        form=form,
        refusal=refusal,
        message=told,
        variants=replace(_read(proposal_id), asked=asked),
    )


def _read(proposal_id: int) -> queries.Variants:
    return queries.of_proposal(proposals.get(proposal_id), actor())
