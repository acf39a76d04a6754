"""How a proposal's text comes onto the board and changes: propose, import, edit.

HTML, summary and the searched text are made here, once, when something is written.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from board import text
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict
from board.i18n import gettext as _
from board.policy import Actor, allowed
from board.proposals import turns
from board.proposals.counts import count
from board.proposals.models import FRESH, Proposal, ProposalBuilder, ProposalLink, touch
from board.proposals.records import DecisionRecord
from board.proposals.states import State
from board.withheld import SENTENCE, Withheld, written

SUMMARY_LENGTH = 240
EDITED = ("title", "title_en", "text", "text_en", "summary", "summary_en", "vote_by")


@dataclass(frozen=True)
class Link:
    """A titled link; `source` marks where an imported proposal comes from."""

    title: str
    url: str
    source: bool = False


@dataclass(frozen=True)
class Draft:
    """What a proposal says. An empty summary means: the beginning of the text."""

    title: str
    topic_id: int
    text: str = ""
    vote_by: date | None = None
    summary: str = ""
    title_en: str = ""
    text_en: str = ""
    summary_en: str = ""
    links: tuple[Link, ...] = ()


def propose(by: Actor, draft: Draft, once: str | None = None) -> Proposal:
    """Ask the others for a feature, on behalf of the partner acted for (a product owner may act for none)."""
    proposal = Proposal(state=State.OPEN, partner_id=by.partner_id, author_id=by.person_id, once=once)
    _write(proposal, draft)
    _store(proposal, draft)
    act(by, "proposal.propose", proposal)
    return proposal


def import_(by: Actor, draft: Draft, *, state: State = State.OPEN, builders: Sequence[int] = ()) -> Proposal:
    """Bring in a proposal from elsewhere: it has sources and builders (partner ids), never a proposer."""
    proposal = Proposal(state=state, imported=True)
    _write(proposal, draft)
    _store(proposal, draft)
    act(by, "proposal.import", proposal)
    db.session.add_all(ProposalBuilder(proposal_id=proposal.id, partner_id=partner_id) for partner_id in builders)
    return proposal


def edit(proposal: Proposal, by: Actor, draft: Draft, *, edition: str) -> None:
    """Change what it says; `edition` marks what one began with, all fields of it. The same again is harmless.

    Its links must be loaded. Sources of an imported proposal stay. Once it is decided, only product owners amend it.
    Raises Conflict with `hints["stale"]` when somebody else has changed any of it meanwhile.
    """
    db.session.refresh(proposal, FRESH + EDITED, with_for_update=True)
    if allowed(by, "proposal.edit", proposal) and draft == as_draft(proposal):
        return
    act(by, "proposal.edit", proposal)
    if mark(as_draft(proposal)) != edition:
        raise Conflict(_("Somebody else has changed the text meanwhile."), stale=True)
    if proposal.state != State.OPEN and not by.is_product_owner:
        raise Conflict(_("The proposal is not open any more; only the product owner can still amend it."))
    before = _words(proposal)
    if proposal.topic_id != draft.topic_id:
        count({(proposal.state, proposal.topic_id): -1, (proposal.state, draft.topic_id): 1})
    _write(proposal, draft)
    proposal.search = _searched(proposal)
    proposal.links[:] = [link for link in proposal.links if link.source] + _links(draft)
    proposal.version += 1
    proposal.text_version += before != _words(proposal)
    proposal.active_at = now()


def withhold(proposal: Proposal, by: Actor, gone: Withheld, url: str) -> None:
    """Take out the words of an issue that must not be read any more, and the link to it; one's own words stay.

    Its links must be loaded. Nothing is logged where nothing of the issue is left.
    """
    _withhold_from_records(proposal.id, gone)
    before = (*_words(proposal), proposal.summary, proposal.summary_en)
    _without(proposal, gone)
    proposal.links[:] = [link for link in proposal.links if link.url != url and not gone.in_title(link.title)]
    if before == (*_words(proposal), proposal.summary, proposal.summary_en):
        touch(proposal.id)
        return
    act(by, "proposal.withhold", proposal)
    proposal.html, proposal.html_en = text.markdown(proposal.text), text.markdown(proposal.text_en)
    proposal.search = _searched(proposal)
    proposal.version += 1
    proposal.text_version += 1
    proposal.active_at = now()


def _withhold_from_records(proposal_id: int, gone: Withheld) -> None:
    """The records of its decisions hold its words too; that they are gone is marked there."""
    for record in db.session.scalars(select(DecisionRecord).where(DecisionRecord.proposal_id == proposal_id)):
        _without(record, gone)
        if db.session.is_modified(record):
            record.withheld_at = record.withheld_at or now()


def _without(proposal: Proposal | DecisionRecord, gone: Withheld) -> None:
    if gone.in_title(proposal.title) or gone.in_title(proposal.title_en):
        proposal.title, proposal.title_en = gone.title, gone.title_en
    for name, sentence in zip(("", "_en"), SENTENCE, strict=True):
        words = getattr(proposal, f"text{name}")
        own = getattr(proposal, f"summary{name}")
        rest = gone.rest(words)
        setattr(proposal, f"text{name}", written(rest, words, sentence))
        if (own and rest != words and own == text.excerpt(words, SUMMARY_LENGTH)) or gone.rest(own) != own:
            setattr(proposal, f"summary{name}", text.excerpt(rest or sentence, SUMMARY_LENGTH))


def as_draft(proposal: Proposal) -> Draft:
    """What people edit of it; its links must be loaded. A summary that is only the text's beginning counts as empty."""
    return Draft(
        title=proposal.title, topic_id=proposal.topic_id, text=proposal.text, vote_by=proposal.vote_by,
        summary=_own(proposal.summary, proposal.text), title_en=proposal.title_en, text_en=proposal.text_en,
        summary_en=_own(proposal.summary_en, proposal.text_en),
        links=tuple(Link(link.title, link.url) for link in proposal.links if not link.source),
    )  # fmt: skip


def mark(draft: Draft) -> str:
    """A short mark of all that a draft says, by which a form knows what it was filled with."""
    return hashlib.sha256(repr(draft).encode()).hexdigest()[:16]


def _own(summary: str, whole: str) -> str:
    return "" if summary == text.excerpt(whole, SUMMARY_LENGTH) else summary


def _store(proposal: Proposal, draft: Draft) -> None:
    proposal.links = _links(draft)
    db.session.add(proposal)
    db.session.flush()
    proposal.search = _searched(proposal)
    count({(proposal.state, proposal.topic_id): 1})
    turns.came(proposal)


def _write(proposal: Proposal, draft: Draft) -> None:
    proposal.title, proposal.title_en = draft.title, draft.title_en
    proposal.text, proposal.text_en = draft.text, draft.text_en
    proposal.html, proposal.html_en = text.markdown(draft.text), text.markdown(draft.text_en)
    proposal.summary = draft.summary or text.excerpt(draft.text, SUMMARY_LENGTH)
    proposal.summary_en = draft.summary_en or text.excerpt(draft.text_en, SUMMARY_LENGTH)
    proposal.topic_id, proposal.vote_by = draft.topic_id, draft.vote_by


def _links(draft: Draft) -> list[ProposalLink]:
    return [ProposalLink(title=link.title, url=link.url, source=link.source) for link in draft.links]


def _words(proposal: Proposal) -> tuple[str, ...]:
    """What a ballot answers to."""
    return (proposal.title, proposal.text, proposal.title_en, proposal.text_en)


def _searched(proposal: Proposal) -> str:
    return text.fold(" ".join((proposal.key, *_words(proposal), proposal.summary, proposal.summary_en)))
