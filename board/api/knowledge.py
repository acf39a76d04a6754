"""Learnings, and partners' own variants."""

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from board.api.answering import edited, goes_on, wrong
from board.api.fields import (
    Days,
    Given,
    Listed,
    Moment,
    Paged,
    PersonDays,
    Shape,
    WebAddress,
    days,
    line,
    some_line,
    some_words,
    words,
)
from board.api.registry import change, read
from board.api.shapes import PartnerRef
from board.db import db
from board.i18n import current_locale
from board.i18n import gettext as _
from board.learnings import queries, verbs
from board.learnings.models import Learning as Row
from board.policy import allowed
from board.proposals import queries as proposals
from board.variants import queries as variants_
from board.variants import verbs as variant_verbs
from board.voting import ballots as voting
from board.voting import queries as votes
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
TAG, OWN = N_("Learnings"), N_("Variants")
Occasion = Literal["free", "pilot", "live", "ended"]


class Learning(Shape):
    """What a partner has learned, as lists tell it; `on` is the key of what it is about."""

    id: int
    title: str
    partner: PartnerRef
    occasion: Occasion
    on: str
    topic: str
    effort: Days | None = Field(description="Person-days really needed.")
    excerpt: str
    takes: list[str]
    written_at: Moment
    n_useful: int
    useful: bool


class LearningWhole(Learning):
    """A learning with its texts; contact and author inside the partnership only."""

    configuration: str
    text: str
    privacy_notice: str
    press_release: str
    other_text: str
    contact: str
    author: str
    may_edit: bool


class LearningsAsked(Paged):
    """How learnings are narrowed."""

    q: str = Field("", max_length=100)
    topic: str = Field("", max_length=60, description="The slug of a topic.")
    partner: str = Field("", max_length=60, description="The slug of the partner that wrote it.")
    on: str = Field("", pattern=r"^((FV|AP)-[1-9][0-9]{0,8})?$", description="The key of what it is about.")


@read("/learnings", "learnings", TAG, N_("List learnings"), N_("The newest first."), query=LearningsAsked,
      answer=Listed[Learning], paged=True)  # fmt: skip
def learnings(query: LearningsAsked) -> Listed[Learning]:
    """Learnings, narrowed as on their page."""
    skip = int(query.after) if query.after.isdigit() and len(query.after) < 10 else None
    wanted = queries.Filters(q=query.q.strip(), topic=query.topic, partner=query.partner, on=query.on)
    found, more = queries.behind(wanted, actor(), skip, query.limit)
    return Listed(items=[Learning.model_validate(_fields(line)) for line in found], next=goes_on(query, more))


def _fields(told: queries.Line) -> dict[str, Any]:
    shown = {name: getattr(told, name) for name in Learning.model_fields if name != "on"}
    return shown | {"on": told.key}


@read("/learnings/<int:learning_id>", "learning", TAG, N_("Read a learning"), answer=LearningWhole)
def learning(learning_id: int) -> tuple[LearningWhole, str]:
    """One learning whole."""
    told, whole, author = queries.one(learning_id, actor())
    texts = {name: getattr(whole, name) for name in verbs.TEXTS}
    inside = actor().signed_in
    shown = {
        **_fields(told), **texts, "contact": whole.contact if inside else "", "author": author,
        "may_edit": allowed(actor(), "learning.edit", whole),
    }  # fmt: skip
    return LearningWhole.model_validate(shown), _edition(whole)


def _edition(whole: Row) -> str:
    return f"l{whole.version}"


class LearningChanged(Given):
    """What changes; what is not in it stays."""

    title: some_line(120) = ""  # type: ignore[valid-type]
    effort: PersonDays | None = None
    configuration: words(20_000) = ""  # type: ignore[valid-type]
    text: words(20_000) = ""  # type: ignore[valid-type]
    privacy_notice: words(20_000) = ""  # type: ignore[valid-type]
    press_release: words(20_000) = ""  # type: ignore[valid-type]
    other_text: words(20_000) = ""  # type: ignore[valid-type]
    contact: line(200) = Field("", description="An office, not a person.")  # type: ignore[valid-type]


class LearningGiven(LearningChanged):
    """What a partner tells the others: about a proposal or package (`on`), a topic, or nothing in particular."""

    title: some_line(120)  # type: ignore[valid-type]
    on: str = Field("", pattern=r"^((FV|AP)-[1-9][0-9]{0,8})?$")
    topic: str = Field("", max_length=60)
    occasion: Occasion = "free"


@change("POST", "/learnings", "write_learning", TAG, N_("Tell the others what one's partner has learned"),
        body=LearningGiven, answer=LearningWhole, scope="reuse", status=201,
        example={"title": "Karten kosten Zeit", "on": "FV-1", "text": "Mehr Zeit für Karten einplanen."})  # fmt: skip
def write_learning(body: LearningGiven) -> Any:
    """Tell the others."""
    made = verbs.write(_said(verbs.Told(""), body), _place(body), actor())
    db.session.flush()
    number = made.id
    return lambda: learning(number)


def _place(body: LearningGiven) -> verbs.Subject:
    if body.occasion != "free" and not body.on.startswith("FV-"):
        raise wrong("/occasion", _("Not a valid choice."))
    if body.on:
        kind, _dash, number = body.on.partition("-")
        return verbs.place(kind, int(number), occasion=body.occasion)
    topics = {slug: id_ for id_, slug, _label in proposals.topics(current_locale())}
    if body.topic and body.topic not in topics:
        raise wrong("/topic", _("Please choose a topic."))
    return verbs.Subject(topic_id=topics.get(body.topic))


