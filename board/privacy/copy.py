"""A copy of all of one's own data: a ZIP with a JSON file per kind, without hashes and tokens."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from board.accounts.models import Person
from board.activity.models import act
from board.db import Base, db, now
from board.i18n import gettext as _
from board.partners.models import Partner
from board.policy import Actor
from board.privacy.inventory import HELD, Held

PERSON = ("id", "email", "name", "is_product_owner", "is_admin", "is_host", "locale", "theme", "visited_at",
          "created_at", "disabled_at")  # fmt: skip
KEYS = {"proposal_id": "FV", "package_id": "AP"}
ROUGH = frozenset({"created_at", "seen_at", "ended_at"})
"""Times of sessions are told to the hour: a copy is no stopwatch of one's working day."""


def copy(person: Person, by: Actor) -> bytes:
    """The ZIP. That a copy was taken stands in the log."""
    act(by, "person.export", person, person=person.id)
    db.session.flush()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(person):
            archive.writestr(name, content)
    return packed.getvalue()


def _files(person: Person) -> Iterator[tuple[str, str]]:
    partners = {row.id: row.name for row in db.session.execute(select(Partner.id, Partner.name))}
    yield "README.txt", _readme()
    yield "person.json", _json({name: getattr(person, name) for name in PERSON})
    for held in HELD:
        if held.file:
            yield f"{held.file}.json", _json([_told(held, row, partners) for row in _rows(held, person.id)])


def _rows(held: Held, person_id: int) -> Iterator[dict[str, Any]]:
    table = Base.metadata.tables[held.table]
    key = list(table.primary_key.columns)
    query = select(*(table.columns[name] for name in held.shown)).where(table.columns[held.column] == person_id)
    for row in db.session.execute(query.order_by(*key)):
        yield dict(row._mapping)


def _told(held: Held, row: dict[str, Any], partners: dict[int, str]) -> dict[str, Any]:
    """The row with names and keys beside the numbers."""
    if held.table == "login_session":
        row = {n: v.replace(minute=0, second=0, microsecond=0) if n in ROUGH and v else v for n, v in row.items()}
    told: dict[str, Any] = {}
    for name, value in row.items():
        told[name] = value
        if name in {"partner_id", "about_id", "lead_partner_id"} and value is not None:
            told[name.removesuffix("_id") if name != "about_id" else "about"] = partners.get(value, "")
        if name in KEYS and value is not None:
            told[name.removesuffix("_id")] = f"{KEYS[name]}-{value}"
    return told


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


def _readme() -> str:
    lines = (
        _(
            "Everything that this board stores about you, as of %(moment)s (UTC).",
            moment=now().strftime("%Y-%m-%d %H:%M"),
        ),
        _("Each file is JSON and holds one kind of data; times are UTC. Hashes, keys and tokens are not included."),
        _("activity.json lists what you did; ballots, offers and claims belong to the partner you acted for."),
    )
    return "\n".join(lines) + "\n"
