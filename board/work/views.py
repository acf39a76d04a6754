"""Routes of this feature: the board of packages, each package's page, and every action on one.

An action answers with the component it was sent from: the card, the line, the panel of the package's
page, or the list around it, so that a card that changes its column moves at once.
"""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from board import web
from board.activity import queries as activity
from board.comments import queries as comments
from board.db import transaction
from board.errors import Conflict, Missing
from board.i18n import current_locale, long_date
from board.i18n import gettext as _
from board.issues import mirror
from board.policy import allowed
from board.text import clean, markdown
from board.web import actor, page, redirect_to, refusals, respond
from board.work import bids, claims, forms, moves, packages, queries
from board.work.leases import terms
from board.work.models import Package, PackageState, Seat
from board.work.packages import as_draft, locked

bp = Blueprint("work", __name__)
PANEL = "work/_package.html"
FACES = {"card": "work/_card.html", "line": "work/_line.html"}
DO = {
    "claim": lambda package, by: claims.claim(package, by, Seat.LEAD, None, terms()),
    "start": lambda package, by: moves.start(package, by, terms()),
    "submit": lambda package, by: moves.submit(package, by, terms()),
    "finish": lambda package, by: moves.finish(package, by, terms()),
    "return": lambda package, by: moves.send_back(package, by, terms()),
    "hand_back": claims.hand_back,
}


# Pages


@bp.get("/work")
def index() -> Response:
    """All packages, as a board by state or as a list."""
    by, filters, listed = actor(), _filters(), request.args.get("view") == "list"
    shown: dict[str, Any] = {"filters": filters, "listed": listed, "newest": queries.newest(), "at": 0}
    shown |= _listing(filters) if listed else _board(filters)
    cards = shown["listing"].cards if listed else [c for column in shown["columns"] for c in column.cards]
    tag = web.etag("work", [(c.id, c.version) for c in cards], shown["total"], shown["newest"])
    if found := web.not_modified(tag):
        return found
    total = shown["total"]
    only_free = filters.free and not (filters.partner or filters.q or filters.mine or filters.state)
    empty = "" if total else "nothing-yet" if not shown["newest"] else "all-done" if only_free else "nothing-matches"
    return web.tagged(
        page(
            "work/index.html", empty=empty, holders=queries.holders(), terms=terms(), news=0,
            without=_without(filters, listed), views=_views(filters), may_have=by.partner is not None,
            news_url=_news_url(filters, shown["newest"]), here=_address(filters, listed), **shown,
        ),
        tag,
    )  # fmt: skip


@bp.get("/work/news")
def news() -> Response:
    """How many packages have come since the page was made; they are announced, never pushed in."""
    filters, after = _filters(), _number("after") or 0
    n = queries.newer(filters, actor(), after)
    listed = request.args.get("view") == "list"
    return web.component(
        "work/_news.html", news=n, here=_address(filters, listed), news_url=_news_url(filters, after)
    )  # fmt: skip


@bp.get("/packages/<package:package_id>")
def show(package_id: int) -> Response:
    """A package with all that is known about it."""
    by, texts = actor(), _texts(package_id)
    return page(
        "work/show.html",
        texts=texts,
        prose={"deliverables": markdown(texts.deliverables), "acceptance": markdown(texts.acceptance)},
        author=queries.author(texts, by),
        **_panel(package_id),
        **mirror.for_package(texts, by),
        **comments.for_package(texts, by),
        **activity.for_package(texts, by),
    )


@bp.get("/packages/<package:package_id>/card")
def card(package_id: int) -> Response:
    """One face of a package: `face` = card, line or (without) the panel of its page."""
    return web.component(FACES.get(request.args.get("face", ""), PANEL), **_panel(package_id))


@bp.get("/proposals/<proposal:proposal_id>/packages", endpoint="packages")
def under(proposal_id: int) -> Response:
    """The packages under a proposal."""
    return web.component("work/_packages.html", at=0, **queries.for_proposal(_proposal(proposal_id), actor()))


# Texts


@bp.get("/proposals/<proposal:proposal_id>/packages/new")
def new(proposal_id: int) -> Response:
    """Divide a proposal into packages."""
    return page("work/new.html", form=forms.SeveralForm(), proposal=_proposal(proposal_id))


@bp.post("/proposals/<proposal:proposal_id>/packages")
def create(proposal_id: int) -> BaseResponse:
    """Create one package per line."""
    form, refusal = forms.SeveralForm(request.form), None
    if form.validate():
        drafts = form.drafts()
        with refusals() as caught, transaction():
            packages.create(proposal_id, actor(), drafts)
        if not caught:
            told = _("Work packages created: %(n)s.", n=len(drafts))
            return redirect_to(f"/proposals/FV-{proposal_id}#packages-{proposal_id}", told)
        refusal = caught.refusal
    status = refusal.status if refusal else 422
    return page("work/new.html", form=form, refusal=refusal, proposal=_proposal(proposal_id), status=status)


