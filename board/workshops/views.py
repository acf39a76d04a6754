"""`/workshops`: the list, one workshop on a phone, its screen for the projector, its agenda; minutes are in `after`."""

from collections.abc import Callable
from typing import Any

import segno
from flask import Blueprint, Response, current_app, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from board.db import db, transaction
from board.errors import Missing, Refusal
from board.i18n import gettext as _
from board.i18n import in_days, today
from board.policy import allowed
from board.proposals.models import Proposal
from board.voting import queries as voting
from board.web import actor, component, page, redirect_to, refusals, respond
from board.work.models import Package
from board.workshops import after, drafts, forms, queries, verbs
from board.workshops.models import AgendaItem, ItemKind, Workshop

bp = Blueprint("workshops", __name__, url_prefix="/workshops")

AGENDA, NOW, STAGE = "workshops/_agenda.html", "workshops/_now.html", "workshops/_stage.html"


@bp.get("")
def index() -> Response:
    """All workshops, those to come first."""
    found, day = queries.listed(), today()
    coming = [w for w in found if w.state != "closed" and w.held_on >= day][::-1]
    past = [w for w in found if w not in coming]
    return page("workshops/index.html", coming=coming, past=past, host=allowed(actor(), "workshop.plan"))


@bp.get("/new")
def new() -> Response:
    """Announce one."""
    return _form(forms.WorkshopForm(data={"held_on": in_days(14), "begins": "10:00"}))


@bp.post("")
def plan() -> BaseResponse:
    """Announce one; the board assembles its agenda."""
    form = forms.WorkshopForm(request.form)
    if not form.validate():
        return _form(form)
    with transaction():
        made = verbs.plan(form.plan(), actor()).id
    return redirect_to(f"/workshops/{made}", _("The workshop is announced; its agenda is assembled."))


@bp.route("/<int:workshop_id>/edit", methods=["GET", "POST"])
def edit(workshop_id: int) -> BaseResponse:
    """Change what is announced."""
    found = queries.meeting(workshop_id, actor())
    if request.method == "GET":
        return _form(forms.WorkshopForm(obj=found), found)
    form, refusal = forms.WorkshopForm(request.form), None
    if form.validate():
        with refusals() as caught, transaction():
            verbs.edit(verbs.locked(workshop_id), form.plan(), actor())
        if not caught:
            return redirect_to(found.url, _("Workshop changed."))
        refusal = caught.refusal
    return _form(form, found, refusal)


def _form(form: forms.WorkshopForm, meeting: Any = None, refusal: Refusal | None = None) -> Response:
    status = refusal.status if refusal else 422 if form.errors else 200
    return page("workshops/edit.html", form=form, meeting=meeting, refusal=refusal, status=status)


@bp.get("/<int:workshop_id>")
def show(workshop_id: int) -> Response:
    """One workshop: to join, to follow on a phone, to lead."""
    return page("workshops/show.html", **_whole(workshop_id), **_leading(), qr=_qr(workshop_id))


def _leading(form: Any = None) -> dict[str, Any]:
    """The forms of hosts."""
    kinds: dict[str, tuple[type[Any], dict[str, Any]]] = {
        "key": (forms.KeyForm, {}), "talk": (forms.TalkForm, {}),
        "closing": (forms.CloseForm, {"data": {"late_until": forms.usual_hour()}}),
    }  # fmt: skip
    return {name: form if isinstance(form, kind) else kind(**start) for name, (kind, start) in kinds.items()}


def _whole(workshop_id: int) -> dict[str, Any]:
    """What the page and its parts show."""
    by = actor()
    meeting = queries.meeting(workshop_id, by)
    shown = queries.shown(meeting.current, by)
    if "proposal" in shown:
        shown = {**shown, "ballot": voting.boxes([shown["proposal"]], by)[shown["proposal"].id]}
    return {
        "meeting": meeting, "shown": shown, "item": meeting.current, "drafts": queries.drafts(by, workshop_id),
        "noting": forms.DraftForm() if meeting.host else None, "face": "card",
    }  # fmt: skip


