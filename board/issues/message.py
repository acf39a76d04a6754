"""What a delivery says, taken apart before any transaction."""

import json
from dataclasses import dataclass
from typing import Any

from board.issues import providers
from board.issues.providers import gitlab
from board.issues.redact import redact
from board.issues.signatures import payload
from board.issues.snapshot import Malformed, Reading


@dataclass(frozen=True)
class Message:
    """What a delivery says, taken apart before the transaction: parsing holds no lock."""

    event: str
    action: str = ""
    reading: Reading | None = None
    problem: str = ""
    unreadable: bool = False
    body: str | None = None


def take_apart(provider: str, event: str, raw: bytes, form: bool) -> Message:
    """Parse, read and redact; never raises. A deeply nested body ends as unreadable."""
    try:
        data = json.loads(payload(raw, form).decode())
        if not isinstance(data, dict):
            return Message(event, problem="unreadable", unreadable=True)
        body = redact(data)
    except (ValueError, RecursionError):  # JSON and UTF-8 errors are ValueErrors.
        return Message(event, problem="unreadable", unreadable=True)
    return read(provider, event, data, body)


def read(provider: str, event: str, data: dict[str, Any], body: str) -> Message:
    """What parsed data says. A confidential body is not kept, even when the data makes no sense."""
    kept = None if provider == "gitlab" and gitlab.confidential(event, data) else body
    try:
        reading = providers.read(provider, event, data)
    except Malformed as why:
        return Message(event, problem=str(why), body=kept)
    except Exception as crash:  # noqa: BLE001 - a payload must never end in a 500; the delivery is kept as failed.
        return Message(event, problem=kind_of(crash), body=kept)
    return Message(event, reading.action, reading, body=None if reading.confidential else kept)


def kind_of(crash: BaseException) -> str:
    """The kind of a crash without its message, which may contain text of the issue."""
    return f"crash:{type(crash).__name__}"[:60]
