"""What takes long to count, kept in this process until its mark has moved.

The mark holds all that shows in it, and is read before it is counted: what is kept is never older than its mark.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from flask import current_app

T = TypeVar("T")
KEPT = "remembered"


def remembered(key: Hashable, mark: Hashable, count: Callable[[], T]) -> T:
    """What `count` gives, counted again only under another mark; the keys are few and known."""
    kept: dict[Hashable, tuple[Hashable, object]] = current_app.extensions.setdefault(KEPT, {})
    found = kept.get(key)
    if found is None or found[0] != mark:
        kept[key] = found = mark, count()
    return cast("T", found[1])