@bp.get("/<int:workshop_id>/now")
def now(workshop_id: int) -> Response:
    """What is on the screen, for phones."""
    return component(NOW, **_whole(workshop_id), back_to=f"/workshops/{workshop_id}")


@bp.get("/<int:workshop_id>/agenda")
def agenda(workshop_id: int) -> Response:
    """The agenda alone."""
    return component(AGENDA, **_whole(workshop_id), back_to=f"/workshops/{workshop_id}")


@bp.get("/<int:workshop_id>/screen")
def screen(workshop_id: int) -> Response:
    """The projector's page: large, one item at a time, turned by keys."""
    return page("workshops/screen.html", **_whole(workshop_id), qr=_qr(workshop_id), link=_link(workshop_id))


@bp.get("/<int:workshop_id>/stage")
def stage(workshop_id: int) -> Response:
    """What is on the screen, large."""
    return component(STAGE, **_whole(workshop_id), qr=_qr(workshop_id), link=_link(workshop_id))


@bp.get("/<int:workshop_id>/items/<int:item_id>")
def count(workshop_id: int, item_id: int) -> Response:
    """The ballots on one item, large, as they arrive."""
    item = queries.item(workshop_id, item_id, actor())
    if item.kind != ItemKind.VOTE:
        raise Missing(_("There is no vote on this item."))
    return component("workshops/_count.html", workshop_id=workshop_id, item=item, shown=queries.shown(item, actor()))


@bp.post("/<int:workshop_id>/join")
def join(workshop_id: int) -> BaseResponse:
    """The partner acted for is there."""
    return _do(workshop_id, NOW, lambda workshop: verbs.join(workshop, actor()), _("Welcome."))


@bp.post("/<int:workshop_id>/open", endpoint="open")
def open_(workshop_id: int) -> BaseResponse:
    """Begin."""
    return _plain(workshop_id, lambda workshop: verbs.open_(workshop, actor()), f"/workshops/{workshop_id}")


@bp.post("/<int:workshop_id>/turn")
def turn(workshop_id: int) -> BaseResponse:
    """Show another item: `to` is next, back or an item's number."""
    to = request.form.get("to", "next")[:9]
    return _do(workshop_id, STAGE, lambda workshop: verbs.turn(workshop, to, actor()), "", path="/screen")


@bp.post("/<int:workshop_id>/assemble")
def assemble(workshop_id: int) -> BaseResponse:
    """Add what belongs on the agenda by now."""
    told = _("The agenda is up to date.")
    return _do(workshop_id, AGENDA, lambda workshop: verbs.assemble(workshop, actor()), told)


@bp.post("/<int:workshop_id>/items")
def add(workshop_id: int) -> BaseResponse:
    """Put a proposal, a package or an impulse talk on the agenda."""
    form: Any = forms.KeyForm(request.form) if "key" in request.form else forms.TalkForm(request.form)
    if not form.validate():
        return page("workshops/show.html", **_whole(workshop_id), **_leading(form), qr=_qr(workshop_id), status=422)
    return _plain(workshop_id, lambda workshop: verbs.add(workshop, _item(form), actor()), f"/workshops/{workshop_id}")


def _item(form: Any) -> AgendaItem:
    """What the form puts on the agenda; inside the transaction. Raises Missing."""
    if isinstance(form, forms.TalkForm):
        return AgendaItem(
            kind=ItemKind.TALK, title=form.title.data, url=form.url.data or "",
            partner_id=int(form.partner.data) if form.partner.data else None,
        )  # fmt: skip
    kind, number = form.found
    if kind == "AP":
        package = db.session.get(Package, number)
        if package is None:
            raise Missing(_("There is no such work package."))
        return AgendaItem(kind=ItemKind.PACKAGE, package_id=number, proposal_id=package.proposal_id, title="")
    if db.session.get(Proposal, number) is None:
        raise Missing(_("There is no such proposal."))
    return AgendaItem(kind=ItemKind.VOTE, proposal_id=number, title="")


