"""The estimates of a proposal: the list, and the forms that make and change them."""

from typing import Any

from flask import Blueprint, request
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from board import i18n
from board.db import db, transaction
from board.errors import Conflict, Denied, Missing
from board.estimates import queries, verbs
from board.estimates.forms import VALID_DAYS, EstimateForm
from board.estimates.models import Estimate
from board.estimates.shown import for_proposal
from board.i18n import gettext as _
from board.policy import allowed
from board.proposals import queries as proposals
from board.web import Undo, actor, component, page, redirect_to, refusals, respond

bp = Blueprint("estimates", __name__)


@bp.get("/proposals/<proposal:proposal_id>/estimates")
def index(proposal_id: int) -> Response:
    """The list alone."""
    proposals.footprint(proposal_id)
    return component("estimates/_list.html", estimates=queries.of_proposal(proposal_id, actor()))


@bp.post("/proposals/<proposal:proposal_id>/estimates")
def make(proposal_id: int) -> Response:
    """Estimate for one's partner, or as product owner for a provider."""
    form, caught = EstimateForm(request.form), None
    if form.validate():
        with refusals() as caught:
            _make(proposal_id, form)
    failed = bool(form.errors or caught)
    return _answer(
        proposal_id, form if failed else None, form=form if failed else None,
        refusal=caught.refusal if caught else None, message=_("Estimate recorded."),
    )  # fmt: skip


def _make(proposal_id: int, form: EstimateForm) -> None:
    try:
        with transaction():
            provider = (form.provider.data or "") if actor().is_product_owner else ""
            verbs.make(proposals.locked(proposal_id), actor(), form.figures(), provider=provider)
    except IntegrityError as why:  # Two of the same author at once: the database let one in.
        raise Conflict(_("There is an estimate by this author already: change that one.")) from why


@bp.route("/estimates/<int:estimate_id>/edit", methods=["GET", "POST"])
def edit(estimate_id: int) -> Response:
    """Estimate anew, on a page of its own."""
    estimate = _get(estimate_id)
    if not allowed(actor(), "estimate.edit", estimate):
        raise Denied(_("You estimate for the partner for which you act."))
    if request.method == "GET":
        return _editor(estimate, _filled(estimate))
    form = EstimateForm(request.form)
    if not form.validate():
        return _editor(estimate, form, status=422)
    with refusals() as caught, transaction():
        verbs.edit(verbs.locked(estimate_id)[1], actor(), form.figures(), form.version.data or 0)
    if caught.refusal:
        estimate = _get(estimate_id)
        form.version.raw_data, form.version.data = None, estimate.version
        return _editor(estimate, form, status=409, refusal=caught.refusal)
    return redirect_to(_address(estimate.proposal_id), _("Estimate changed."))


@bp.post("/estimates/<int:estimate_id>/withdraw")
def withdraw(estimate_id: int) -> Response:
    """Take an estimate back."""
    with refusals() as caught, transaction():
        verbs.withdraw(verbs.locked(estimate_id)[1], actor())
    estimate = _get(estimate_id)
    gone = None if caught else estimate
    message = _("Estimate withdrawn.")
    return _answer(estimate.proposal_id, refusal=caught.refusal, message=message, withdrawn=gone)


@bp.post("/estimates/<int:estimate_id>/restore")
def restore(estimate_id: int) -> Response:
    """Undo the withdrawal."""
    with refusals() as caught, transaction():
        verbs.restore(verbs.locked(estimate_id)[1], actor())
    return _answer(_get(estimate_id).proposal_id, refusal=caught.refusal, message=_("The estimate stands again."))


def _answer(proposal_id: int, filled: EstimateForm | None = None, **context: Any) -> Response:
    proposal, by = proposals.whole(proposal_id), actor()
    gone = context.get("withdrawn")
    undo = Undo(f"/estimates/{gone.id}/restore") if gone else None
    shown = for_proposal(proposal, by, filled, withdrawn=gone) | {"proposal": proposal}
    return respond(
        "estimates/_section.html", back_to=_address(proposal_id), undo=undo, **(context | shown)
    )  # fmt: skip


def _address(proposal_id: int) -> str:
    return f"/proposals/FV-{proposal_id}#estimating-{proposal_id}"


def _get(estimate_id: int) -> Estimate:
    found = db.session.get(Estimate, estimate_id, populate_existing=True)
    if found is None:
        raise Missing(_("There is no such estimate."))
    return found


def _filled(estimate: Estimate) -> EstimateForm:
    values = {name: getattr(estimate, name) for name in ("low", "high", "valid_until", "version")}
    if not estimate.is_valid:
        values["valid_until"] = i18n.in_days(VALID_DAYS)
    return EstimateForm(data=values | {"assumptions": estimate.text})


def _editor(estimate: Estimate, form: EstimateForm, *, status: int = 200, refusal: Any = None) -> Response:
    theirs = queries.of_proposal(estimate.proposal_id, actor())
    line = next((line for line in theirs.lines if line.id == estimate.id), None)
    row = proposals.row(estimate.proposal_id, i18n.current_locale())
    return page("estimates/edit.html", status=status, form=form, line=line, row=row, number=estimate.id,
                refusal=refusal)  # fmt: skip
