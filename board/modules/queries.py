"""Modules and the app as the schema writes them: the board's own words, and what only a file says."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select

from board import text
from board.db import db
from board.errors import Missing
from board.i18n import day_of
from board.i18n import gettext as _
from board.modules import schema
from board.modules.models import AppFile, ModuleFile
from board.partners.models import Kind, Partner
from board.partners.names import named
from board.proposals.models import Proposal, Topic
from board.proposals.states import State
from board.voting.models import Reuse, ReuseStatus

ONLY = 1
LOOKED_UP = 100
NOTHING: tuple[Any, ...] = ("", [], {}, None)
"""What says nothing: of a field that the schema knows it is left out, in any other it comes back as it was."""


def kept(proposal_id: int) -> ModuleFile | None:
    """What a file says of a proposal's module, if one was taken in."""
    return db.session.get(ModuleFile, proposal_id, populate_existing=True)


def of_proposal(proposal: Any) -> dict[str, Any]:
    """What modules/_module.html shows under a proposal: the fields that only the file has, and whether it runs."""
    found = kept(proposal.id)
    said = found.given if found else {}
    given = {name: v for name, v in said.items() if name != "deployed_in_municipalities" and v not in NOTHING}
    called = [text.fold(name) for name in _texts(said.get("deployed_in_municipalities"))]
    named = _outside(said, _entries(proposal.id, called)) if called else []
    return {"key": f"FV-{proposal.id}", "given": given, "elsewhere": named, "source": found.source if found else ""}


def module(proposal_id: int) -> dict[str, Any]:
    """A proposal as the file of a module, in the schema's order; then what the schema does not know. Raises Missing."""
    row = db.session.execute(
        select(
            Proposal.title, Proposal.summary, Proposal.text, Proposal.state, Proposal.active_at, Topic.slug,
            Proposal.effort_low, Proposal.effort_high,
        )
        .join(Topic, Topic.id == Proposal.topic_id)
        .where(Proposal.id == proposal_id, Proposal.merged_into_id.is_(None))
    ).first()  # fmt: skip
    if row is None:
        raise Missing(_("There is no proposal FV-%(id)s.", id=proposal_id))
    found = kept(proposal_id)
    given = dict(found.given) if found else {}
    own = {
        "name": row.title, "topic": schema.TOPIC_OF.get(row.slug, row.slug), "short_description": row.summary,
        "description": row.text, "last_update": day_of(row.active_at).isoformat(),
        "development_status": schema.status(row.state, given.get("development_status")),
        "deployed_in_municipalities": _deployed(given, _entries(proposal_id)),
    }  # fmt: skip
    if not given.get("cost") and row.effort_high:
        own["cost"] = estimated(row.effort_low, row.effort_high)
    return _ordered(given | own, schema.MODULE)


def estimated(low: int, high: int) -> str:
    """The effort as the schema's text for costs, in German like the schema."""
    return f"{low} bis {high} Personentage (Schätzung)" if low != high else f"{high} Personentage (Schätzung)"


def app(origin: str) -> dict[str, Any]:
    """The whole app: who runs any of it, and the addresses of its modules that can be used."""
    row = db.session.get(AppFile, ONLY, populate_existing=True)
    given = dict(row.given) if row else {}
    ids = db.session.scalars(
        select(Proposal.id)
        .where(Proposal.state.in_((State.AVAILABLE, State.PILOTING)), Proposal.merged_into_id.is_(None))
        .order_by(Proposal.id)
    )
    ours = [f"{origin}/proposals/FV-{number}/module.yml" for number in ids]
    last = db.session.scalar(select(Proposal.active_at).order_by(Proposal.active_at.desc()).limit(1))
    own = {
        "name": given.get("name") or "Stadt-App",
        "deployed_in_municipalities": _deployed(given, _entries(None)),
        "modules": [*ours, *(url for url in _texts(given.get("modules")) if url not in ours)],
        "city-app-yml-version": given.get("city-app-yml-version") or schema.VERSION,
        "last_update": day_of(last).isoformat() if last else "",
    }
    return _ordered(given | own, schema.APP)


def users(proposal_id: int) -> list[str]:
    """The official names of those who run it, as publiccode.yml lists them under `usedBy`."""
    rows = db.session.execute(
        select(Partner.name, Partner.official_name)
        .join(Reuse, Reuse.partner_id == Partner.id)
        .where(Reuse.proposal_id == proposal_id, Reuse.status == ReuseStatus.LIVE)
        .order_by(Partner.search)
    )
    return [row.official_name or row.name for row in rows]


def without_entry(given: Mapping[str, Any], proposal_id: int | None) -> list[str]:
    """Partners that the file names as running it and that have no entry of their own here."""
    entered = {name for name, _live in _entries(proposal_id)}
    named = {text.fold(name) for name in _texts(given.get("deployed_in_municipalities"))}
    return [name for name in db.session.scalars(select(Partner.name).order_by(Partner.search))
            if text.fold(name) in named and name not in entered]  # fmt: skip


def _entries(proposal_id: int | None, called: Sequence[str] = ()) -> list[tuple[str, bool]]:
    """(name, whether it runs it) of every partner with an entry on reuse, for one proposal or for any.

    Only those of these names, as long as they are few enough to be looked up one by one.
    """
    query = (
        select(Partner.name, Reuse.status)
        .join(Reuse, Reuse.partner_id == Partner.id)
        .where(Partner.kind != Kind.PROVIDER)
        .order_by(Partner.search)
    )
    if proposal_id is not None:
        query = query.where(Reuse.proposal_id == proposal_id)
    if 0 < len(called) <= LOOKED_UP:
        query = query.where(or_(*(named(name) for name in called)))
    found: dict[str, bool] = {}
    for name, status in db.session.execute(query):
        found[name] = found.get(name, False) or status == ReuseStatus.LIVE
    return list(found.items())


def _deployed(given: Mapping[str, Any], entries: list[tuple[str, bool]]) -> list[str]:
    """Who runs it: the partners that say so here, then whom only the file names. An entry here outweighs the file."""
    return [name for name, live in entries if live] + _outside(given, entries)


def _outside(given: Mapping[str, Any], entries: Iterable[tuple[str, bool]]) -> list[str]:
    known = {text.fold(name) for name, _live in entries}
    return [name for name in _texts(given.get("deployed_in_municipalities")) if text.fold(name) not in known]


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []


def _ordered(values: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    names = [*(name for name in order if name in values), *(name for name in values if name not in order)]
    return {name: values[name] for name in names if name not in order or values[name] not in NOTHING}
