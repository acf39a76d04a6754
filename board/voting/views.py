"""Routes of voting: the ballot, the offers beside it, the tally, the coalition, who voted how, and reuse."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.db import transaction
from board.errors import Refusal
from board.i18n import gettext as _
from board.learnings import queries as learnings
from board.policy import Actor
from board.proposals.models import Proposal
from board.voting import ballots as voting
from board.voting import browsing, queries, reuses
from board.voting import offers as offering
from board.voting.forms import BallotForm, ConfirmForm, OffersForm, ReuseForm, VotingForm
from board.voting.models import Choice, OfferKind
from board.voting.shapes import Box, Panel
from board.web import Undo, actor, component, refusals, respond

bp = Blueprint("voting", __name__)

RECORDED = {
    Choice.FOR: "Ballot recorded: for.",
    Choice.AGAINST: "Ballot recorded: against.",
    Choice.ABSTAIN: "Ballot recorded: abstention.",
}
FACES = {"ballot": "voting/_ballot.html", "offers": "voting/_offers.html"}


@bp.get("/proposals/<proposal:proposal_id>/ballot")
def ballot(proposal_id: int) -> Response:
    """The ballot of the partner acted for."""
    return _show(FACES["ballot"], proposal_id, ballot=_box(queries.get(proposal_id)))


@bp.post("/proposals/<proposal:proposal_id>/ballot")
def cast(proposal_id: int) -> BaseResponse:
    """Cast the ballot of the partner acted for; with `offers=1` its offers too (then the choice may be absent)."""
    with_offers = request.form.get("offers") == "1"
    vote = None if with_offers and "choice" not in request.form else BallotForm(request.form)
    wish = OffersForm(request.form) if with_offers else None
    bad = _bad(proposal_id, vote, wish)
    said: voting.Said | None = None
    before = queries.panel(queries.get(proposal_id), actor()).values if wish else None

    def change(proposal: Proposal) -> None:
        nonlocal said
        if vote:
            said = voting.cast(proposal, vote.choice.data or "", vote.given_reason, actor())
        if wish:
            offering.apply(proposal, wish.wish(), actor())

    refusal = None if bad else _change(proposal_id, change, voting.locked if wish else voting.ground)
    if wish:
        return _answer_offers(proposal_id, bad or wish, refusal, before)
    told = _(RECORDED[Choice(vote.choice.data or "")]) if vote and not bad else ""
    return _answer_ballot(proposal_id, bad or vote, refusal, told, said)


@bp.post("/proposals/<proposal:proposal_id>/ballot/withdraw")
def withdraw(proposal_id: int) -> BaseResponse:
    """Take the ballot back."""
    said: voting.Said | None = None

    def change(proposal: Proposal) -> None:
        nonlocal said
        said = voting.withdraw(proposal, actor())

    refusal = _change(proposal_id, change, voting.ground)
    return _answer_ballot(proposal_id, None, refusal, _("Ballot withdrawn."), said)


@bp.get("/proposals/<proposal:proposal_id>/tally")
def tally(proposal_id: int) -> Response:
    """Where the ballots stand, and the coalition in one line."""
    return _show("voting/_tally.html", proposal_id, tally=_tally(queries.get(proposal_id)))


@bp.get("/proposals/<proposal:proposal_id>/offers")
def offers(proposal_id: int) -> Response:
    """What the partner acted for brings in, as a form."""
    return _show(FACES["offers"], proposal_id, offers=queries.panel(queries.get(proposal_id), actor()))


@bp.post("/proposals/<proposal:proposal_id>/offers/confirm")
def confirm(proposal_id: int) -> BaseResponse:
    """Record which body confirmed one of the partner's offers, and when; `undo=1` makes it a declared one again."""
    undo = request.form.get("undo") == "1"
    form = ConfirmForm(request.form)
    valid = form.validate() if not undo else form.kind.validate(form)

    def change(proposal: Proposal) -> None:
        kind = OfferKind(form.kind.data or "")
        if undo:
            offering.unconfirm(proposal, kind, actor())
        elif form.date.data:
            offering.confirm(proposal, kind, form.body.data or "", form.date.data, actor())

    refusal = _change(proposal_id, change) if valid else None
    return _answer_offers(proposal_id, form, refusal, None)


@bp.get("/proposals/<proposal:proposal_id>/coalition")
def coalition(proposal_id: int) -> Response:
    """Who takes part."""
    return _show("voting/_coalition.html", proposal_id, coalition=queries.coalition(queries.get(proposal_id), actor()))


@bp.get("/proposals/<proposal:proposal_id>/coalition/all")
def all_companions(proposal_id: int) -> Response:
    """All who take part in pages, by name; `kind` and `q` narrow them."""
    return browsing.companions_of(proposal_id)


@bp.get("/proposals/<proposal:proposal_id>/ballots")
def ballots(proposal_id: int) -> Response:
    """Who voted how, and every change."""
    return _show("voting/_ballots.html", proposal_id, ballots=queries.ballots(queries.get(proposal_id), actor()))


@bp.get("/proposals/<proposal:proposal_id>/ballots/all")
def all_ballots(proposal_id: int) -> Response:
    """All ballots in pages, by name; `choice` and `q` narrow them."""
    return browsing.ballots(proposal_id)


@bp.get("/proposals/<proposal:proposal_id>/reuse")
def reuse(proposal_id: int) -> Response:
    """Who uses it, and the partner's own record."""
    return _show("voting/_reuse.html", proposal_id, reuse=queries.users(queries.get(proposal_id), actor()))


