"""The record, for administrators: what happened, by whom as numbers and roles, and whether the chain is whole."""

import re
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from board.record import queries
from board.routing import MAX_DIGITS
from board.web import no_store, page

bp = Blueprint("record", __name__)
KEY = re.compile(rf"(FV|AP)-?0*([1-9]\d{{0,{MAX_DIGITS - 1}}})", re.IGNORECASE | re.ASCII)


@bp.get("/admin/record")
def show() -> Response:
    """The newest entries, narrowed by group and by proposal or package; place and filters stand in the address."""
    group = request.args.get("group", "")
    group = group if group in queries.GROUPS else ""
    on = request.args.get("on", "").strip()
    key = KEY.fullmatch(on)
    kind, number = (key[1].upper(), int(key[2])) if key else ("", None)
    before = request.args.get("before", "")
    before_id = int(before) if before.isascii() and before.isdigit() and len(before) <= MAX_DIGITS else None
    found, following = queries.entries(
        group,
        number if kind == "FV" else None,
        number if kind == "AP" else None,
        before_id,
    )
    query = {name: value for name, value in (("group", group), ("on", on)) if value}
    return no_store(
        page(
            "record/show.html",
            entries=found,
            standing=queries.standing(),
            group=group,
            groups=queries.GROUPS,
            on=on if number else "",
            unknown=on if on and not number else "",
            more_url=f"/admin/record?{urlencode({**query, 'before': following})}" if following else "",
            first_url=f"/admin/record?{urlencode(query)}" if before_id else "",
        )
    )
