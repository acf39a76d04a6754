"""Routes of this feature: each package's page and every action on one. Lists stand in `browsing`, texts in `authoring`.

An action answers with the component it was sent from: the card, the line, the panel of the package's
page, or the list around it, so that a card that changes its column moves at once.
"""

from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from board import web
from board.activity import queries as activity
from board.comments import queries as comments
from board.db import transaction
from board.errors import Missing
from board.i18n import current_locale, long_date
from board.i18n import gettext as _
from board.issues import mirror
from board.learnings import queries as learnings
from board.milestones.queries import goal
from board.notifications import watching
from board.policy import allowed
from board.text import markdown
from board.web import actor, page, redirect_to, refusals, respond
from board.work import (
    authoring,
    bids,
    browsing,
    cards,
    claims,
    exchange,
    forms,
    moves,
    packages,
    queries,
    shaping,
    together,
    waiting,
)
from board.work.leases import terms
from board.work.models import Seat
from board.work.packages import locked
from board.work.stepping import step

bp = Blueprint("work", __name__)
PANEL = "work/_package.html"
FACES = {"card": "work/_card.html", "line": "work/_line.html"}


bp.get("/work", endpoint="index")(browsing.index)
bp.get("/work/news", endpoint="news")(browsing.news)
bp.get("/proposals/<proposal:proposal_id>/packages/new", endpoint="new")(authoring.new)
bp.post("/proposals/<proposal:proposal_id>/packages", endpoint="create")(authoring.create)
bp.route("/packages/<package:package_id>/edit", methods=["GET", "POST"], endpoint="edit")(authoring.edit)
bp.post("/work/move", endpoint="move_several")(together.move)
bp.post("/work/move/undo", endpoint="move_back")(together.move_back)
bp.get("/work.<any(yaml,csv):kind>", endpoint="export")(exchange.export)
bp.get("/proposals/<proposal:proposal_id>/packages.<any(yaml,csv):kind>", endpoint="export_proposal")(
    exchange.export_proposal
)
bp.route("/proposals/<proposal:proposal_id>/packages/import", methods=["GET", "POST"], endpoint="import_")(
    exchange.import_
)
bp.route("/packages/<package:package_id>/split", methods=["GET", "POST"], endpoint="split")(shaping.split)
bp.route("/packages/<package:package_id>/merge", methods=["GET", "POST"], endpoint="merge")(shaping.merge)
bp.get("/packages/<package:package_id>/needs", endpoint="needs")(waiting.show)
bp.post("/packages/<package:package_id>/needs", endpoint="depend")(waiting.depend)
bp.post("/packages/<package:package_id>/needs/end", endpoint="undepend")(waiting.undepend)


# Pages


@bp.get("/packages/<package:package_id>")
def show(package_id: int) -> BaseResponse:
    """A package with all that is known about it; one that was merged leads to where it is now."""
    by, texts = actor(), queries.with_texts(package_id)
    if texts.merged_into_id is not None:
        return redirect_to(url_for("work.show", package_id=texts.merged_into_id))
    return page(
        "work/show.html",
        texts=texts,
        prose={"deliverables": markdown(texts.deliverables), "acceptance": markdown(texts.acceptance)},
        author=queries.author(texts, by),
        milestone=goal(texts.milestone_id).name if texts.milestone_id else "",
        needed=learnings.needed_by_package([package_id]).get(package_id),
        may_tell=allowed(by, "learning.write"),
        merged=queries.merged(package_id),
        **_panel(package_id),
        **waiting.shown(texts, by),
        **mirror.for_package(texts, by),
        **comments.for_package(texts, by),
        watching=watching.of_thing(by, texts),
        **activity.for_package(texts, by),
    )


@bp.get("/packages/<package:package_id>/card")
def card(package_id: int) -> Response:
    """One face of a package: `face` = card, line or (without) the panel of its page."""
    return web.component(FACES.get(request.args.get("face", ""), PANEL), **_panel(package_id))


@bp.get("/proposals/<proposal:proposal_id>/packages", endpoint="packages")
def under(proposal_id: int) -> Response:
    """The packages under a proposal."""
    return web.component("work/_packages.html", at=0, **queries.for_proposal(queries.proposal(proposal_id), actor()))


# Actions


@bp.post("/packages/<package:package_id>/claim")
def claim(package_id: int) -> BaseResponse:
    """Take a seat for one's partner."""
    form, by = forms.ClaimForm(request.form), actor()
    if not form.validate():
        return _answer(package_id, form=form, claim=form)
    with refusals() as caught, transaction():
        held = claims.claim(locked(package_id), by, Seat(form.seat.data), form.days.data, terms(), anyway=_anyway())
    told = "" if caught else _claimed(held.seat, held.lease_until)
    return _answer(package_id, caught, told)