@bp.get("/proposals/<proposal:proposal_id>/reuse/all")
def all_uses(proposal_id: int) -> Response:
    """All entries of use in pages, by name; `status` and `q` narrow them."""
    return browsing.uses_of(proposal_id)


@bp.post("/proposals/<proposal:proposal_id>/reuse")
def record_reuse(proposal_id: int) -> BaseResponse:
    """Record how far the partner acted for is with using it; `remove=1` takes the record away."""
    remove = request.form.get("gone") == "1"
    form = None if remove else ReuseForm(request.form)
    before = queries.users(queries.get(proposal_id), actor()).values

    def change(proposal: Proposal) -> None:
        if form:
            reuses.record(proposal, form.record(), actor())
        else:
            reuses.remove(proposal, actor())

    refusal = _change(proposal_id, change) if form is None or form.validate() else None
    users = queries.users(queries.get(proposal_id), actor())
    undo = None
    if refusal is None and not (form and form.errors) and users.values != before:
        users = replace(users, undo=before)
        back = {name: str(value) for name, value in before.items() if value}
        undo = Undo(f"/proposals/{users.key}/reuse", back if before["status"] else {"gone": "1"})
    return respond(
        "voting/_reuse.html",
        back_to=_back_to(proposal_id, "reuse"),
        form=form,
        refusal=refusal,
        message=_("Reuse recorded.") if form else _("The entry was removed."),
        undo=undo,
        reuse=users,
        tell=[] if refusal or (form and form.errors) else learnings.asked(actor(), proposal_id),
    )


def _change(
    proposal_id: int, change: Callable[[Any], None], lock: Callable[[int, Actor], Any] = voting.locked
) -> Refusal | None:
    """Do it to the locked proposal in one transaction; what was refused has changed nothing."""
    with refusals() as caught, transaction():
        change(lock(proposal_id, actor()))
    return caught.refusal


def _bad(proposal_id: int, vote: BallotForm | None, wish: OffersForm | None) -> VotingForm | None:
    """The form that has to be shown again, if any. A tap on what already stands needs no second reason."""
    if vote is not None:
        wrong = not vote.validate()
        if not wrong and vote.given_reason is None and vote.choice.data == Choice.AGAINST:
            wrong = _box(queries.get(proposal_id)).choice != Choice.AGAINST and vote.require_reason()
        elif not wrong:
            wrong = vote.require_reason()
        if wrong:
            return vote
    return wish if wish is not None and not wish.validate() else None


def _answer_ballot(
    proposal_id: int,
    form: VotingForm | None,
    refusal: Refusal | None,
    message: str,
    said: voting.Said | None,
) -> BaseResponse:
    """`said` is what stood before. In place its choice is one tap away, so only a lost reason needs its own undo."""
    proposal = queries.get(proposal_id)
    box = _box(proposal)
    lost = said if said and said.reason and said.choice != box.choice and not refusal else None
    return respond(
        FACES["ballot"],
        back_to=_back_to(proposal_id, "ballot"),
        form=form,
        refusal=refusal,
        message=message,
        beside={f"tally-{proposal_id}": "voting/_tally.html"},
        undo=_undo_ballot(box, said),
        ballot=box._replace(undo=lost) if lost else box,
        tally=_tally(proposal),
        face=_face(),
    )


def _undo_ballot(box: Box, said: voting.Said | None) -> Undo | None:
    """What brings back the ballot of before, or none where there was none."""
    url = f"/proposals/{box.key}/ballot"
    if said is None:
        return Undo(f"{url}/withdraw") if box.choice else None
    if (said.choice, said.reason) == (box.choice, box.reason):
        return None
    return Undo(url, {"choice": said.choice, "reason": said.reason})


def _answer_offers(proposal_id: int, form: VotingForm, refusal: Refusal | None, before: Any) -> BaseResponse:
    proposal = queries.get(proposal_id)
    panel: Panel = queries.panel(proposal, actor())
    undo = None
    if before is not None and not refusal and not form.errors and before != panel.values:
        panel = replace(panel, undo=before)
        fields = {name: "1" if value is True else str(value) for name, value in before.items() if value}
        undo = Undo(f"/proposals/{panel.key}/ballot", {"offers": "1", "again": "1", **fields})
    return respond(
        FACES["offers"],
        back_to=_back_to(proposal_id, "offers"),
        form=form,
        refusal=refusal,
        message=_("Offers recorded."),
        undo=undo,
        faces=FACES,
        beside={
            f"tally-{proposal_id}": "voting/_tally.html",
            f"coalition-{proposal_id}": "voting/_coalition.html",
        },
        offers=panel,
        ballot=_box(proposal),
        tally=_tally(proposal),
        coalition=queries.coalition(proposal, actor()),
        face=_face(),
    )


def _show(template: str, proposal_id: int, **shown: Any) -> Response:
    return component(template, back_to=f"/proposals/FV-{proposal_id}", face=_face(), **shown)


def _box(proposal: Any) -> Box:
    return queries.boxes([proposal], actor())[proposal.id]


def _tally(proposal: Any) -> Any:
    return queries.tally(proposal)


def _face() -> str:
    """`card` where the component stands apart, on the proposal's own page; else a part of a row."""
    return "card" if "card" in (request.args.get("face"), request.form.get("face")) else ""


def _back_to(proposal_id: int, noun: str) -> str:
    return f"/proposals/FV-{proposal_id}#{noun}-{proposal_id}"