@bp.post("/<int:workshop_id>/items/<int:item_id>/arrange")
def arrange(workshop_id: int, item_id: int) -> BaseResponse:
    """Move an item `up` or `down`, or `remove` it."""
    to = request.form.get("to", "")
    to = to if to in {"up", "down", "remove"} else "up"
    return _do(workshop_id, AGENDA, lambda workshop: verbs.arrange(workshop, item_id, to, actor()), "")


@bp.post("/<int:workshop_id>/drafts")
def enter(workshop_id: int) -> BaseResponse:
    """Note what a partner said about the item on the screen."""
    form = forms.DraftForm(request.form)

    def note(workshop: Workshop) -> None:
        here = db.session.get(AgendaItem, workshop.item_id) if workshop.item_id else None
        if here is None or here.kind != ItemKind.VOTE or here.proposal_id is None:
            raise Missing(_("There is no vote on this item."))
        drafts.enter(
            workshop, here.proposal_id, int(form.partner.data), form.choice.data or "", form.reason.data or "", actor()
        )

    told = _("Noted as a draft. The partner's delegate confirms it.")
    return _do(workshop_id, NOW, note if form.validate() else None, told, form)


@bp.post("/drafts/<int:draft_id>/confirm")
def confirm(draft_id: int) -> BaseResponse:
    """Make the draft one's partner's ballot."""
    told = _("Ballot recorded. The draft is settled.")
    return _do(queries.workshop_of(draft_id), NOW, lambda _w: drafts.confirm(drafts.locked(draft_id), actor()), told)


@bp.post("/drafts/<int:draft_id>/discard")
def discard(draft_id: int) -> BaseResponse:
    """Throw the draft away."""
    told = _("Draft discarded.")
    return _do(queries.workshop_of(draft_id), NOW, lambda _w: drafts.discard(drafts.locked(draft_id), actor()), told)


@bp.post("/<int:workshop_id>/close")
def close(workshop_id: int) -> BaseResponse:
    """End it and freeze the minutes."""
    form = forms.CloseForm(request.form)
    if not form.validate():
        return page("workshops/show.html", **_whole(workshop_id), **_leading(form), qr=_qr(workshop_id), status=422)
    return _plain(
        workshop_id,
        lambda workshop: verbs.close(workshop, form.until(), actor()),
        url_for("workshops.minutes", workshop_id=workshop_id),
    )


def _do(
    workshop_id: int,
    template: str,
    verb: Callable[[Workshop], object] | None,
    told: str,
    form: Any = None,
    path: str = "",
) -> BaseResponse:
    """One verb in its transaction, answered with the part of the page that shows it."""
    refusal = None
    if verb:
        with refusals() as caught, transaction():
            verb(verbs.locked(workshop_id))
        refusal = caught.refusal
        if isinstance(refusal, Missing):
            raise refusal
    more: dict[str, Any] = {"qr": _qr(workshop_id), "link": _link(workshop_id)} if template == STAGE else {}
    back = f"/workshops/{workshop_id}{path}"
    return respond(template, back_to=back, form=form, refusal=refusal, message=told, **_whole(workshop_id), **more)


def _plain(workshop_id: int, verb: Callable[[Workshop], object], goal: str) -> BaseResponse:
    """One verb of a plain form: a new page follows, or the error page."""
    with transaction():
        verb(verbs.locked(workshop_id))
    return redirect_to(goal)


def _link(workshop_id: int) -> str:
    """The address that phones open."""
    origin = current_app.config["BOARD"].origin or request.url_root.rstrip("/")
    return f"{origin}/workshops/{workshop_id}"


def _qr(workshop_id: int) -> str:
    """The same as a picture, made here."""
    return segno.make(_link(workshop_id), error="m").svg_data_uri(scale=6, border=3, light="#fff")


# What remains

bp.get("/<int:workshop_id>/minutes", endpoint="minutes")(after.minutes)
bp.get("/<int:workshop_id>/minutes.md", endpoint="markdown")(after.markdown)
bp.get("/<int:workshop_id>/minutes/<slug>", endpoint="letter")(after.letter)
