"""`/reuse`: the matrix of who uses what, its rows one by one, and how use has spread."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from board.db import transaction
from board.errors import Missing
from board.i18n import current_locale
from board.i18n import gettext as _
from board.partners import names
from board.policy import Actor
from board.proposals import queries as proposals
from board.reuse import asking, matrix
from board.reuse.columns import takes_part
from board.reuse.filters import MOST, SORTS, Filters, read
from board.reuse.spread import spread
from board.search import suggest
from board.text import clean
from board.voting import rights
from board.web import actor, component, etag, no_store, not_modified, page, redirect_to, tagged

bp = Blueprint("reuse", __name__, url_prefix="/reuse")
MAX_WORDS = 120


@bp.get("")
def index() -> Response:
    """The whole matrix that the address asks for."""
    by, locale = actor(), current_locale()
    topics = proposals.topics(locale)
    choice = _choice()
    filters = _filters(by, topics, choice)
    found = matrix.matrix(filters, by)
    meant = suggest.instead(filters.q) if filters.q and not found.rows else ""
    months = spread()
    tag = etag(filters, found, meant, months)
    if response := not_modified(tag):
        return response
    all_url = filters.url(all="1") if found.total > filters.most < MOST else ""
    context: dict[str, Any] = {
        "matrix": found, "filters": filters, "topics": topics, "partners": choice.partners, "sorts": SORTS,
        "chips": _chips(filters, by, {slug: label for _id, slug, label in topics}, choice.known),
        "typed": choice.typed, "like": [(filters.url(partner=slug), name) for slug, name in choice.like],
        "typed_as": choice.known.get(filters.partner, choice.typed),
        "may": _may(by), "meant": meant, "most": filters.most, "all_url": all_url,
        "months": months,
    }  # fmt: skip
    return tagged(page("reuse/index.html", **context), tag)


@bp.get("/<proposal:proposal_id>")
def row(proposal_id: int) -> Response:
    """One row again, after something in it has changed."""
    by = actor()
    filters = _filters(by, proposals.topics(current_locale()), _choice())
    columns, found = matrix.row(proposal_id, filters, by)
    if found is None:
        raise Missing(_("There is no such proposal."))
    return component("reuse/_row.html", row=found, columns=columns, filters=filters, may=_may(by))


@dataclass(frozen=True)
class Choice:
    """Partners as (slug, name) to choose from; None of too many, then what was typed and who may be meant."""

    partners: list[tuple[str, str]] | None
    typed: str
    like: list[tuple[str, str]]

    @property
    def known(self) -> dict[str, str]:
        """Slug → name of those that the address may name."""
        return dict(self.like if self.partners is None else self.partners)


def _choice() -> Choice:
    partners = names.choices(takes_part())
    typed = clean(request.args.get("partner", ""))[:MAX_WORDS] if partners is None else ""
    return Choice(partners, typed, names.meant(typed) if typed else [])


def _filters(by: Actor, topics: list[tuple[int, str, str]], choice: Choice) -> Filters:
    args = request.args.to_dict()
    if choice.partners is None:
        args["partner"] = choice.like[0][0] if len(choice.like) == 1 else ""
    return read(args, by, {slug for _id, slug, _label in topics}, set(choice.known))


def _may(by: Actor) -> bool:
    """Whether the reader keeps a column."""
    return not rights.why_no_offer(by)


STATUSES = {
    "examining": "examining",
    "planned": "planned",
    "pilot": "in pilot use",
    "live": "in use",
    "ended": "ended",
}
KINDS = {
    "municipality": "Municipalities",
    "county": "Counties",
    "association": "Associations",
    "provider": "Providers",
}


def _chips(filters: Filters, by: Actor, topics: dict[str, str], partners: dict[str, str]) -> list[tuple[str, str, str]]:
    """(field, value, address without it) for each active filter."""
    own = by.partner.name if by.partner else ""
    values = {
        "q": (_("Search"), filters.q),
        "topic": (_("Topic"), topics.get(filters.topic, "")),
        "status": (_("Status"), _(STATUSES[filters.status]) if filters.status else ""),
        "partner": (_("Entry of"), partners.get(filters.partner, "")),
        "elsewhere": (_("In use"), _("elsewhere, not in %(partner)s", partner=own)),
        "old": (_("Entries"), _("to be confirmed")),
        "who": (_("Columns"), filters.who),
        "kind": (_("Columns"), _(KINDS[filters.kind]) if filters.kind else ""),
    }
    return [(*values[name], filters.url(**{name: ""})) for name in filters.narrowing]


@bp.get("/confirm/<signed>")
def ask(signed: str) -> BaseResponse:
    """What a mail asks: one entry and one button. Reading it changes nothing."""
    found = asking.asked(signed)
    if found is None:
        raise Missing(_("This address is no longer valid. Sign in to confirm your partner's entries."))
    return no_store(page("reuse/confirm.html", asked=found, signed=signed))


@bp.post("/confirm/<signed>")
def confirm(signed: str) -> BaseResponse:
    """The answer to the mail: the entry still holds."""
    with transaction():
        found = asking.asked(signed, locked=True)
        if found is None:
            raise Missing(_("This address is no longer valid. Sign in to confirm your partner's entries."))
        asking.confirm(found)
    return redirect_to(url_for("reuse.ask", signed=signed))
