"""Only the tests whose outcome can depend on the day: those that speak of time themselves (`-p tests.long.dated`)."""

import inspect
import re

import pytest

SPEAKS = re.compile(
    r"\b(at|now|today|tomorrow|yesterday|in_days|timedelta|datetime|date|days?|weeks?|months?|years?|hours?|minutes?)\b"
    r"|_(on|at|until|by|days|since)\b|lease|deadline|quarter|agenda|calendar|digest"
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the others."""
    chosen = [item for item in items if _speaks_of_time(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def _speaks_of_time(item: pytest.Item) -> bool:
    """By the code of the test; what it asks fixtures for, other tests ask for too."""
    source = inspect.getsource(item.function)  # type: ignore[attr-defined]
    code = re.sub(r'"[^"\n]*"|#[^\n]*', "", source)
    return bool(SPEAKS.search(code.partition("\n")[2]))
