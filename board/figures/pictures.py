"""The picture of proposals by state, as the overview and the page of figures show it."""

from typing import Any

from board.figures import queries


def states(months: int) -> dict[str, Any]:
    """The months, and the states that occur in any of them: an empty one needs no colour."""
    rows = queries.by_state(months)
    names = [state.value for state in queries.STATES if any(row.parts[state] for row in rows)]
    return {"rows": rows, "parts": names or [queries.STATES[0].value]}
