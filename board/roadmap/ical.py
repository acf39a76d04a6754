"""iCalendar (RFC 5545) as far as days need it: lines of at most 75 octets, escaped texts, stable UIDs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

OCTETS = 75


@dataclass(frozen=True)
class Event:
    """A whole day, or a moment where `begins` says one.

    `uid` never changes for the same thing, `sequence` grows with its changes.
    """

    uid: str
    on: date
    summary: str
    url: str
    stamp: datetime
    sequence: int = 0
    description: str = ""
    begins: datetime | None = None
    place: str = ""


def calendar(name: str, events: Iterable[Event]) -> str:
    """The whole file."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Stadtrunde//Roadmap//DE", "CALSCALE:GREGORIAN",
             f"X-WR-CALNAME:{escaped(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT12H"]  # fmt: skip
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return "".join(folded(line) for line in lines)


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{event.stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if event.begins:
        yield f"DTSTART:{event.begins.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    else:
        yield f"DTSTART;VALUE=DATE:{event.on:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.on + timedelta(days=1):%Y%m%d}"
    if event.place:
        yield f"LOCATION:{escaped(event.place)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"SUMMARY:{escaped(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{escaped(event.description)}"
    yield f"URL:{event.url}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    r"""A TEXT value: `\`, `;`, `,` and line ends carry a backslash (RFC 5545, 3.3.11)."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def folded(line: str) -> str:
    """A content line with its CRLF; longer ones go on after CRLF and a space, never within a character (3.1)."""
    parts, part, size = [], "", 0
    for letter in line:
        length = len(letter.encode())
        if size + length > OCTETS:
            parts.append(part)
            part, size = "", 1  # The space in front counts.
        part += letter
        size += length
    return "\r\n ".join([*parts, part]) + "\r\n"