def _said(before: verbs.Told, body: LearningChanged) -> verbs.Told:
    given = {name: getattr(body, name) for name in body.model_fields_set & verbs.Told.__dataclass_fields__.keys()}
    if "effort" in given:
        given["effort"] = days(given["effort"])
    said = replace(before, **given)
    if not any(getattr(said, name) for name in verbs.TEXTS) and said.effort is None:
        raise wrong("/text", _("Please answer at least one of the questions."))
    return said


@change("PATCH", "/learnings/<int:learning_id>", "edit_learning", TAG, N_("Change a learning of one's partner"),
        body=LearningChanged, answer=LearningWhole, scope="reuse", edition=True)  # fmt: skip
def edit_learning(learning_id: int, body: LearningChanged, edition: str) -> Any:
    """Put it differently."""
    found = verbs.locked(learning_id)
    edited(edition, _edition(found))
    before = verbs.Told(**{name: getattr(found, name) for name in verbs.Told.__dataclass_fields__})
    verbs.edit(found, _said(before, body), found.version, actor())
    return lambda: learning(learning_id)


@change("DELETE", "/learnings/<int:learning_id>", "remove_learning", TAG, N_("Take a learning back for good"),
        answer=None, scope="reuse", status=204)  # fmt: skip
def remove_learning(learning_id: int) -> None:
    """Take it back."""
    verbs.remove(verbs.locked(learning_id), actor())


class UsefulGiven(Given):
    """Whether it was useful to the partner acted for."""

    useful: bool


@change("PUT", "/learnings/<int:learning_id>/useful", "thank", TAG, N_("Say that a learning was useful"),
        body=UsefulGiven, answer=LearningWhole, scope="reuse", example={"useful": True})  # fmt: skip
def thank(learning_id: int, body: UsefulGiven) -> Any:
    """It was useful, or not after all."""
    verbs.thank(verbs.locked(learning_id), body.useful, actor())
    return lambda: learning(learning_id)


# Variants


class Piece(Shape):
    """A work package of the return."""

    key: str
    title: str
    state: str
    effort: Days | None


class Variant(Shape):
    """A partner's own variant, and where it stands towards the common base."""

    id: int
    partner: PartnerRef
    differs: str
    repository: str
    branch: str
    willing: Literal["yes", "open", "no"]
    state: Literal["own", "returning", "returned"]
    pieces: list[Piece]
    may: list[str]


class Variants(Shape):
    """All variants of a proposal."""

    items: list[Variant]


@read("/proposals/<proposal:proposal_id>/variants", "variants", OWN, N_("List the variants of a proposal"),
      answer=Variants)  # fmt: skip
def variants(proposal_id: int) -> Variants:
    """All variants of one proposal."""
    found = variants_.of_proposal(votes.get(proposal_id), actor())
    return Variants(items=[Variant.model_validate(own) for own in found.items])


class VariantGiven(Given):
    """What differs, where it is, and whether it would come back."""

    differs: some_words(2000)  # type: ignore[valid-type]
    repository: WebAddress | Literal[""] = ""
    branch: line(120) = ""  # type: ignore[valid-type]
    willing: Literal["yes", "open", "no"] = "open"


@change("PUT", "/proposals/<proposal:proposal_id>/variant", "record_variant", OWN,
        N_("Record that one's partner runs a variant of its own"), body=VariantGiven, answer=Variants, scope="reuse",
        example={"differs": "Eigene Karte.", "willing": "yes"})  # fmt: skip
def record_variant(proposal_id: int, body: VariantGiven) -> Any:
    """Record it."""
    said = variant_verbs.Said(body.differs, body.repository, body.branch, body.willing)
    variant_verbs.record(voting.locked(proposal_id, actor()), said, actor())
    return lambda: variants(proposal_id)


@change("DELETE", "/proposals/<proposal:proposal_id>/variant", "remove_variant", OWN,
        N_("There is no variant of one's partner any more"), answer=Variants, scope="reuse")  # fmt: skip
def remove_variant(proposal_id: int) -> Any:
    """Take the entry away; harmless without one."""
    variant_verbs.remove(voting.locked(proposal_id, actor()), actor())
    return lambda: variants(proposal_id)


def _return(variant_id: int, verb: str) -> Any:
    proposal_id = variants_.proposal_of(variant_id)
    voting.locked(proposal_id, actor())
    getattr(variant_verbs, verb)(variant_verbs.locked(variant_id), actor())
    return lambda: variants(proposal_id)


@change("POST", "/variants/<int:variant_id>/begin", "begin_return", OWN,
        N_("Begin to bring a variant back to the common base"), answer=Variants, scope="reuse")  # fmt: skip
def begin_return(variant_id: int) -> Any:
    """Begin."""
    return _return(variant_id, "begin_return")


@change("POST", "/variants/<int:variant_id>/stop", "stop_return", OWN, N_("Leave it a variant for now"),
        answer=Variants, scope="reuse")  # fmt: skip
def stop_return(variant_id: int) -> Any:
    """Stop."""
    return _return(variant_id, "stop_return")


@change("POST", "/variants/<int:variant_id>/finish", "finish_return", OWN, N_("It is part of the common base"),
        answer=Variants, scope="reuse")  # fmt: skip
def finish_return(variant_id: int) -> Any:
    """Finish."""
    return _return(variant_id, "finish_return")
