"""How strong a proposal's coalition is: one number for sorting, made of what its line says and of the effort."""

import json
from collections.abc import Mapping
from typing import Any

LEAD = 100
COVERED = 100
COMPANY = 25


def strength(told: Mapping[str, Any], effort: int) -> int:
    """100 for a lead, up to 100 for the part of the effort that the days on offer cover, 25 per pilot and co-funder.

    `told` is the coalition's line, `effort` the upper end of the estimates in person-days (0: none, nothing covered).
    So somebody who leads counts as much as all the days, and four who pilot or pay as much again.
    """
    covered = min(COVERED, COVERED * int(told.get("days", 0)) // effort) if effort else 0
    company = int(told.get("pilot", 0)) + int(told.get("co_fund", 0))
    return LEAD * bool(told.get("lead")) + covered + COMPANY * company


def of_line(coalition: str, effort: int) -> tuple[int, int]:
    """(strength, days on offer) of a coalition's line as it is kept on the proposal's row."""
    told = json.loads(coalition) if coalition else {}
    return strength(told, effort), int(told.get("days", 0))
