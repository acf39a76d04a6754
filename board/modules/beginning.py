"""A module's file about something the board does not know yet: it becomes a proposal, after a look at both.

What the schema and a proposal both say (name, topic, texts) fills the proposal's form; the rest is kept as with any
module's file. Nothing is proposed twice: the same form sent again leads to the same proposal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from board import text
from board.db import db, transaction
from board.i18n import gettext as _
from board.modules import schema, taking
from board.modules.models import ModuleFile
from board.policy import Actor
from board.proposals import queries as proposals
from board.proposals.models import Proposal
from board.proposals.similar import similar
from board.proposals.states import State
from board.proposals.writing import Draft, Link, propose


def fields(given: Mapping[str, Any], topics: Sequence[tuple[int, str, str]]) -> dict[str, str]:
    """What a file says of the fields of a proposal's form. Nothing is cut: what is too long is told by the form."""
    said = {name: text.clean(str(given.get(name) or "")) for name in ("name", "short_description", "description")}
    wanted = text.fold(str(given.get("topic") or ""))
    topic = next((slug for _id, slug, label in topics if wanted in {slug, text.fold(label)}), "")
    topic = topic or next((slug for _id, slug, _l in topics if schema.TOPIC_OF.get(slug) == given.get("topic")), "")
    summary = said["short_description"] if said["description"] else ""
    return {
        "title": " ".join(said["name"].split()), "topic": topic, "summary": summary,
        "text": said["description"] or said["short_description"],
    }  # fmt: skip


def alike(title: str, source: str, locale: str) -> list[proposals.Row]:
    """Proposals that the file may be about: first that of the same address, then those with such a title."""
    alive = Proposal.state.not_in((State.WITHDRAWN, State.MERGED))
    same = select(Proposal.id).join(ModuleFile).where(ModuleFile.source == source, ModuleFile.source != "", alive)
    named = select(Proposal.id).where(Proposal.title == title, alive)
    ids = [number for query in (same, named) for number in db.session.scalars(query.order_by(Proposal.id).limit(3))]
    first = proposals.rows(ids, locale)
    found = {**first, **{row.id: row for row in similar(title, locale)}}
    return list(found.values())[:5]


def begin(by: Actor, draft: Draft, found: taking.Plan, source: str, once: str) -> int:
    """Propose it and keep what else its file says, in one transaction; returns the proposal's number."""
    if once and (number := proposals.by_once(by.person_id, once, draft.title)):
        return number
    if source:
        draft = replace(draft, links=(*draft.links, Link(_("Module file"), source, source=True)))
    try:
        with transaction():
            proposal = propose(by, draft, once=once or None)
            taking.take(proposal, found, source, by)
            return proposal.id
    except IntegrityError:  # The same form, sent twice at once.
        number = proposals.by_once(by.person_id, once, draft.title)
        if number is None:
            raise
        return number
