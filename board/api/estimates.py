"""Estimates of proposals: read, made, changed, taken back."""

from datetime import date
from typing import Any

from pydantic import Field
from sqlalchemy.exc import IntegrityError

from board.api.answering import edited, wrong
from board.api.authoring import HERE, ahead
from board.api.fields import Day, Given, Moment, Shape, line, words
from board.api.registry import change, read
from board.api.shapes import PartnerRef
from board.db import db
from board.errors import Conflict, Missing
from board.estimates import queries as estimates_
from board.estimates import verbs as estimating
from board.estimates.models import MOST_DAYS, PROVIDER
from board.estimates.models import Estimate as EstimateRow
from board.i18n import gettext as _
from board.proposals import queries
from board.web import actor

N_ = str  # Marks a message id; it is translated where it is shown.
WORTH = N_("Estimates")


class Estimate(Shape):
    """What somebody thinks that it takes, in whole person-days; the person is named inside the partnership only."""

    id: int
    author: str
    partner: PartnerRef | None
    person: str
    low: int
    high: int
    text: str = Field(description="Assumptions, in Markdown.")
    valid_until: date
    valid: bool
    made_at: Moment
    may: bool = Field(description="Whether this person may change it.")


class Estimates(Shape):
    """All that stand for a proposal, the newest first."""

    items: list[Estimate]


@read(f"{HERE}/estimates", "estimates", WORTH, N_("List the estimates of a proposal"), answer=Estimates)
def estimates(proposal_id: int) -> Estimates:
    """All of one proposal."""
    queries.footprint(proposal_id)
    return Estimates(items=[Estimate.model_validate(e) for e in estimates_.of_proposal(proposal_id, actor()).lines])


@read("/estimates/<int:estimate_id>", "estimate", WORTH, N_("Read an estimate"), answer=Estimate)
def estimate(estimate_id: int) -> tuple[Estimate, str]:
    """One that stands."""
    row = db.session.get(EstimateRow, estimate_id, populate_existing=True)
    lines = estimates_.of_proposal(row.proposal_id, actor()).lines if row else ()
    found = next((e for e in lines if e.id == estimate_id), None)
    if found is None:
        raise Missing(_("There is no such estimate."))
    return Estimate.model_validate(found), f"e{found.version}"


class EstimateGiven(Given):
    """Whole person-days from low to high, until when they stand; product owners may name a provider that estimates."""

    low: int = Field(ge=1, le=MOST_DAYS)
    high: int = Field(ge=1, le=MOST_DAYS)
    valid_until: Day
    assumptions: words(5_000) = ""  # type: ignore[valid-type]
    provider: line(PROVIDER) = ""  # type: ignore[valid-type]

    def figures(self) -> estimating.Figures:
        """What it says. Raises Invalid where the numbers are the wrong way round or the day is past."""
        if self.high < self.low:
            raise wrong("/high", _("The high number must not be below the low one."))
        ahead("/valid_until", self.valid_until)
        return estimating.Figures(self.low, self.high, self.valid_until, self.assumptions)


@change("POST", f"{HERE}/estimates", "make_estimate", WORTH, N_("Estimate a proposal for one's partner"),
        body=EstimateGiven, answer=Estimate, scope="propose", status=201,
        example={"low": 5, "high": 8, "valid_until": "2027-06-30"})  # fmt: skip
def make_estimate(proposal_id: int, body: EstimateGiven) -> Any:
    """Estimate it."""
    provider = body.provider if actor().is_product_owner else ""
    try:
        made = estimating.make(queries.locked(proposal_id), actor(), body.figures(), provider=provider).id
    except IntegrityError as why:  # Two of the same author at once: the database let one in.
        raise Conflict(_("There is an estimate by this author already: change that one.")) from why
    return lambda: estimate(made)


@change("PATCH", "/estimates/<int:estimate_id>", "edit_estimate", WORTH, N_("Estimate anew"), body=EstimateGiven,
        answer=Estimate, scope="propose", edition=True)  # fmt: skip
def edit_estimate(estimate_id: int, body: EstimateGiven, edition: str) -> Any:
    """Change one that stands."""
    _proposal, found = estimating.locked(estimate_id)
    edited(edition, f"e{found.version}")
    estimating.edit(found, actor(), body.figures(), found.version)
    return lambda: estimate(estimate_id)


@change("POST", "/estimates/<int:estimate_id>/withdraw", "withdraw_estimate", WORTH, N_("Take an estimate back"),
        answer=Estimates, scope="propose")  # fmt: skip
def withdraw_estimate(estimate_id: int) -> Any:
    """Take it back; it stays on record."""
    found, row = estimating.locked(estimate_id)
    estimating.withdraw(row, actor())
    proposal_id = found.id
    return lambda: estimates(proposal_id)


@change("POST", "/estimates/<int:estimate_id>/restore", "restore_estimate", WORTH,
        N_("Let a withdrawn estimate stand again"), answer=Estimates, scope="propose")  # fmt: skip
def restore_estimate(estimate_id: int) -> Any:
    """It stands again."""
    found, row = estimating.locked(estimate_id)
    estimating.restore(row, actor())
    proposal_id = found.id
    return lambda: estimates(proposal_id)
