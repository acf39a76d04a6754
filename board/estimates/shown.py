"""What the section of estimates shows on a proposal's page; any page may include it."""

from typing import Any

from board import i18n
from board.estimates import queries, verbs
from board.estimates.forms import VALID_DAYS, EstimateForm
from board.policy import Actor
from board.proposals.states import State


def for_proposal(proposal: Any, by: Actor, form: EstimateForm | None = None, **more: Any) -> dict[str, Any]:
    """What the section shows: estimates, the empty form for who may estimate, what was just withdrawn."""
    found = queries.of_proposal(proposal.id, by)
    mine = any(line.partner and line.partner.id == by.partner_id for line in found.lines)
    may = proposal.state not in verbs.GONE | {State.AVAILABLE} and (
        by.is_product_owner or (by.partner is not None and not mine)
    )
    empty = EstimateForm(data={"valid_until": i18n.in_days(VALID_DAYS)})
    return {"estimates": found, "estimating": form or empty, "may_estimate": may, "own_estimate": mine,
            "withdrawn": None, **more}  # fmt: skip
