"""Changing proposals: propose, edit, withdraw, move on, rate, plan; and saying that two may be the same."""

from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import Field

from board import i18n
from board.api.answering import edited, wrong
from board.api.fields import (
    Day,
    Given,
    Proposalkey,
    line,
    number,
    some_line,
    some_words,
    words,
)
from board.api.proposals import TAG, proposal
from board.api.registry import change
from board.api.shapes import LinkGiven, ProposalWhole
from board.duplicates import verbs as duplicates
from board.i18n import gettext as _
from board.ordering import verbs as ordering
from board.proposals import queries
from board.proposals.authoring import require_proposer
from board.proposals.forms import FARTHEST, MOST_LINKS, TEXT_LENGTH
from board.proposals.writing import Draft, Link, as_draft, edit, mark, propose
from board.settings.current import current
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
HERE = "/proposals/<proposal:proposal_id>"


class ProposalChanged(Given):
    """What changes; what is not in it stays."""

    title: some_line(120) = ""  # type: ignore[valid-type]
    text: some_words(TEXT_LENGTH) = Field("", description="Markdown.")  # type: ignore[valid-type]
    topic: str = Field("", max_length=60, description="The slug of a topic that is offered.")
    vote_by: Day | None = Field(None, description="The answer-by date: from today on, at most two years ahead.")
    summary: words(240) = Field("", description="Empty: the beginning of the text.")  # type: ignore[valid-type]
    title_en: line(120) = ""  # type: ignore[valid-type]
    text_en: words(TEXT_LENGTH) = ""  # type: ignore[valid-type]
    summary_en: words(240) = ""  # type: ignore[valid-type]
    links: list[LinkGiven] = Field([], max_length=MOST_LINKS)


class ProposalGiven(ProposalChanged):
    """What a proposal says. Without an answer-by date the board's usual time is given."""

    title: some_line(120)  # type: ignore[valid-type]
    text: some_words(TEXT_LENGTH) = Field(description="Markdown.")  # type: ignore[valid-type]
    topic: str = Field(max_length=60, description="The slug of a topic that is offered.")


@change(
    "POST", "/proposals", "propose", TAG, N_("Propose a feature"),
    N_("On behalf of the partner acted for; product owners may act for none."),
    body=ProposalGiven, answer=ProposalWhole, scope="propose", status=201,
    example={"title": "Bäder", "text": "Öffnungszeiten zeigen.", "topic": "maengelmelder"},
)  # fmt: skip
def propose_one(body: ProposalGiven) -> Any:
    """Propose it."""
    require_proposer(actor())
    start = Draft("", 0, vote_by=i18n.in_days(current().vote_days))
    made = propose(actor(), _draft(start, body, keep=None)).id
    return lambda: proposal(made)


@change("PATCH", HERE, "edit", TAG, N_("Change what a proposal says"),
        N_("What is not in the body stays as it is; the source of an imported proposal always stays."),
        body=ProposalChanged, answer=ProposalWhole, scope="propose", edition=True,
        example={"summary": "Öffnungszeiten aller Bäder."})  # fmt: skip
def edit_one(proposal_id: int, body: ProposalChanged, edition: str) -> Any:
    """Change it."""
    found = queries.locked(proposal_id)
    before = as_draft(found)
    edit(found, actor(), _draft(before, body, keep=found.topic_id), edition=edited(edition, mark(before)))
    return lambda: proposal(proposal_id)


def _draft(before: Draft, body: ProposalChanged, keep: int | None) -> Draft:
    """The draft with what was sent. Raises Invalid for a topic or day that cannot be chosen."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "topic" in given:
        topics = {slug: id_ for id_, slug, _label in queries.topics("de", offered=True, keep=keep)}
        given["topic_id"] = topics.get(given.pop("topic"))
        if given["topic_id"] is None:
            raise wrong("/topic", _("Please choose a topic."))
    day = given.get("vote_by")
    if "vote_by" in given and day is None:
        given.pop("vote_by")
    elif day is not None and day != before.vote_by:
        ahead("/vote_by", day)
    if "links" in given:
        given["links"] = tuple(Link(link.title, link.url) for link in given["links"])
    return replace(before, **given)


def ahead(pointer: str, day: date) -> None:
    """Raises Invalid unless the day is one that can be answered by."""
    if not i18n.today() <= day <= i18n.today() + FARTHEST:
        raise wrong(pointer, _("Choose a day from today on, at most two years ahead."))


def _moved(proposal_id: int, verb: str) -> Any:
    getattr(queries.locked(proposal_id), verb)(actor())
    return lambda: proposal(proposal_id)


@change("POST", f"{HERE}/withdraw", "withdraw", TAG, N_("Take a proposal out of the running"), answer=ProposalWhole,
        scope="propose")  # fmt: skip
def withdraw(proposal_id: int) -> Any:
    """Withdraw it."""
    return _moved(proposal_id, "withdraw")


@change("POST", f"{HERE}/start", "start", TAG, N_("The work on a proposal has begun (product owners)"),
        answer=ProposalWhole, scope="steer")  # fmt: skip
def start(proposal_id: int) -> Any:
    """From accepted to building."""
    return _moved(proposal_id, "start")


@change("POST", f"{HERE}/pilot", "pilot", TAG, N_("The first partners try it out (product owners)"),
        answer=ProposalWhole, scope="steer")  # fmt: skip
def pilot(proposal_id: int) -> Any:
    """From building to piloting."""
    return _moved(proposal_id, "pilot")


@change("POST", f"{HERE}/publish", "publish", TAG, N_("Everyone can use it (product owners)"), answer=ProposalWhole,
        scope="steer")  # fmt: skip
def publish(proposal_id: int) -> Any:
    """It is available."""
    return _moved(proposal_id, "publish")


class PlaceGiven(Given):
    """What it is worth (1 to 5, 0: not rated) and the milestone for which it is planned (null: none)."""

    value: int = Field(ge=0, le=5)
    milestone: int | None = Field(ge=1, le=999_999_999)


@change("PUT", f"{HERE}/place", "place", TAG, N_("Rate a proposal and plan it (product owners)"), body=PlaceGiven,
        answer=ProposalWhole, scope="steer", example={"value": 4, "milestone": 1})  # fmt: skip
def place(proposal_id: int, body: PlaceGiven) -> Any:
    """Rate and plan it."""
    found = queries.locked(proposal_id)
    ordering.rate(found, actor(), body.value)
    ordering.plan(found, actor(), body.milestone)
    return lambda: proposal(proposal_id)


class DuplicateGiven(Given):
    """Of which proposal it may be the same, and why."""

    of: Proposalkey
    note: line(200) = ""  # type: ignore[valid-type]


@change("POST", f"{HERE}/duplicate", "suggest_duplicate", TAG, N_("Say that it may be the same as another proposal"),
        N_("Product owners decide about it on the page."), body=DuplicateGiven, answer=ProposalWhole,
        scope="propose", example={"of": "FV-2"})  # fmt: skip
def suggest_duplicate(proposal_id: int, body: DuplicateGiven) -> Any:
    """Suggest it."""
    other = number(body.of)
    found = {p.id: p for p in duplicates.locked(proposal_id, other)}
    duplicates.suggest(found[proposal_id], found[other], body.note, actor())
    return lambda: proposal(proposal_id)