@bp.post("/packages/<package:package_id>/renew")
def renew(package_id: int) -> BaseResponse:
    """Let one's partner's lease begin anew."""
    form = forms.RenewForm(request.form)
    if not form.validate():
        return _answer(package_id, form=form, renew=form)
    with refusals() as caught, transaction():
        claims.renew(locked(package_id), actor(), form.days.data, terms())
    return _answer(package_id, caught, _("The claim holds until %(date)s.", date=_day(terms().lease())))


@bp.post("/packages/<package:package_id>/hand-back")
def hand_back(package_id: int) -> BaseResponse:
    """Give one's partner's seat back."""
    with refusals() as caught, transaction():
        claims.hand_back(locked(package_id), actor())
    return _answer(package_id, caught, _("Handed back."))


@bp.post("/packages/<package:package_id>/move")
def move(package_id: int) -> BaseResponse:
    """Move a package to the state `to`, by the verb that leads there; sent twice, it moves once."""
    by, to = actor(), request.values.get("to", "")
    with refusals() as caught, transaction():
        step(locked(package_id), to, by, anyway=_anyway())
    return _answer(package_id, caught, _("Moved."))


@bp.post("/packages/<package:package_id>/hold")
def hold(package_id: int) -> BaseResponse:
    """Stop the clock."""
    form = forms.HoldForm(request.form)
    if not form.validate():
        return _answer(package_id, form=form, hold=form)
    with refusals() as caught, transaction():
        moves.hold(locked(package_id), actor(), form.reason.data or "")
    return _answer(package_id, caught, _("On hold. The lease rests."))


@bp.post("/packages/<package:package_id>/resume")
def resume(package_id: int) -> BaseResponse:
    """Let the clock run on."""
    with refusals() as caught, transaction():
        moves.resume(locked(package_id), actor())
    return _answer(package_id, caught, _("Work goes on. The days on hold were added to the lease."))


@bp.post("/packages/<package:package_id>/commission")
def commission(package_id: int) -> BaseResponse:
    """Record whom the lead commissioned."""
    form = forms.CommissionForm(request.form)
    if not form.validate():
        return _answer(package_id, form=form, commission=form)
    with refusals() as caught, transaction():
        packages.commission(locked(package_id), actor(), form.whom.data or "")
    return _answer(package_id, caught, _("Recorded."))


@bp.post("/packages/<package:package_id>/bid")
def bid(package_id: int) -> BaseResponse:
    """A provider offers to carry the package out."""
    form = forms.BidForm(request.form)
    if not form.validate():
        return _answer(package_id, form=form, bid=form)
    with refusals() as caught, transaction():
        bids.bid(locked(package_id), actor(), form.text.data or "", form.days.data)
    return _answer(package_id, caught, _("Your offer is recorded."))


@bp.post("/packages/<package:package_id>/withdraw-bid")
def withdraw_bid(package_id: int) -> BaseResponse:
    """Take the offer back."""
    with refusals() as caught, transaction():
        bids.withdraw_bid(locked(package_id), actor())
    return _answer(package_id, caught, _("Your offer is withdrawn."))


# What they share


def _answer(
    package_id: int, caught: web.Caught | None = None, told: str = "", form: Any = None, **given: Any
) -> BaseResponse:
    """The component that the action was sent from, read again; `given` is the small form that was sent."""
    shown = _panel(package_id, **given) | _around(package_id)
    face = FACES.get(request.args.get("face", ""), PANEL)
    return respond(
        PANEL,
        back_to=url_for("work.show", package_id=package_id) + f"#package-{package_id}",
        form=form,
        refusal=caught.refusal if caught else None,
        message=told,
        faces={"package": face, "packages": "work/_packages.html", "board": "work/_board.html"},
        **shown,
    )


def _panel(package_id: int, **given: Any) -> dict[str, Any]:
    """What the three faces of a package need. `at`: the package that a refusal is about."""
    package = cards.card(package_id, actor())
    if package is None:
        raise Missing(_("There is no such work package."))
    return {
        "package": package, "at": package_id, "inputs": forms.inputs(**given), "within": "",
        "column": request.args.get("column", ""), "query": browsing.query(browsing.chosen()),
    }  # fmt: skip


def _around(package_id: int) -> dict[str, Any]:
    """The list around a package, when the action was sent from within it."""
    noun, _dash, number = web.target().rpartition("-")
    if noun == "packages" and number.isascii() and number.isdigit() and len(number) <= 9:
        return queries.for_proposal(queries.proposal(int(number)), actor())
    if web.target() == "board":
        return browsing.columns(browsing.chosen())
    return {}


def _anyway() -> bool:
    """Whether the person has read that the package waits for others."""
    return request.values.get("anyway") == "1"


def _claimed(seat: str, until: Any) -> str:
    partner = actor().partner
    whom = partner.name if partner else ""
    if seat == Seat.LEAD:
        return _("Claimed for %(partner)s. The claim holds until %(date)s.", partner=whom, date=_day(until))
    return _("%(partner)s supports this work package. The claim holds until %(date)s.", partner=whom, date=_day(until))


def _day(when: Any) -> str:
    return long_date(when, current_locale())
