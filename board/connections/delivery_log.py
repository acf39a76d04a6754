"""The delivery log of a connection: filters in the address, keyset paging, the stored body, replay of one or all."""

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from board.connections.words import STATUSES, reason
from board.db import transaction
from board.errors import Missing
from board.i18n import clock, current_locale, ngettext, short_date
from board.i18n import gettext as _
from board.issues import connection_queries as queries
from board.issues import replay as replaying
from board.issues.connection_queries import ConnectionLine, DeliveryFilter, DeliveryLine
from board.issues.models import Status
from board.web import actor, no_store, page, redirect_to, refusals, respond

bp = Blueprint("deliveries", __name__)
bp.after_request(no_store)


@bp.get("/connections/<int:connection_id>/deliveries")
def index(connection_id: int) -> Response:
    """The newest deliveries first."""
    line, chosen = _connection(connection_id), _filter()
    found = queries.deliveries(line.id, chosen)
    more = _url(line.id, chosen, found[-1].id) if len(found) == queries.PAGE else ""
    return page(
        "connections/deliveries.html", line=line, rows=[_row(one) for one in found], filter=chosen,
        statuses=STATUSES, events=queries.events(line.id), more_url=more,
        first_url=_url(line.id, chosen) if chosen.before else "",
    )  # fmt: skip


@bp.get("/connections/<int:connection_id>/deliveries/<int:delivery_id>")
def show(connection_id: int, delivery_id: int) -> Response:
    """One delivery with what is kept of its body."""
    line, found = _connection(connection_id), _delivery(connection_id, delivery_id)
    kept = queries.body(line.id, found.id)
    body = json.dumps(json.loads(kept), indent=2, ensure_ascii=False) if kept else ""
    return page("connections/delivery.html", line=line, row=_row(found), body=body)


@bp.post("/connections/<int:connection_id>/deliveries/<int:delivery_id>/replay")
def replay(connection_id: int, delivery_id: int) -> BaseResponse:
    """Apply it once more."""
    line = _connection(connection_id)
    _delivery(line.id, delivery_id)
    with refusals() as caught, transaction():
        replaying.replay(delivery_id, actor())
    row = _row(_delivery(line.id, delivery_id))
    back = url_for("deliveries.index", connection_id=line.id) + f"#delivery-{delivery_id}"
    return respond(
        "connections/_delivery.html", back_to=back, refusal=caught.refusal, row=row, line=line,
        message=_("Replayed: %(status)s.", status=_(STATUSES[Status(row["one"].status)])),
    )  # fmt: skip


@bp.post("/connections/<int:connection_id>/deliveries/replay")
def replay_failed(connection_id: int) -> BaseResponse:
    """Apply all failed ones once more, oldest first."""
    line = _connection(connection_id)
    found = replaying.replay_failed(line.id, actor())
    well = sum(answer.status != Status.FAILED for answer in found)
    told = ngettext("%(n)s delivery replayed", "%(n)s deliveries replayed", len(found))
    told += ", " + _("%(n)s of them with success.", n=well)
    return redirect_to(url_for("deliveries.index", connection_id=line.id), told)


def _row(one: DeliveryLine) -> dict[str, Any]:
    """A line and its words."""
    message, kind = reason(one.reason)
    locale = current_locale()
    at = f"{short_date(one.received_at, locale)}, {clock(one.received_at, locale)}"
    return {"one": one, "at": at, "status": STATUSES[Status(one.status)], "reason": message, "kind": kind}


def _connection(connection_id: int) -> ConnectionLine:
    found = queries.connection(connection_id)
    if found is None:
        raise Missing(_("There is no such connection."))
    return found


def _delivery(connection_id: int, delivery_id: int) -> DeliveryLine:
    found = queries.delivery_line(connection_id, delivery_id)
    if found is None:
        raise Missing(_("There is no such delivery."))
    return found


def _filter() -> DeliveryFilter:
    """From the address; what it cannot mean is left out."""
    status, event = request.args.get("status", ""), request.args.get("event", "")
    return DeliveryFilter(
        status=status if status in {s.value for s in Status} else "",
        event=event if event.isprintable() and len(event) <= 60 else "",
        repository_id=_number("repository"),
        before=_number("before"),
    )


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None


def _url(connection_id: int, chosen: DeliveryFilter, before: int | None = None) -> str:
    given = {
        "status": chosen.status, "event": chosen.event, "repository": chosen.repository_id, "before": before,
    }  # fmt: skip
    query = urlencode({name: value for name, value in given.items() if value})
    return url_for("deliveries.index", connection_id=connection_id) + (f"?{query}" if query else "")
