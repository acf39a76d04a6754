"""Deputies: a member who counts as delegate from one day to another, both included, by the day in Germany."""

from datetime import date

from board.accounts.models import Role
from board.i18n import today


def standing_in(begin: date | None, end: date | None) -> bool:
    """Whether the membership with these dates stands in for a delegate today."""
    return begin is not None and end is not None and begin <= today() <= end


def effective(role: str, begin: date | None, end: date | None) -> str:
    """What the membership allows today."""
    return Role.DELEGATE if standing_in(begin, end) else role
