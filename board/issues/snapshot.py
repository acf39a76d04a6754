"""What the three forges say, in one form: a `Reading` of a payload, holding a `Snapshot` of an issue.

None means that the payload does not have the key, which is not an empty value.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

TITLE, BODY, LABELS, LABEL, URL = 1_000, 64 * 1024, 100, 200, 1_000
MAX_NUMBER = 2**53
_UNSAFE = re.compile(r"[\x00\ud800-\udfff]")
_MAIL = re.compile(r"[^\s\"'<>()@,;:]{1,64}@[^\s\"'<>()@,;:]{1,253}")
_GITLAB_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) (UTC|[+-]\d\d:?\d\d)")


class Malformed(Exception):
    """The payload is JSON but lacks what an event of its kind must have; the message is a code."""


@dataclass(frozen=True)
class RepositoryFacts:
    """A repository as a payload describes it. `host` is the forge's."""

    id: int | None
    name: str
    url: str
    host: str
    private: bool | None


@dataclass(frozen=True)
class Snapshot:
    """An issue at a moment. `gone` is deleted or transferred; `labels` are names in the forge's order."""

    number: int
    title: str | None = None
    body: str | None = None
    state: str | None = None
    labels: tuple[str, ...] | None = None
    url: str | None = None
    updated_at: datetime | None = None
    confidential: bool = False
    gone: str = ""


@dataclass(frozen=True)
class Work:
    """A push or a merge request that names packages. `kind` is branch or merge, `state` open, merged or closed."""

    kind: str
    ref: str
    title: str
    url: str
    state: str
    texts: tuple[str, ...]
    at: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """What a payload is about. `known_only`: refresh a known issue, never make a new one (comments)."""

    event: str
    action: str = ""
    reason: str = ""
    ping: bool = False
    private: bool = False
    repository: RepositoryFacts | None = None
    snapshot: Snapshot | None = None
    known_only: bool = False
    work: Work | None = None
    repository_gone: bool = False

    @property
    def confidential(self) -> bool:
        """Whether its text must not be kept."""
        return self.private or (self.snapshot is not None and self.snapshot.confidential)


# Reading values of any type without trusting them


def part(data: Any, *keys: str) -> dict[str, Any]:
    """The object under the keys, or an empty one."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def text(value: Any, limit: int) -> str | None:
    """A text without NUL and lone surrogates, cut to so many characters; None stays None."""
    if not isinstance(value, str):
        return None
    given = value[: limit * 2]
    return (given if _harmless(given) else _UNSAFE.sub("", given))[:limit]


def _harmless(text: str) -> bool:
    """Whether there is no NUL and no lone surrogate in it; encoding it tells that ten times as fast as looking."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def without_addresses(words: str) -> str:
    """A text in which no mail address is left: people's addresses are not kept, wherever they stand."""
    return _MAIL.sub("[mail]", words) if "@" in words else words


def title_of(value: Any) -> str | None:
    """A title; absent keeps what is known."""
    found = text(value, TITLE)
    return without_addresses(found) if found else found


def long_text(value: Any) -> str | None:
    """A body: at most 64 KiB of UTF-8. An explicit null is an empty text."""
    cleaned = text(value, BODY)
    cleaned = without_addresses(cleaned) if cleaned else cleaned
    if cleaned is None or len(cleaned) <= BODY // 4:  # No character takes more than four bytes.
        return cleaned
    return cleaned.encode()[:BODY].decode(errors="ignore")


def body_of(data: dict[str, Any], key: str) -> str | None:
    """Absent keeps what is known; null says that there is no text."""
    return (long_text(data[key]) or "") if key in data else None


def whole(value: Any) -> int | None:
    """A number from 1 to 2^53, else None."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_NUMBER
    return value if fits else None


def number_of(value: Any) -> int:
    """An issue's number; raises Malformed."""
    number = whole(value)
    if number is None:
        raise Malformed("bad_number")
    return number


def names(value: Any, key: str) -> tuple[str, ...] | None:
    """Label names of a list of objects or texts; null is an empty list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        return None
    found = (text(one.get(key) if isinstance(one, dict) else one, LABEL) for one in value[:LABELS])
    return tuple(dict.fromkeys(name for name in found if name))


def address(value: Any) -> str:
    """An http(s) address, else nothing: it becomes a link."""
    url = text(value, URL) or ""
    if not url.lower().startswith(("https://", "http://")) or len(url) >= URL or re.search(r"[\s<>\"\\]", url):
        return ""
    return url


def host(*urls: str) -> str:
    """The host, with port, of the first address that has one."""
    for url in urls:
        try:
            found = urlsplit(url).netloc.rsplit("@", 1)[-1].lower()
        except ValueError:
            continue
        if found:
            return found[:200]
    return ""


def moment(value: Any) -> datetime | None:
    """A time in any of the forges' shapes: ISO with Z or offset, `2018-09-15 19:05:12 UTC`; Go's zero time is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**33:
        return datetime.fromtimestamp(value, UTC)
    if not isinstance(value, str):
        return None
    if match := _GITLAB_TIME.fullmatch(value.strip()):
        day, time, zone = match.groups()
        value = f"{day}T{time}{'+00:00' if zone == 'UTC' else zone}"
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year > 1970 else None
