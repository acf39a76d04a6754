"""The delivery log of an endpoint: filters in the address, keyset paging, what was sent, sending one or all again."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from board.db import transaction
from board.errors import Missing
from board.i18n import clock, current_locale, ngettext, short_date
from board.i18n import gettext as _
from board.jobs.worker import worker
from board.outgoing import endpoints, queries, resending
from board.outgoing.models import Standing
from board.outgoing.queries import DeliveryLine, EndpointLine, Filter
from board.outgoing.words import REASONS, STATUSES
from board.web import actor, no_store, page, redirect_to, refusals, respond

bp = Blueprint("sent_log", __name__)
bp.after_request(no_store)


@bp.get("/outgoing/<int:endpoint_id>/deliveries")
def index(endpoint_id: int) -> Response:
    """The newest deliveries first."""
    line, chosen = _endpoint(endpoint_id), _filter()
    found = queries.deliveries(line.id, chosen)
    more = _url(line.id, chosen, found[-1].id) if len(found) == queries.PAGE else ""
    return page(
        "outgoing/deliveries.html", line=line, rows=[row(one) for one in found], filter=chosen, statuses=STATUSES,
        events=queries.events(line.id), more_url=more, first_url=_url(line.id, chosen) if chosen.before else "",
    )  # fmt: skip


@bp.get("/outgoing/<int:endpoint_id>/deliveries/<int:delivery_id>")
def show(endpoint_id: int, delivery_id: int) -> Response:
    """One delivery with what was sent, and each attempt."""
    line, found = _endpoint(endpoint_id), _delivery(endpoint_id, delivery_id)
    kept, tries = queries.content(found.id)
    body = json.dumps(json.loads(kept), indent=2, ensure_ascii=False) if kept else ""
    attempts = [
        {"at": datetime.fromisoformat(at), "ms": ms, "told": reason(problem, code), "code": code}
        for at, code, ms, problem in reversed(tries)
    ]
    return page("outgoing/delivery.html", line=line, row=row(found), body=body, tries=attempts)


@bp.post("/outgoing/<int:endpoint_id>/deliveries/<int:delivery_id>/resend")
def resend(endpoint_id: int, delivery_id: int) -> BaseResponse:
    """Send it once more, under the same id."""
    line = _endpoint(endpoint_id)
    _delivery(line.id, delivery_id)
    with refusals() as caught, transaction():
        resending.resend(endpoints.locked(line.id), actor(), delivery_id)
    if not caught:
        worker().soon("outgoing")
    back = url_for("sent_log.index", endpoint_id=line.id) + f"#delivery-{delivery_id}"
    return respond(
        "outgoing/_delivery.html", back_to=back, refusal=caught.refusal, row=row(_delivery(line.id, delivery_id)),
        line=line, message=_("It is sent again in a moment."),
    )  # fmt: skip


@bp.post("/outgoing/<int:endpoint_id>/deliveries/resend")
def resend_failed(endpoint_id: int) -> BaseResponse:
    """Send all failed ones once more."""
    n = 0
    with transaction():
        n = resending.resend_failed(endpoints.locked(endpoint_id), actor())
    worker().soon("outgoing")
    told = ngettext("%(n)s delivery is sent again.", "%(n)s deliveries are sent again.", n)
    return redirect_to(url_for("sent_log.index", endpoint_id=endpoint_id), told)


def row(one: DeliveryLine) -> dict[str, Any]:
    """A line and its words."""
    locale = current_locale()
    at = f"{short_date(one.created_at, locale)}, {clock(one.created_at, locale)}"
    return {"one": one, "at": at, "status": STATUSES[Standing(one.status)], "reason": reason(one.reason, one.code)}


def reason(code: str, status: int | None) -> str:
    """Why it was not taken, in words."""
    return _(REASONS[code], code=status) if code in REASONS else code


def told(one: DeliveryLine) -> str:
    """What came of it, in a sentence."""
    if one.status == Standing.DELIVERED:
        return _("Delivered: the receiver answered %(code)s after %(n)s ms.", code=one.code, n=round(one.ms or 0))
    return _("Not delivered. %(reason)s", reason=reason(one.reason, one.code))


def _endpoint(endpoint_id: int) -> EndpointLine:
    found = queries.endpoint(endpoint_id)
    if found is None:
        raise Missing(_("There is no such webhook."))
    return found


def _delivery(endpoint_id: int, delivery_id: int) -> DeliveryLine:
    found = queries.delivery(endpoint_id, delivery_id)
    if found is None:
        raise Missing(_("There is no such delivery."))
    return found


def _filter() -> Filter:
    """From the address; what it cannot mean is left out."""
    status, event, before = (request.args.get(name, "") for name in ("status", "event", "before"))
    return Filter(
        status=status if status in {s.value for s in Standing} else "",
        event=event if event.isprintable() and len(event) <= 40 else "",
        before=int(before) if before.isascii() and before.isdigit() and len(before) <= 9 else None,
    )


def _url(endpoint_id: int, chosen: Filter, before: int | None = None) -> str:
    given = {"status": chosen.status, "event": chosen.event, "before": before}
    query = urlencode({name: value for name, value in given.items() if value})
    return url_for("sent_log.index", endpoint_id=endpoint_id) + (f"?{query}" if query else "")
