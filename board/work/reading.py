"""What the cells of one row of a file mean. Raises BadValue, with a sentence, where one cannot be read."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from board.i18n import gettext as _
from board.work import files
from board.work.packages import MAX_DAYS, MAX_LINKS, MAX_TITLE
from board.work.skills import SKILLS

STATUSES = ("idea", "draft", "ready", "in_progress", "done", "on_hold")
LENGTHS = {
    "title": MAX_TITLE, "description": 20_000, "deliverables": 5_000, "acceptance": 5_000, "owner": 160, "funder": 160,
    "cluster": 80, "milestone": 80, "id": 60,
}  # fmt: skip
ONE_LINE = frozenset({"title", "owner", "funder", "cluster", "milestone", "id"})
NAMES = {"description": "text", "story_points": "points", "effort_days": "effort"}
"""Field of the format → the board's own name, where they differ."""


class BadValue(Exception):
    """A field that cannot be read."""


def read_row(row: files.Row) -> dict[str, Any]:
    """The fields that the row names, by the board's names."""
    found: dict[str, Any] = {}
    for name, value in row.given.items():
        if name == "id":
            _length(name, value)
        if name not in {"id", "deps"}:
            read: Callable[[str, Any], Any] = _READ.get(name, _text)
            found[NAMES.get(name, name)] = read(name, value)
    if "title" in found and not found["title"]:
        raise BadValue(_("The title is missing."))
    return found


def _text(name: str, value: Any) -> str:
    value = " ".join(str(value).split()) if name in ONE_LINE else str(value)
    return _length(name, value)


def _length(name: str, value: str) -> str:
    if len(value) > LENGTHS[name]:
        raise BadValue(_("%(field)s is longer than %(max)s characters.", field=name, max=LENGTHS[name]))
    return value


def _number(name: str, value: str) -> Decimal | None:
    if not value:
        return None
    try:
        number = Decimal(value.replace(",", "."))
    except InvalidOperation:
        number = Decimal(-1)
    step = Decimal("0.5") if name == "effort_days" else Decimal("0.1")
    if not number.is_finite() or not 0 <= number <= MAX_DAYS or number % step or (name == "effort_days" and not number):
        raise BadValue(_("%(field)s: “%(value)s” is not such a number.", field=name, value=value[:40]))
    return number


def _day(name: str, value: str) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError:
        raise BadValue(
            _("%(field)s: “%(value)s” is no day such as 2027-03-31.", field=name, value=value[:40])
        ) from None


def _status(_name: str, value: str) -> str:
    status = value.strip().lower().replace("-", "_").replace(" ", "_") or "ready"
    if status not in STATUSES:
        raise BadValue(
            _("status: “%(value)s” is unknown; known are %(known)s.", value=value[:40], known=", ".join(STATUSES))
        )
    return status


def _skills(_name: str, value: list[str]) -> tuple[str, ...]:
    unknown = [skill for skill in value if skill not in SKILLS]
    if unknown:
        raise BadValue(
            _("skills: “%(value)s” is unknown; known are %(known)s.", value=unknown[0][:40], known=", ".join(SKILLS))
        )
    return tuple(sorted(set(value)))


def _links(_name: str, value: list[str]) -> tuple[tuple[str, str], ...]:
    if len(value) > MAX_LINKS:
        raise BadValue(_("links: at most %(n)s.", n=MAX_LINKS))
    found = []
    for link in value:
        title, _bar, url = link.rpartition("|")
        title, url = " ".join(title.split()) or url.strip()[:160], url.strip()
        if not url.lower().startswith(("https://", "http://")) or len(url) > 500 or " " in url or len(title) > 160:
            raise BadValue(_("links: write “Title | https://…”, not “%(value)s”.", value=link[:60]))
        found.append((title, url))
    return tuple(found)


def _proposal(_name: str, value: str) -> int | None:
    number = value.strip().upper().removeprefix("FV-").lstrip("0")
    if value and (not number.isascii() or not number.isdigit() or len(number) > 9):
        raise BadValue(_("proposal: “%(value)s” is no key such as FV-12.", value=value[:40]))
    return int(number) if number else None


_READ: Mapping[str, Callable[[str, Any], Any]] = {
    "story_points": _number, "effort_days": _number, "due_on": _day, "status": _status, "skills": _skills,
    "links": _links, "proposal": _proposal,
}  # fmt: skip
