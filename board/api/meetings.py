"""Transfer workshops, their minutes, and the drafts that wait for one's partner: inside the partnership only."""

from datetime import date
from typing import Any, Literal

from board.api.fields import Moment, Shape
from board.api.registry import change, read
from board.api.shapes import Choice, PartnerRef
from board.errors import Unknown
from board.web import actor
from board.workshops import drafts, queries, writing
from board.workshops import minutes as frozen

N_ = str  # Marks a message id; it is translated where it is shown.
TAG = N_("Workshops")


class Workshop(Shape):
    """A dated meeting, as the list tells it."""

    id: int
    title: str
    held_on: date
    begins: str
    place: str
    state: Literal["planned", "running", "closed"]


class Workshops(Shape):
    """The latest hundred, the newest first."""

    items: list[Workshop]


class Item(Shape):
    """One item of the agenda: a proposal, a package, old entries on reuse, or a talk."""

    kind: Literal["vote", "package", "stale", "talk"]
    key: str
    title: str
    partner: PartnerRef | None
    done: bool
    current: bool


class WorkshopWhole(Workshop):
    """A workshop with its agenda and the partners that are there."""

    text: str
    closed_at: Moment | None
    late_until: Moment | None
    items: list[Item]
    present: list[PartnerRef]


@read("/workshops", "workshops", TAG, N_("List workshops"), answer=Workshops, signed_in=True)
def workshops() -> Workshops:
    """All workshops."""
    _inside()
    return Workshops(items=[Workshop.model_validate(row) for row in queries.listed()])


def _inside() -> None:
    if not actor().signed_in:
        raise Unknown("")


@read("/workshops/<int:workshop_id>", "workshop", TAG, N_("Read a workshop"), answer=WorkshopWhole, signed_in=True)
def workshop(workshop_id: int) -> WorkshopWhole:
    """One with its agenda."""
    _inside()
    return WorkshopWhole.model_validate(queries.meeting(workshop_id, actor()))


class Minutes(Shape):
    """The minutes as Markdown; `final`: late answers are in them."""

    markdown: str
    final: bool


@read("/workshops/<int:workshop_id>/minutes", "minutes", TAG, N_("Read the minutes of a workshop"),
      answer=Minutes, signed_in=True)  # fmt: skip
def minutes(workshop_id: int) -> Minutes:
    """What was frozen when it closed."""
    _inside()
    said, late, final = frozen.kept(workshop_id)
    return Minutes(markdown=writing.markdown(said, late), final=final)


class Draft(Shape):
    """What somebody said for a partner at a workshop: no ballot before its delegate confirms it."""

    id: int
    workshop: int
    proposal: str
    title: str
    partner: PartnerRef
    choice: Choice
    reason: str
    may_confirm: bool
    may_discard: bool


class Drafts(Shape):
    """Those that wait for the partner acted for."""

    items: list[Draft]


@read("/drafts", "drafts", TAG, N_("List the drafts that wait for one's partner"), answer=Drafts, signed_in=True)
def drafts_() -> Drafts:
    """All that wait."""
    _inside()
    return Drafts(items=[
        Draft.model_validate({**vars(d), "workshop": d.workshop_id, "proposal": d.key, "partner": d.partner})
        for d in queries.drafts(actor())
    ])  # fmt: skip


@change("POST", "/drafts/<int:draft_id>/confirm", "confirm_draft", TAG,
        N_("Make a draft one's partner's ballot"), answer=Drafts, scope="vote")  # fmt: skip
def confirm_draft(draft_id: int) -> Any:
    """It is the ballot now."""
    drafts.confirm(drafts.locked(draft_id), actor())
    return drafts_


@change("POST", "/drafts/<int:draft_id>/discard", "discard_draft", TAG, N_("Throw a draft away"), answer=Drafts,
        scope="vote")  # fmt: skip
def discard_draft(draft_id: int) -> Any:
    """It was heard wrongly."""
    drafts.discard(drafts.locked(draft_id), actor())
    return drafts_