@bp.route("/packages/<package:package_id>/edit", methods=["GET", "POST"])
def edit(package_id: int) -> BaseResponse:
    """Change a package's texts; who comes second sees the other text above their own."""
    found = _texts(package_id)
    if request.method == "GET":
        form = forms.PackageForm.of(as_draft(found), found.text_version)
        return page("work/edit.html", form=form, texts=found, theirs=None, editor="")
    form, refusal, theirs = forms.PackageForm(request.form), None, None
    if form.validate():
        with refusals() as caught, transaction():
            packages.edit(locked(package_id, links=True), actor(), form.draft(), form.text_version.data or 0)
        if not caught:
            return redirect_to(url_for("work.show", package_id=package_id), _("Work package changed."))
        refusal, found = caught.refusal, _texts(package_id)
        if refusal and refusal.hints.get("edited"):
            theirs, form.text_version.raw_data, form.text_version.data = found, None, found.text_version
    return page(
        "work/edit.html", form=form, texts=found, theirs=theirs, editor=queries.last_editor(package_id),
        refusal=refusal, status=refusal.status if refusal else 422,
    )  # fmt: skip


# Actions


@bp.post("/packages/<package:package_id>/claim")
def claim(package_id: int) -> BaseResponse:
    """Take a seat for one's partner."""
    form, by = forms.ClaimForm(request.form), actor()
    if not form.validate():
        return _answer(package_id, form=form, claim=form)
    with refusals() as caught, transaction():
        held = claims.claim(locked(package_id), by, Seat(form.seat.data), form.days.data, terms())
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
        package = locked(package_id)
        verb = moves.VERBS.get((package.state, to))
        if verb:
            DO[verb](package, by)
        elif package.state != to or not allowed(by, "package.finish", package):
            raise Conflict(_("Somebody was faster, or the page is out of date."))
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
    package = queries.card(package_id, actor())
    if package is None:
        raise Missing(_("There is no such work package."))
    return {
        "package": package, "at": package_id, "inputs": forms.inputs(**given), "within": "",
        "column": request.args.get("column", ""), "query": _query(_filters()),
    }  # fmt: skip


def _around(package_id: int) -> dict[str, Any]:
    """The list around a package, when the action was sent from within it."""
    noun, _dash, number = web.target().rpartition("-")
    if noun == "packages" and number.isascii() and number.isdigit() and len(number) <= 9:
        return queries.for_proposal(_proposal(int(number)), actor())
    if web.target() == "board":
        return _board(_filters())
    return {}


def _board(filters: queries.Filters) -> dict[str, Any]:
    columns = queries.board(filters, actor())
    return {
        "columns": columns, "total": sum(c.total for c in columns), "query": _query(filters), "more": _more(filters),
        "free": next((c.total for c in columns if c.state == PackageState.OPEN), 0),
    }  # fmt: skip


def _listing(filters: queries.Filters) -> dict[str, Any]:
    after, seen = _number("after"), _number("seen") or 0
    listing = queries.listing(filters, actor(), after)
    shown = seen + len(listing.cards)
    more = _address(filters, True, after=listing.after, seen=shown) if listing.after else ""
    return {"listing": listing, "total": listing.total, "shown": shown, "more_url": more, "free": 0}


def _texts(package_id: int) -> Package:
    found = queries.with_texts(package_id)
    if found is None:
        raise Missing(_("There is no such work package."))
    return found


def _proposal(proposal_id: int) -> Any:
    found = queries.proposal(proposal_id)
    if found is None:
        raise Missing(_("There is no such proposal."))
    return found


def _filters() -> queries.Filters:
    """From the address; what it cannot mean is left out."""
    args, states = request.args, {s.value for s in PackageState}
    state = args.get("state", "")
    return queries.Filters(
        partner=clean(args.get("partner", ""))[:60],
        free=args.get("free") == "1",
        mine=args.get("mine") == "1" and actor().partner is not None,
        q=clean(args.get("q", ""))[:100],
        state=state if state in states else "",
    )


def _query(filters: queries.Filters) -> str:
    """The filters as they stand in addresses."""
    given = {name: "1" if value is True else value for name, value in vars(filters).items() if value}
    return urlencode(given)


def _address(filters: queries.Filters, listed: bool, **more: Any) -> str:
    parts = [_query(filters), urlencode(({"view": "list"} if listed else {}) | more)]
    query = "&".join(part for part in parts if part)
    return url_for("work.index") + (f"?{query}" if query else "")


def _without(filters: queries.Filters, listed: bool) -> dict[str, str]:
    """The address without one filter, by its name; the empty name stands for none at all."""
    without = {name: _address(queries.Filters(**{**vars(filters), name: default}), listed)
               for name, default in vars(queries.Filters()).items()}  # fmt: skip
    return without | {"": _address(queries.Filters(), listed)}


def _more(filters: queries.Filters) -> dict[str, str]:
    """Where the rest of a column is."""
    return {
        state.value: _address(queries.Filters(**{**vars(filters), "state": state.value, "free": False}), True)
        for state in PackageState
    }


def _views(filters: queries.Filters) -> tuple[str, str]:
    return _address(filters, False), _address(filters, True)


def _news_url(filters: queries.Filters, after: int) -> str:
    view = {"view": "list"} if request.args.get("view") == "list" else {}
    return f"{url_for('work.news')}?{urlencode({'after': after, **view})}" + (f"&{_query(filters)}" if filters else "")


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None


def _claimed(seat: str, until: Any) -> str:
    partner = actor().partner
    whom = partner.name if partner else ""
    if seat == Seat.LEAD:
        return _("Claimed for %(partner)s. The claim holds until %(date)s.", partner=whom, date=_day(until))
    return _("%(partner)s supports this work package. The claim holds until %(date)s.", partner=whom, date=_day(until))


def _day(when: Any) -> str:
    return long_date(when, current_locale())
